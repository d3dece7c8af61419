"""Read a feed: RSS 0.9x, 1.0, 2.0, Atom, JSON Feed. Bytes and what was asked in, entries out.

bytes -> charset -> fast road (well-formed) | feedparser (everything else) | JSON -> RawFeed -> clean -> Reading
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from spiders.readers import links
from spiders.readers.dates import read_date, stamped_date
from spiders.readers.fast import read_fast
from spiders.readers.jsonfeed import read_json
from spiders.readers.plain import plain, title
from spiders.readers.raw import RawEntry, RawFeed
from storage.errors import ReadError
from storage.identity import RawKey, entry_keys, outlet_host
from storage.items import Entry, Kind, Source
from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT, clean_text

MOST_ENTRIES = 1_000
LARGEST_FEED = 16 * 1024 * 1024  # bytes
_PERIODS = {"hourly": 60, "daily": 1_440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.I)
_HTML_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.I)
_SITEMAP = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:urlset|sitemapindex)[\s>]")
_FEED_ROOT = re.compile(rb"<(?:rss|rdf:RDF|(?:\w+:)?feed|channel)\b", re.I)
_COUNT = re.compile("[0-9]+")  # "²".isdigit() is true
_JSON_FEED = re.compile(rb"jsonfeed\.org/version")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_PROLOGUE = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a feed says."""

    kind: str  # "rss", "atom", "json"
    by: str  # "fast", "feedparser", "json"
    title: str
    language: str
    home: str
    entries: tuple[Entry, ...]
    newest: datetime | None
    ttl: timedelta | None
    skip_hours: tuple[int, ...] = ()  # UTC
    skip_days: tuple[int, ...] = ()  # ISO weekdays
    capped: bool = False  # it held more entries than are read


def is_feed(body: bytes) -> bool:
    """Whether these bytes look like a feed, judged by their beginning, not by what the server says."""
    head = body[:4_096]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.decode("utf-16", "replace").encode()
    if _FEED_ROOT.search(head):
        return not re.match(rb"\s*<(?:!doctype\s+html|html)\b", head, re.I)
    return _JSON_FEED.search(head) is not None


def read_feed(
    body: bytes, *, source: Source, url: str, content_type: str | None = None, now: datetime, most: int = MOST_ENTRIES
) -> Reading:
    """Read a feed's bytes.

    Args:
        source: gives the zone for dates without one, and says whether the feed is an aggregator's.
        url: where it was read, for relative links.
        content_type: the header, for its charset.
        now: entries are never dated later than this; the date as stated is kept.
        most: at most so many entries.

    Raises:
        ReadError: these bytes are no feed; says what they are.
    """
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise ReadError("the answer is empty")
    if len(body) > LARGEST_FEED:
        raise ReadError(f"the feed is larger than {LARGEST_FEED // 1024**2} MiB")
    if source.fields:
        from spiders.readers.mapped import read_mapped

        return _made(read_mapped(body, dict(source.fields), most + 1), "json", source, url, now, most)
    raw, by = _parse(body, content_type, most + 1)
    if raw is None:
        raise ReadError(what_it_is(body, "feed"))
    return _made(raw, by, source, url, now, most)


def _made(raw: RawFeed, by: str, source: Source, url: str, now: datetime, most: int) -> Reading:
    """Clean what a parser found."""
    capped = len(raw.entries) > most
    del raw.entries[most:]
    base = links.absolute(url, raw.home) or url
    entries = _entries(raw.entries, source, base if raw.kind != "json" else url, now)
    dates = [entry.published for entry in entries if entry.published]
    return Reading(
        kind=raw.kind,
        by=by,
        title=title(raw.title, TITLE_LIMIT),
        language=clean_text(raw.language, 16).lower(),
        home=links.absolute(url, raw.home),
        entries=tuple(entries),
        newest=max(dates, default=None),
        ttl=_ttl(raw),
        skip_hours=_hours(raw.skip_hours),
        skip_days=tuple(sorted({_DAYS.index(day.strip().lower()[:3]) + 1 for day in raw.skip_days if day.strip().lower()[:3] in _DAYS})),
        capped=capped,
    )


def read_quickly(body: bytes, *, source: Source, url: str, content_type: str | None = None, now: datetime) -> Reading | None:
    """Read a feed as `read_feed` does if the fast road can, cheaply enough for the crawl's own process; None where it cannot."""
    if body[:1] in {b"{", b"["} or _declares_otherwise(body, content_type):
        return None
    raw = read_fast(body.lstrip(b"\r\n\t ") if not body.startswith(b"\xef\xbb\xbf") else body, MOST_ENTRIES + 1)
    return None if raw is None else _made(raw, "fast", source, url, now, MOST_ENTRIES)


def _parse(body: bytes, content_type: str | None, limit: int) -> tuple[RawFeed | None, str]:
    stripped = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if stripped[:1] in {b"{", b"["}:
        return read_json(stripped, limit), "json"
    if not _declares_otherwise(body, content_type):
        raw = read_fast(body.lstrip(b"\r\n\t ") if not body.startswith(b"\xef\xbb\xbf") else body, limit)
        if raw is not None:
            return raw, "fast"
    if _HTML.search(body[:2_048]) and not _FEED_ROOT.search(body[:65_536]):
        return None, "feedparser"  # a page: feedparser would make an empty feed of it
    from spiders.readers.tolerant import read_tolerant

    return read_tolerant(body, content_type, limit), "feedparser"


def _declares_otherwise(body: bytes, content_type: str | None) -> bool:
    """Whether header and prologue name different charsets: which of them lies is feedparser's craft."""
    header = _CHARSET.search(content_type or "")
    if header is None:
        return False
    said = header[1].lower().replace("_", "-")
    prologue = _PROLOGUE.match(body.removeprefix(b"\xef\xbb\xbf"))
    stated = prologue[1].decode("ascii").lower().replace("_", "-") if prologue else "utf-8"
    return said != stated and {said, stated} not in ({"utf8", "utf-8"}, {"us-ascii", "utf-8"}, {"utf-16", "utf-16le"})


def _entries(raw: Sequence[RawEntry], source: Source, base: str, now: datetime) -> list[Entry]:
    kept: list[tuple[RawEntry, str, str]] = []
    for item in raw:
        link = links.absolute(base, item.link) or (links.absolute(base, item.guid) if "://" in item.guid[:10] else "")
        if link:
            kept.append((item, link, title(item.title, TITLE_LIMIT)))
    keys = entry_keys([RawKey(guid=item.guid, url=link, title=name) for item, link, name in kept])
    entries: dict[str, Entry] = {}
    for (item, link, name), key in zip(kept, keys, strict=True):
        entries.setdefault(key, _entry(item, link, name, key, source, now))
    return list(entries.values())


def _entry(item: RawEntry, link: str, name: str, key: str, source: Source, now: datetime) -> Entry:
    real = links.unwrap(link)
    opaque = real is None
    outlet = clean_text(item.source, 200) if item.source else ""
    summary = plain(item.summary, SUMMARY_LIMIT) if item.summary else ""
    if source.kind is Kind.SEARCH or links.is_google_news(link):
        outlet = outlet.removesuffix(" on MSN")
        name, summary = _without_outlet(name, summary, outlet)
    url = link if real is None else real
    published, stated = _published(item, url, source, now)
    updated = read_date(item.updated, source.timezone) if item.updated else None
    return Entry(
        source_id=source.id,
        key=clean_text(key, 255),
        url=url,
        title=name,
        summary=summary,
        content=plain(item.content, TEXT_LIMIT, lines=True) if item.content else "",
        published=published,
        updated=min(updated, now) if updated else None,
        stated_date=stated,
        authors=tuple(clean_text(author, 200) for author in item.authors[:10] if author.strip()),
        outlet=outlet,
        outlet_url=links.absolute("", item.source_url) if item.source_url else "",
        opaque=opaque,
    )


def _without_outlet(name: str, summary: str, outlet: str) -> tuple[str, str]:
    """Cut the outlet that an aggregator adds to each headline, and drop a summary that only repeats headline and outlet."""
    if outlet and name.endswith(outlet):
        cut = name[: -len(outlet)].rstrip()
        if cut[-1:] in {"-", "–", "—", "|"}:
            name = cut[:-1].rstrip()
    rest = summary.replace(name, " ", 1) if name else summary
    if outlet:
        rest = rest.replace(outlet, " ")
    return name, summary if len(rest.strip(" -–—|\u00a0")) > 20 else ""


def _published(item: RawEntry, url: str, source: Source, now: datetime) -> tuple[datetime | None, str]:
    """The date of publication, never later than `now`, and the date as written where it could not be taken as it stands."""
    found = read_date(item.published, source.timezone) if item.published else None
    if found is None and item.updated:
        found = read_date(item.updated, source.timezone)
    if found is None:
        found = stamped_date(url, outlet_host(url), source.timezone)
        return (min(found, now) if found else None), clean_text(item.published or item.updated, 100)
    return (now, clean_text(item.published or item.updated, 100)) if found > now else (found, "")


def _ttl(raw: RawFeed) -> timedelta | None:
    minutes = 0.0
    if _COUNT.fullmatch(raw.ttl.strip()):
        minutes = float(raw.ttl.strip()[:7])
    if raw.period.strip().lower() in _PERIODS:
        often = int(raw.frequency.strip()[:4]) if _COUNT.fullmatch(raw.frequency.strip()) else 1
        minutes = max(minutes, _PERIODS[raw.period.strip().lower()] / max(often, 1))
    return timedelta(minutes=min(minutes, 43_200)) if minutes > 0 else None


def _hours(said: Sequence[str]) -> tuple[int, ...]:
    """Read the hours of RSS: 0 to 23, or 1 to 24 in its oldest version; a feed that asks never to be read asks for nothing."""
    hours = {int(one.strip()) % 24 for one in said if re.fullmatch(r"\d{1,2}", one.strip()) and int(one.strip()) <= 24}
    return tuple(sorted(hours)) if len(hours) < 24 else ()


def what_it_is(body: bytes, wanted: str) -> str:
    """Say what bytes are that are no `wanted` ("feed", "sitemap")."""
    if _HTML.search(body[:4_096]):
        found = _HTML_TITLE.search(body[:65_536])
        named = f" titled {clean_text(found[1].decode('utf-8', 'replace'), 80)!r}" if found else ""
        return f"this is a web page{named}, not a {wanted}"
    if _SITEMAP.search(body[:4_096]):
        return f'this is a sitemap, not a {wanted}; a source with kind = "sitemap" reads it'
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        return "this is JSON, but no JSON Feed" if wanted == "feed" else f"this is JSON, not a {wanted}"
    return f"this is no {wanted}: it begins with {clean_text(body[:60].decode('utf-8', 'replace'), 60)!r}"
