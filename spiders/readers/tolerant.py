"""The tolerant road: feedparser, which reads whatever anybody ever called a feed. It gets bytes, never an address."""

from __future__ import annotations

import io
import re
from typing import Any

from spiders.readers.raw import RawEntry, RawFeed
from spiders.readers.references import mend_references
from storage.errors import ReadError
from storage.text import clean_text

_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[<>]{0,500}+\[[^\]]*+\]\s*+>", re.I)
_MOST_DOCTYPES = 20  # that are looked at: each is looked through for its end
_HEAD = 100_000  # bytes before the first item that are looked through
_FIRST_ITEM = re.compile(rb"<(?:item|entry)\b", re.I)
_END = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|rdf|feed|channel)\s*>", re.I)
_SKIPPED = {
    "skip_hours": re.compile(rb"<skipHours>(.{0,2000}?)</skipHours>", re.I | re.S),
    "skip_days": re.compile(rb"<skipDays>(.{0,2000}?)</skipDays>", re.I | re.S),
}
_ONE_SKIPPED = re.compile(rb"<(?:hour|day)>\s*(\w{1,12})\s*</", re.I)


def read_tolerant(body: bytes, content_type: str | None, limit: int) -> RawFeed | None:
    """Read a feed with feedparser; None where it finds no feed in the bytes.

    Raises:
        ReadError: feedparser itself falls over them.
    """
    import feedparser

    # Entities that a document defines for itself are how small files grow huge; none of ours needs them.
    body = mend_references(_without_doctype(body))

    # Our own headers alone: feedparser must not resolve, sanitise or fetch anything; texts are stripped to plain words afterwards.
    headers = {"content-type": content_type} if content_type and "charset" in content_type.lower() else {"content-type": "application/xml"}
    try:
        parsed = feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise ReadError(f"no parser can make sense of it: {type(error).__name__}: {clean_text(str(error), 200)}") from error
    version = parsed.get("version") or ""
    if not version and not parsed.entries:
        return None
    if not parsed.entries and not has_end(body):
        raise ReadError("the feed is broken off, or no XML, before its first entry")
    channel = parsed.feed
    feed = RawFeed(
        kind="atom" if version.startswith("atom") else "rss",
        title=channel.get("title") or "",
        language=channel.get("language") or "",
        home=channel.get("link") or "",
        ttl=str(channel.get("ttl") or ""),
        period=channel.get("sy_updateperiod") or "",
        frequency=channel.get("sy_updatefrequency") or "",
    )
    # feedparser gives nothing of these.
    found = _FIRST_ITEM.search(body)
    head = body[: min(found.start(), _HEAD)] if found else body[:20_000]
    for name, pattern in _SKIPPED.items():
        if block := pattern.search(head):
            setattr(feed, name, [one.decode("ascii", "replace") for one in _ONE_SKIPPED.findall(block[1])[:24]])
    feed.entries = [_entry(item) for item in parsed.entries[:limit]]
    return feed


def _without_doctype(body: bytes) -> bytes:
    """A document without the first DOCTYPE that defines something."""
    at = -1
    lowered = body.lower()
    for _ in range(_MOST_DOCTYPES):
        if (at := lowered.find(b"<!doctype", at + 1)) < 0:
            break
        if found := _DOCTYPE.match(body, at):
            return body[:at] + body[found.end() :]
    return body


def _entry(item: Any) -> RawEntry:
    content = next((part.get("value") or "" for part in item.get("content") or () if part.get("value")), "")
    source = item.get("source") or {}
    return RawEntry(
        guid=item.get("id") or "",
        link=item.get("link") or "",
        title=item.get("title") or "",
        summary=item.get("summary") or content,
        content=content if item.get("summary") != content else "",
        published=item.get("published") or item.get("created") or "",
        updated=dict.get(item, "updated") or "",  # FeedParserDict.get would answer with the date of publication
        authors=[author.get("name") or author.get("email") or "" for author in item.get("authors") or () if author]
        or ([item["author"]] if item.get("author") else []),
        source=source.get("title") or item.get("news_source") or "",
        source_url=source.get("href") or source.get("link") or "",
    )


def has_end(body: bytes) -> bool:
    """Whether a document's root is closed. A body without a stated length, or packed, may end early without anybody noticing."""
    return _END.search(body[-4_096:].replace(b"\0", b"")) is not None
