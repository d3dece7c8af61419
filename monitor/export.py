"""Articles as plain data: one JSON object or one CSV row each, safe for the programs that open them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from storage.items import Mention, Source, SourceState, StoredArticle, Story, Suppression
from storage.text import without_invisible

CSV_COLUMNS = (
    "url", "title", "outlet", "lang", "published", "first_seen", "topics", "units", "ownership", "body_from", "snippet", "story", "copies",
)  # fmt: skip
_BLANKS = re.compile("[\t-\r\x85\u2028\u2029]")


def iso(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601, None as None."""
    return moment.isoformat() if moment else None


def mention_record(mention: Mention) -> dict[str, Any]:
    """Write one mention with all its evidence."""
    return {
        "topic": mention.topic,
        "unit": mention.unit or None,
        "alias": mention.alias,
        "field": mention.field,
        "start": mention.start,
        "end": mention.end,
        "snippet": mention.snippet,
        "score": round(mention.score, 4),
        "parts": {name: round(value, 4) for name, value in mention.parts},
        "passing": mention.passing,
    }


def suppression_record(hit: Suppression) -> dict[str, Any]:
    """Write one hit that was not told, with the rule that decided."""
    return {
        "topic": hit.topic,
        "alias": hit.alias,
        "field": hit.field,
        "start": hit.start,
        "end": hit.end,
        "snippet": hit.snippet,
        "rule": hit.rule,
        "score": round(hit.score, 4),
        "parts": {name: round(value, 4) for name, value in hit.parts},
    }


def article_record(stored: StoredArticle, *, with_text: bool = False) -> dict[str, Any]:
    """Write one stored article; `story` and `copies` are the same number for articles of one story, of one copy group."""
    article = stored.article
    record: dict[str, Any] = {
        "id": stored.id,
        "url": article.url,
        "title": article.title,
        "outlet": article.outlet,
        "outlet_host": article.outlet_host,
        "lang": article.language or None,
        "country": article.country or None,
        "ownership": article.ownership.value,
        "published": iso(article.published),
        "first_seen": iso(stored.first_seen),
        "updated": iso(stored.updated_at),
        "topics": list(stored.topics),
        "mentions": [mention_record(mention) for mention in stored.mentions],
        "suppressed": [suppression_record(hit) for hit in stored.suppressions],
        "body_from": article.body_from.value,
        "sources": list(stored.sources),
        "story": stored.story_id,
        "copies": stored.copy_id,
        "joined_by": {
            "rule": stored.evidence.rule,
            "score": round(stored.evidence.score, 4),
            "parts": {name: round(value, 4) for name, value in stored.evidence.parts},
        },
    }
    if with_text:
        record |= {"summary": article.summary, "text": article.text}
    return record


def story_record(story: Story) -> dict[str, Any]:
    """Write one story with its articles, the one to show first under `lead`."""
    from monitor.stories import lead

    best = lead(story)
    return {
        "id": f"s{story.id}",
        "headline": best.article.title,
        "url": best.article.url,
        "topics": list(dict.fromkeys(topic for stored in story.articles for topic in stored.topics)),
        "outlets": list(dict.fromkeys(stored.article.outlet for stored in story.articles)),
        "languages": list(dict.fromkeys(stored.article.language for stored in story.articles if stored.article.language)),
        "first_seen": iso(min(stored.first_seen for stored in story.articles)),
        "told_on": story.told_on,
        "articles": [article_record(stored) for stored in story.articles],
    }


def source_record(source: Source, state: SourceState | None) -> dict[str, Any]:
    """Write a source with what is known of its health."""
    return {
        "id": source.id,
        "url": source.url,
        "moved_to": state.url if state else None,
        "kind": source.kind.value,
        "outlet": source.outlet,
        "language": source.language,
        "country": source.country,
        "timezone": source.timezone,
        "ownership": source.ownership.value,
        "groups": list(source.groups),
        "origin": source.origin,
        "outcome": state.outcome.value if state and state.outcome else None,
        "error": state.error if state else None,
        "last_poll": iso(state.last_poll) if state else None,
        "last_new": iso(state.last_new) if state else None,
        "next_poll": iso(state.next_poll) if state else None,
    }


def jsonl(articles: Iterable[StoredArticle], *, with_text: bool = False) -> Iterator[str]:
    """Yield one line of JSON an article, without the line feed."""
    for stored in articles:
        yield json.dumps(article_record(stored, with_text=with_text), ensure_ascii=False)


def inert(cell: object) -> object:
    """Return a CSV cell that no spreadsheet takes for a formula (a leading quote disarms =, +, -, @, tab and return), without controls."""
    if isinstance(cell, str):
        cell = _BLANKS.sub(" ", without_invisible(cell))
    if isinstance(cell, str) and cell.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"}:
        return "'" + cell
    return cell


def csv_lines(articles: Iterable[StoredArticle]) -> Iterator[str]:
    """Yield a header and one CSV row an article (RFC 4180 quoting), without the line end."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="")

    def line(cells: Iterable[object]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([inert(cell) for cell in cells])
        return buffer.getvalue()

    yield line(CSV_COLUMNS)
    for stored in articles:
        record = article_record(stored)
        best = stored.mentions[0] if stored.mentions else None
        record["topics"] = "; ".join(stored.topics)
        record["units"] = "; ".join(dict.fromkeys(mention.unit for mention in stored.mentions if mention.unit))
        record["snippet"] = best.snippet if best else ""
        yield line(record[column] for column in CSV_COLUMNS)
