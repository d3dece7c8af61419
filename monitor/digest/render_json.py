"""The digest as one JSON document, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Figures
from monitor.digest.handdates import HandCalendar
from monitor.digest.record import Count, CoverageLine, Digest, Line, Span, Trend, Trouble, Update
from monitor.digest.safe import plain, safe_url
from monitor.digest.watch import UNREAD
from storage.condition import Ail, SecondRoad

SCHEMA_VERSION = 1  # grows when a key goes or changes its meaning, not when one is added


def render_json(digest: Digest) -> str:
    """Render as JSON; times are ISO 8601 with the reader's offset, what is not known is null."""
    facts = Facts(digest, HandCalendar(digest.language))
    document = {
        "schema_version": SCHEMA_VERSION,
        "id": digest.guid,
        "name": plain(digest.name),
        "title": plain(digest.title),
        "subject": plain(digest.subject),
        "day": digest.day.isoformat(),
        "edition": digest.edition,
        "language": digest.language,
        "timezone": digest.timezone,
        "made": _iso(digest.made),
        "since": _iso(digest.since),
        "until": _iso(digest.until),
        "count": digest.count,
        "sections": [
            {
                "kind": section.kind.value,
                "topic": plain(section.topic) or None,
                "count": len(section.lines),
                "groups": [
                    {
                        "unit": plain(group.unit) or None,
                        "topics": [plain(one) for one in group.topics],
                        "ids": [line.id for line in group.lines],
                    }
                    for group in section.groups
                ],
                "stories": [_line(line) for line in section.lines],
            }
            for section in digest.sections
        ],
        "updates": [_update(one) for one in digest.updates],
        "summary": Figures(digest, facts).lead() or None,
        "tally": {
            "stories": digest.tally.stories,
            "articles": digest.tally.articles,
            "outlets": digest.tally.outlets,
            "topics": _counts(digest.tally.topics),
            "most_carried": digest.tally.most.id if digest.tally.most else None,
        },
        "trend": _trend(digest.trend) if digest.trend else None,
        "quiet_topics": [plain(topic) for topic in digest.quiet],
        "coverage": _coverage(digest.coverage) | {"alarms": facts.watch.alarms(), "warnings": facts.watch.warnings()},
    }
    # "<\/" is the same string to a JSON reader, and cannot end a script in a page that embeds this.
    return json.dumps(document, ensure_ascii=False, indent=2).replace("</", "<\\/") + "\n"


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "days": {day.isoformat(): n for day, n in trend.days},
        "topics": _counts(trend.topics),
        "languages": _counts(trend.languages),
        "new_outlets": [plain(name) for name in trend.outlets],
        "suppressed": _counts(trend.hidden),
    }


def _road(road: SecondRoad) -> dict[str, Any]:
    return {
        "since": _iso(road.since),
        "found": road.found,
        "had": road.had,
        "later": road.later,
        "only_by_search": [{"outlet": plain(one.outlet), "host": plain(one.host) or None, "articles": one.articles} for one in road.only],
    }


def _counts(counts: Iterable[Count]) -> dict[str, int]:
    return {plain(one.name): one.n for one in counts}


def _line(line: Line) -> dict[str, Any]:
    why = line.why
    return {
        "id": line.id,
        "guid": line.guid,
        "headline": plain(line.headline),
        "url": safe_url(line.url) or None,
        "outlet": plain(line.outlet),
        "language": line.language or None,
        "published": _iso(line.published),
        "first_seen": _iso(line.first_seen),
        "updated": _iso(line.updated),
        "old": line.old,
        "topics": [plain(topic) for topic in line.topics],
        "snippet": _spans(line.snippet),
        "why": {
            "topic": plain(why.topic),
            "alias": plain(why.alias),
            "unit": plain(why.unit) or None,
            "score": round(why.score, 4),
            "where": why.where,
        }
        if why
        else None,
        "weight": line.weight,
        "articles": line.articles,
        "outlets": line.outlets,
        "also": [{"outlet": plain(one.outlet), "url": safe_url(one.url) or None, "language": one.language or None} for one in line.also],
        "copies": line.copies,
        "headline_only": line.headline_only,
        "passing": line.passing,
        "baseline": line.baseline,
        "opaque": line.opaque,
        "release_origin": plain(line.release_origin) or None,
        "ownership": line.ownership.value,
    }


def _update(one: Update) -> dict[str, Any]:
    return {
        "id": one.id,
        "guid": one.guid,
        "headline": plain(one.headline),
        "url": safe_url(one.url) or None,
        "outlet": plain(one.outlet),
        "language": one.language or None,
        "updated": _iso(one.at),
        "headline_before": plain(one.was) or None,
        "added": plain(one.added) or None,
        "told_on": one.told_on,
        "topics": [plain(topic) for topic in one.topics],
    }


def _coverage(coverage: CoverageLine) -> dict[str, Any]:
    return {
        "trouble": coverage.trouble,
        "due": coverage.due,
        "read": coverage.read,
        "failing": [_trouble(one) for one in coverage.of(*UNREAD)],
        "silent": [_trouble(one) for one in coverage.of(Ail.SILENT)],
        "headlines_only": [_trouble(one) for one in coverage.of(Ail.BARE)],
        "never": [plain(name) for name in coverage.never],
        "entries": coverage.entries,
        "kept": coverage.kept,
        "suppressed": coverage.suppressed,
        "unread_hours": round(coverage.unread_for / timedelta(hours=1), 1) if coverage.unread_for is not None else None,
        "gaps": len(coverage.gaps),
        "gap_spans": [
            {"name": plain(gap.name), "since": _iso(gap.since), "until": _iso(gap.until), "state": gap.state, "found": gap.found}
            for gap in coverage.gaps
        ],
        "moved": [{"name": plain(name), "url": safe_url(url) or None} for name, url in coverage.moved],
        "last_crawl": _iso(coverage.last_crawl),
        "notices": [
            {"kind": plain(one.kind), "at": _iso(one.at), "count": one.count, "detail": plain(one.detail) or None}
            for one in coverage.notices
        ],
        "second_road": _road(coverage.road) if coverage.road else None,
    }


def _trouble(one: Trouble) -> dict[str, Any]:
    return {
        "source": plain(one.source_id),
        "name": plain(one.name),
        "reason": plain(one.reason),
        "detail": plain(one.detail) or None,
        "since": _iso(one.since),
        "kind": one.kind.value,
        "days": one.days,
        "level": one.level.name.lower(),
    }


def _spans(spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    return [{"text": span.text, "marked": span.marked} for span in clean_spans(spans)]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
