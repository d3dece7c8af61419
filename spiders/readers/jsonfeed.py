"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from typing import Any

from spiders.readers.raw import RawEntry, RawFeed


def read_json(body: bytes, limit: int) -> RawFeed | None:
    """Read a JSON Feed; None where the bytes are other JSON or none."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list) or "jsonfeed.org" not in str(data.get("version", "")):
        return None
    feed = RawFeed(kind="json", title=_string(data, "title"), language=_string(data, "language"), home=_string(data, "home_page_url"))
    for item in data["items"][:limit]:
        if isinstance(item, dict):
            feed.entries.append(_entry(item))
    return feed


def _entry(item: dict[str, Any]) -> RawEntry:
    content = _string(item, "content_text") or _string(item, "content_html")
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    return RawEntry(
        guid=str(item.get("id") or ""),
        link=_string(item, "url") or _string(item, "external_url"),
        title=_string(item, "title"),
        summary=_string(item, "summary") or content,
        content=content if item.get("summary") else "",
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
        authors=[_string(author, "name") for author in authors or () if isinstance(author, dict)],
    )


def _string(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""
