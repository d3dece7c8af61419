"""Read sitemaps (https://www.sitemaps.org/protocol.html) and Google's news sitemaps: bytes in, addresses out, in a bounded stream.

An index, a list of addresses as XML or plain text, packed by gzip or not, or a robots.txt that names sitemaps. What is older than
the caller wants is dropped here, so that of a large file little leaves the worker.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from spiders.readers.dates import read_date, stamped_date
from spiders.readers.feed import what_it_is
from spiders.readers.links import absolute
from spiders.readers.plain import language_code
from spiders.readers.plain import title as clean_title
from storage.errors import ReadError
from storage.identity import outlet_host
from storage.text import TITLE_LIMIT, clean_text

LARGEST_SITEMAP = 50 * 1024 * 1024  # bytes, unpacked: the protocol's own limit
MOST_ADDRESSES = 50_000  # the protocol's own limit for one file
_MOST_CHILDREN = 50_000
_MOST_OF_ROBOTS = 1_000  # sitemaps that a robots.txt names
_ROBOTS_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.I | re.M)
_ROOT = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:urlset|sitemapindex)\b")
_LONGEST_TEXT = 4_096  # code points of an address


class Listed(NamedTuple):
    """One address as a sitemap lists it."""

    url: str
    title: str = ""  # news:title
    published: datetime | None = None  # news:publication_date, never later than the moment of reading
    updated: datetime | None = None  # lastmod
    stated: str = ""  # the date as written, where it could not be read or lay in the future
    language: str = ""
    outlet: str = ""

    @property
    def moment(self) -> datetime | None:
        """When it appeared or changed, as far as it says."""
        return max(filter(None, (self.published, self.updated)), default=None)


class Child(NamedTuple):
    """One sitemap that an index lists."""

    url: str
    updated: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SitemapReading:
    """What a sitemap says."""

    kind: str  # "list", "news", "index", "robots", "text"
    listed: tuple[Listed, ...] = ()  # what is not older than was asked for, in the file's order
    children: tuple[Child, ...] = ()
    total: int = 0  # addresses in the file, older ones included
    newest: datetime | None = None  # of all
    oldest: datetime | None = None  # of all


def is_sitemap(body: bytes, url: str) -> bool:
    """Whether an answer looks like a sitemap, an index of sitemaps, one that is packed, or a list of addresses as plain text."""
    if body[:2] == b"\x1f\x8b":
        return True
    head = body[:8_192]
    if _ROOT.search(head):
        return not re.match(rb"\s*<(?:!doctype\s+html|html)\b", head, re.I)
    return urlsplit(url).path.endswith(".txt") and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<"


def read_sitemap(
    body: bytes, *, url: str, zone: str = "UTC", now: datetime, since: datetime | None = None, only: str = ""
) -> SitemapReading:
    """Read a sitemap's bytes.

    Args:
        url: where it was read, for relative addresses.
        zone: IANA name, for dates without a zone.
        now: nothing is dated later than this; the date as stated is kept.
        since: leave out what says that it is older; what says nothing stays.
        only: a regular expression that addresses have to match somewhere.

    Raises:
        ReadError: these bytes are no sitemap; says what they are.
    """
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise ReadError("the answer is empty")
    head = _unpacked_head(body)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text.startswith(b"<"):
        return _read_lines(body, head, url, only)
    if not _ROOT.search(head):
        raise ReadError(what_it_is(head, "sitemap"))
    wanted = re.compile(only) if only else None
    found = _Found(url, zone, now, since, wanted)
    with _opened(body) as stream:
        try:
            for _, element in etree.iterparse(
                stream, events=("end",), recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                remove_comments=True, remove_pis=True, tag=("{*}url", "{*}sitemap"),
            ):  # fmt: skip
                found.take(element)
                _forget(element)
                if found.total >= MOST_ADDRESSES or len(found.children) >= _MOST_CHILDREN:
                    break
        except (etree.XMLSyntaxError, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:  # the last: a namespace that is no text
            if not found.total and not found.children:
                raise ReadError(f"the sitemap cannot be read: {clean_text(str(error), 200)}") from error
    return found.reading()


class _Found:
    """Collects what a stream of elements says."""

    def __init__(self, url: str, zone: str, now: datetime, since: datetime | None, only: re.Pattern[str] | None) -> None:
        self.url, self.zone, self.now, self.since, self.only = url, zone, now, since, only
        self.listed: list[Listed] = []
        self.children: list[Child] = []
        self.total = self.news = 0
        self.newest: datetime | None = None
        self.oldest: datetime | None = None

    def take(self, element: Any) -> None:
        """Take one <url> or <sitemap>."""
        texts = dict(_texts(element))
        url = absolute(self.url, texts.get("loc", "")[:_LONGEST_TEXT])
        if not url:
            return
        if _name(element.tag) == "sitemap":
            self.children.append(Child(url, read_date(texts.get("lastmod", ""), self.zone)))
            return
        self.total += 1
        self.news += "news" in texts
        one = self._listed(url, texts)
        moment = one.moment
        if moment and (self.newest is None or moment > self.newest):
            self.newest = moment
        if moment and (self.oldest is None or moment < self.oldest):
            self.oldest = moment
        if self.since is not None and moment is not None and moment < self.since:
            return
        if self.only is None or self.only.search(url):
            self.listed.append(one)

    def _listed(self, url: str, texts: dict[str, str]) -> Listed:
        stated = texts.get("news.publication_date", "")
        published = read_date(stated, self.zone) if stated else None
        if published is None:
            published = stamped_date(url, outlet_host(url), self.zone)
        updated = read_date(texts.get("lastmod", ""), self.zone)
        told = ""
        if (stated and published is None) or (published is not None and published > self.now):
            told = clean_text(stated, 100)
        return Listed(
            url=url,
            title=clean_title(texts.get("news.title", ""), TITLE_LIMIT),
            published=min(published, self.now) if published else None,
            updated=min(updated, self.now) if updated else None,
            stated=told,
            language=language_code(texts.get("news.language", "")),
            outlet=clean_text(texts.get("news.name", ""), 200),
        )

    def reading(self) -> SitemapReading:
        """What was found, as a whole."""
        kind = "index" if self.children and not self.total else "news" if self.news * 2 > self.total > 0 else "list"
        return SitemapReading(
            kind=kind, listed=tuple(self.listed), children=tuple(self.children), total=self.total, newest=self.newest, oldest=self.oldest
        )  # fmt: skip


def _texts(element: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of what a <url> holds: loc, lastmod, and what stands in its news block, whatever the prefix."""
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = _name(child.tag)
        if name == "news":
            yield "news", ""
            for part in child.iter():
                if isinstance(part.tag, str) and part is not child and (text := _text(part)):
                    yield f"news.{_name(part.tag)}", text
        elif name in {"loc", "lastmod"} and (text := _text(child)):
            yield name, text


def _text(element: Any) -> str:
    """The text of an element; "" where the mending parser let a reference to a surrogate through, which is no text."""
    try:
        return (element.text or "").strip()
    except UnicodeDecodeError:
        return ""


def _name(tag: str) -> str:
    """The local name of a tag, also of one whose prefix was never declared."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def _forget(element: Any) -> None:
    """Free an element and all that stands before it, so that a stream stays small."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


# ------------------------------------------------------------------ packed files, plain text


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where it grows past the limit."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._left = LARGEST_SITEMAP
        self._begun = False

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read on; white space before the XML declaration, which no parser takes, is left out."""
        data: bytes = self._inner.read(size)
        if not self._begun:
            data, self._begun = data.lstrip(b" \t\r\n"), True
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"unpacked it is larger than {LARGEST_SITEMAP // 1024**2} MiB")
        return data


def _opened(body: bytes) -> Any:
    return _Bounded(gzip.GzipFile(fileobj=io.BytesIO(body)) if body[:2] == b"\x1f\x8b" else io.BytesIO(body))


def _unpacked_head(body: bytes) -> bytes:
    with _opened(body) as stream:
        try:
            head: bytes = stream.read(8_192)
        except (OSError, EOFError, zlib.error) as error:
            raise ReadError(f"the sitemap cannot be unpacked: {clean_text(str(error), 200)}") from error
    return head


def _read_lines(body: bytes, head: bytes, url: str, only: str) -> SitemapReading:
    with _opened(body) as stream:
        try:
            text = stream.read(LARGEST_SITEMAP).decode("utf-8-sig", "replace")
        except (OSError, EOFError, zlib.error) as error:
            raise ReadError(f"the sitemap cannot be unpacked: {clean_text(str(error), 200)}") from error
    if named := sitemaps_of_robots(text, url):
        return SitemapReading(kind="robots", children=tuple(Child(one) for one in named))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    addresses = [line for line in lines if line.startswith(("http://", "https://")) and len(line) <= _LONGEST_TEXT and " " not in line]
    if not addresses or 2 * len(addresses) < len(lines):
        raise ReadError(what_it_is(head, "sitemap"))
    wanted = re.compile(only) if only else None
    kept = [Listed(one) for one in addresses[:MOST_ADDRESSES] if wanted is None or wanted.search(one)]
    return SitemapReading(kind="text", listed=tuple(kept), total=len(addresses))


def sitemaps_of_robots(text: str, url: str) -> list[str]:
    """Return the sitemaps that a robots.txt names, each once."""
    lines = islice(_ROBOTS_LINE.finditer(text), _MOST_OF_ROBOTS)
    return list(dict.fromkeys(filter(None, (absolute(url, found[1]) for found in lines))))
