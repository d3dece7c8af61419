"""The digest as one JSON document, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Figures
from monitor.digest.handdates import HandCalendar
from monitor.digest.record import Count, CoverageLine, Digest, Line, Span, Trend, Trouble
from monitor.digest.safe import plain, safe_url

SCHEMA_VERSION = 1  # grows when a key goes or changes its meaning, not when one is added


def render_json(digest: Digest) -> str:
    """Render as JSON; times are ISO 8601 with the reader's offset, what is not known is null."""
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
        "summary": Figures(digest, Facts(digest, HandCalendar(digest.language))).lead() or None,
        "tally": {
            "stories": digest.tally.stories,
            "articles": digest.tally.articles,
            "outlets": digest.tally.outlets,
            "topics": _counts(digest.tally.topics),
            "most_carried": digest.tally.most.id if digest.tally.most else None,
        },
        "trend": _trend(digest.trend) if digest.trend else None,
        "quiet_topics": [plain(topic) for topic in digest.quiet],
        "coverage": _coverage(digest.coverage),
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


def _coverage(coverage: CoverageLine) -> dict[str, Any]:
    return {
        "trouble": coverage.trouble,
        "due": coverage.due,
        "read": coverage.read,
        "failing": [_trouble(one) for one in coverage.failing],
        "silent": [_trouble(one) for one in coverage.silent],
        "never": [plain(name) for name in coverage.never],
        "entries": coverage.entries,
        "kept": coverage.kept,
        "suppressed": coverage.suppressed,
        "gaps": coverage.gaps,
        "last_crawl": _iso(coverage.last_crawl),
        "notices": [
            {"kind": plain(one.kind), "at": _iso(one.at), "count": one.count, "detail": plain(one.detail) or None}
            for one in coverage.notices
        ],
    }


def _trouble(one: Trouble) -> dict[str, Any]:
    return {
        "source": plain(one.source_id),
        "name": plain(one.name),
        "reason": plain(one.reason),
        "detail": plain(one.detail) or None,
        "since": _iso(one.since),
    }


def _spans(spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    return [{"text": span.text, "marked": span.marked} for span in clean_spans(spans)]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
