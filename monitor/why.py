"""Tell the whole way of an address: where it was listed, what its page gave, what was matched, which story, told when."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.export import iso, mention_record, suppression_record
from storage.identity import canonical_url, url_key
from storage.items import StoredArticle

if TYPE_CHECKING:
    from storage.reading import Reading

STORED, NEVER, REFUSED, NO_TOPIC, SUPPRESSED, NO_TEXT = 0, 10, 11, 12, 13, 14
_EMPTY = ("no article text", "the page is empty")  # what `spiders.pages` says of a page without a text
_NOT_ASKED = {"", "opaque", "later"}
_STORY = re.compile(r"s\d{1,18}")


@dataclass
class Way:
    """The stages that an address has passed, and the one where it stands."""

    url: str
    code: int
    stage: str
    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def print_way(reading: Reading, url: str, *, zone: ZoneInfo, as_json: bool) -> int:
    """Print the way of an address and return its exit code.

    0 stored, 10 never listed, 11 fetch refused, 12 no topic, 13 suppressed, 14 the page had no text.
    """
    way = way_of(reading, url, zone)
    if as_json:
        print(json.dumps({"url": way.url, "stage": way.stage, "code": way.code} | way.facts, ensure_ascii=False, indent=2))
    else:
        print(f"{way.url}\n{way.stage}")
        for line in way.lines:
            print(f"  {line}")
    return way.code


def way_of(reading: Reading, url: str, zone: ZoneInfo) -> Way:
    """Find out what became of an address."""
    key = url_key(url)
    sightings = reading.sightings.of_address(key) if key else []
    ids = reading.articles.of_urls([key]) or sorted({one.article_id for one in sightings if one.article_id is not None})
    seen = [f"listed by {one.source_id}, first {one.first_seen.astimezone(zone):%Y-%m-%d %H:%M}" for one in sightings]
    facts: dict[str, Any] = {"listed": [{"source": one.source_id, "first_seen": iso(one.first_seen)} for one in sightings]}
    if ids:
        stored = reading.articles.get(ids[0])
        if stored is not None:
            return _of_article(reading, stored, url, seen, facts, zone)
    waiting = reading.pending.of_address(key) if key else []
    facts["waiting"] = [{"source": source, "reason": reason, "next_try": iso(moment)} for source, reason, moment in waiting]
    if waiting:
        seen += [f"its page failed ({reason}); asked again from {moment.astimezone(zone):%Y-%m-%d %H:%M}" for _, reason, moment in waiting]
        return Way(url, REFUSED, "listed, but its page could not be fetched yet", seen, facts)
    if sightings:
        return _of_silence({one.no_page for one in sightings if one.no_page is not None}, url, seen, facts)
    spelled = canonical_url(url)
    # Digests show a story's id, not its addresses.
    named = f"; monitor stories show {url} names those of a story" if _STORY.fullmatch(url) else ""
    lines = [f"looked for as {spelled}"] if spelled else [f"this is no web address{named}"]
    return Way(url, NEVER, "never listed by any source", lines, facts)


def _of_silence(reasons: set[str], url: str, seen: list[str], facts: dict[str, Any]) -> Way:
    """The way of what was listed and names nobody: was its page read at all?"""
    why = "" if "" in reasons else min(reasons, default="")
    facts["why_no_page"] = why or None
    if why not in _NOT_ASKED:
        if why.startswith(_EMPTY):
            return Way(url, NO_TEXT, f"listed, but {why}, and its entry mentions no topic", seen, facts)
        return Way(url, REFUSED, f"listed, but its page did not serve ({why}), and its entry mentions no topic", seen, facts)
    read = "its page was not asked for, and its entry" if why else "neither its entry nor its page"
    return Way(url, NO_TOPIC, f"listed, but {read} mentions {'no' if why else 'a'} topic: no alias was found", seen, facts)


def _of_article(reading: Reading, stored: StoredArticle, url: str, seen: list[str], facts: dict[str, Any], zone: ZoneInfo) -> Way:
    article = stored.article
    lines = [*seen, f"stored as a{stored.id}: {article.title}"]
    if article.body_from.value == "feed":
        lines.append(f"headline only: its page did not serve ({article.why_no_page or 'not asked'})")
    if article.stated_date:
        taken = f"{article.published.astimezone(zone):%Y-%m-%d %H:%M}" if article.published else "unknown"
        lines.append(f"dated {article.stated_date!r}, which is ahead of the clock or no date: taken as {taken}")
    for mention in stored.mentions:
        name = f"{mention.topic} ({mention.unit})" if mention.unit else mention.topic
        parts = ", ".join(f"{part} {value:+.2f}" for part, value in mention.parts)
        lines.append(
            f"mentions {name}: {mention.alias!r} in the {mention.field}, score {mention.score:.2f}{' (' + parts + ')' if parts else ''}"
        )
        lines.append(f"    {mention.snippet}")
    lines += [
        f"suppressed for {hit.topic}: {hit.alias!r} in the {hit.field}: {hit.rule}, score {hit.score:.2f}" for hit in stored.suppressions
    ]
    facts |= {
        "article": stored.id,
        "title": article.title,
        "body_from": article.body_from.value,
        "why_no_page": article.why_no_page or None,
        "stated_date": article.stated_date or None,
        "mentions": [mention_record(mention) for mention in stored.mentions],
        "suppressed": [suppression_record(hit) for hit in stored.suppressions],
        "story": stored.story_id,
    }
    if stored.suppressed or not stored.mentions:
        rules = ", ".join(dict.fromkeys(f"{hit.topic}: {hit.rule}" for hit in stored.suppressions))
        code, stage = (
            (SUPPRESSED, f"stored, but suppressed ({rules})") if stored.suppressed else (NO_TOPIC, "stored, but no alias was found in it")
        )
        return Way(url, code, stage, lines, facts)
    told = reading.ledger.told(stored.story_id)
    evidence = stored.evidence
    lines.append(f"in story s{stored.story_id}: {evidence.rule} ({evidence.score:.2f})")
    lines += [f"{'too old to be told at' if old else 'told by'} the {name} digest of {day}" for name, day, old in told]
    facts["told"] = [{"digest": name, "day": day, "baseline": old} for name, day, old in told]
    if not told:
        lines.append("older than the watch: kept, never told as news" if stored.baseline else "not told yet: it stands in the next digest")
    return Way(url, STORED, "stored", lines, facts)
