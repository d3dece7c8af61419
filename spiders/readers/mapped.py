"""Read the JSON of an interface by a mapping that the configuration gives: where the items stand, and what of an item is what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from spiders.readers.raw import RawEntry, RawFeed
from storage.errors import ReadError
from storage.text import clean_text

FIELDS = ("items", "url", "title", "date", "updated", "text", "summary", "author", "outlet", "id")
_PLACE = re.compile(r"\{([^{}]{1,100})\}")
_POSITION = re.compile(r"[0-9]{1,9}")
_NOTHING = object()


class NoAddress(ReadError):
    """No item of an interface has an address."""


def read_mapped(body: bytes, fields: Mapping[str, str], limit: int) -> RawFeed:
    """Read JSON by a mapping.

    Args:
        fields: paths in dots, list positions as numbers ("data.0.articles"), of the list of items ("" for a document that is the
            list) and, inside an item, of its parts; `url` may also be an address with paths in braces.
        limit: at most so many items.

    Raises:
        ReadError: this is no JSON, no list stands where `items` says, or no item has an address.
    """
    try:
        data = json.loads(body.lstrip(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        said = clean_text(body[:300].decode("utf-8", "replace"), 200)
        raise ReadError(f"the answer is no JSON; it says {said!r}") from None
    items = _items(data, fields.get("items", ""))
    feed = RawFeed(kind="json", entries=[_entry(item, fields) for item in items[:limit] if isinstance(item, dict)])
    if feed.entries and not any(entry.link for entry in feed.entries):
        first = next(item for item in items if isinstance(item, dict))
        raise NoAddress(f"no item has an address at url = {clean_text(fields.get('url', ''), 200)!r}; an item has: {_keys(first)}")
    return feed


def value_at(data: Any, path: str) -> Any:
    """Return what stands at a path in dots, None where nothing does."""
    found = _at(data, path)
    return None if found is _NOTHING else found


def _at(data: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(data, dict) and step in data:
            data = data[step]
        elif isinstance(data, list) and _POSITION.fullmatch(step) and int(step) < len(data):
            data = data[int(step)]
        else:
            return _NOTHING
    return data


def _items(data: Any, path: str) -> list[Any]:
    found, named = _at(data, path), repr(clean_text(path, 200))
    if found is _NOTHING and data in ({}, []):
        return []  # how some interfaces say that nothing was found
    if found is _NOTHING:
        raise ReadError(f"nothing stands at items = {named}; the document has: {_keys(data)}")
    if found is None:
        return []
    if not isinstance(found, list):
        raise ReadError(f"at items = {named} stands no list; {'the document' if not path else 'it'} has: {_keys(found)}")
    return found


def _keys(data: Any) -> str:
    if isinstance(data, dict):
        return clean_text(", ".join(map(str, list(data)[:12])), 200) or "no keys"
    return "a list" if isinstance(data, list) else clean_text(repr(data), 60)


def _entry(item: dict[str, Any], fields: Mapping[str, str]) -> RawEntry:
    text, summary = _text(item, fields.get("text", "")), _text(item, fields.get("summary", ""))
    link = fields.get("url", "")
    author = _text(item, fields.get("author", ""))
    return RawEntry(
        guid=_text(item, fields.get("id", "")),
        link=_filled(item, link) if "{" in link else _text(item, link),
        title=_text(item, fields.get("title", "")),
        summary=summary or text,
        content=text if summary else "",
        published=_date(item, fields.get("date", "")),
        updated=_date(item, fields.get("updated", "")),
        authors=[author] if author else [],
        source=_text(item, fields.get("outlet", "")),
    )


def _filled(item: dict[str, Any], template: str) -> str:
    """An address with its places filled; "" where one of them is empty."""
    values = {path: _text(item, path) for path in _PLACE.findall(template)}
    return _PLACE.sub(lambda found: values[found[1]], template) if all(values.values()) else ""


def _text(item: dict[str, Any], path: str) -> str:
    found = value_at(item, path) if path else None
    if isinstance(found, list):
        found = next((part for part in found if isinstance(part, (str, int))), None)
    if isinstance(found, dict):  # WordPress: {"rendered": "..."}
        found = found.get("rendered") or found.get("name")
    return str(found) if isinstance(found, (str, int, float)) and not isinstance(found, bool) else ""


def _date(item: dict[str, Any], path: str) -> str:
    """A date as text; numbers are seconds (or milliseconds) since 1970."""
    found = value_at(item, path) if path else None
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        try:
            seconds = found / 1_000 if found > 10**11 else found
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return ""
    return _text(item, path)
