"""Match JSON lines: for people who tune a watchlist, and for pipes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.export import mention_record, suppression_record
from monitor.matching import Document, Matcher
from storage.identity import outlet_host
from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT, clean_text


def match_lines(stream: Iterable[bytes], matcher: Matcher) -> Iterator[dict[str, Any]]:
    """Yield one answer a line, in order; a line that cannot be used gets `{"line": number, "error": why}`.

    Offsets point into the cleaned text (`storage.text.clean_text`), which is the text as given for any clean input.
    """
    for number, raw in enumerate(stream, 1):
        if not raw.strip():
            continue
        try:
            document, name = _document(raw)
        except ValueError as error:
            yield {"line": number, "error": str(error)}
            continue
        matches = matcher.match(document, frames=True)
        yield {
            "id": name,
            "topics": [mention.topic for mention in matches.mentions],
            "mentions": [mention_record(mention) for mention in matches.mentions],
            "suppressed": [suppression_record(hit) for hit in matches.suppressions],
        }


def _document(raw: bytes) -> tuple[Document, Any]:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {str(error)[:100]}") from error
    if not isinstance(record, dict):
        raise ValueError('no JSON object; write {"title": ...}')
    words: dict[str, str] = {}
    for key in ("title", "text", "summary", "url", "lang"):
        value = record.get(key)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{key} is no text but {type(value).__name__}")
        words[key] = value or ""
    if not words["title"] and not words["text"]:
        raise ValueError("neither title nor text")
    document = Document(
        title=clean_text(words["title"], TITLE_LIMIT),
        text=clean_text(words["text"], TEXT_LIMIT, lines=True),
        summary=clean_text(words["summary"], SUMMARY_LIMIT),
        url=words["url"],
        language=words["lang"].lower().split("-")[0],
        outlet_host=outlet_host(words["url"]),
    )
    return document, record.get("id")
