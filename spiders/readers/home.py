"""Read what a site's page leads to that could be watched: feeds that it names, pages about feeds, sections. Bytes in, addresses out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html

from spiders.pages.charset import as_utf8
from spiders.readers.alternates import FeedLink, find_feeds
from spiders.readers.anchors import site_of
from spiders.readers.links import absolute
from storage.identity import canonical_url
from storage.text import clean_text

MOST_FEEDS = 40  # of one page
MOST_SECTIONS = 12
_FEED_PATH = re.compile(r"(?:^|[/._-])(?:rss\d?|feeds?|atom)(?:[/._-]|$)|\.(?:rss|atom|rdf)$", re.I)
_NO_FEED = re.compile(r"feedback|\.(?:html?|php|aspx?)/|/(?:wp-json|share|login)", re.I)
_MAIN = re.compile(
    r"tin-moi-nhat|trang-?chu|moi-cap-nhat|latest|newest|home|index|(?:^|/)(?:rss|feed|atom)(?:\.xml)?/?$|/all\b|a-la-une|manchettes", re.I
)
_NEWSROOM = re.compile(
    r"news|press|tin-tuc|tin-moi|su-kien|blog|actualit|nouvelles|presse|communiqu|media|stories|bao-chi|truyen-thong", re.I
)
_NO_SECTION = re.compile(
    r"log-?in|sign-?(?:in|up)|register|account|dang-(?:nhap|ky)|search|tim-kiem|recherche|contact|lien-he|about|gioi-thieu|a-propos|privacy|terms|policy|"
    r"cookie|career|jobs|tuyen-dung|help|faq|subscri|newsletter|abonn|shop|store|cart|tags?/|author|rss|feed|sitemap|advert|quang-cao|video|podcast|photo",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Led:
    """Where a page leads to."""

    title: str
    language: str  # as its root element says, "" where it does not
    feeds: tuple[FeedLink, ...]  # those in its head first, the whole site's before sections'; some may turn out to be pages about feeds
    sections: tuple[str, ...]  # pages of the same site that may list articles, newsrooms first


def read_home(body: bytes, *, url: str, encoding: str | None = None) -> Led:
    """Read what a page leads to; a page that cannot be parsed leads nowhere but to what its head names."""
    named = {canonical_url(one.url) or one.url: one for one in find_feeds(body, url)}
    root = _parsed(body, encoding)
    if root is None:
        return Led(title="", language="", feeds=tuple(named.values())[:MOST_FEEDS], sections=())
    base = next((absolute(url, one.get("href") or "") for one in root.iter("base")), "") or url
    linked: dict[str, FeedLink] = {}
    sections: dict[str, str] = {}
    for anchor in root.iter("a", "area"):
        link = absolute(base, anchor.get("href") or "").partition("#")[0]
        key = canonical_url(link)
        if not key or key in named:
            continue
        if _may_be_feed(link, url):
            linked.setdefault(key, FeedLink(url=link, title=clean_text(anchor.text_content(), 200), type=""))
        elif _may_be_section(link, url):
            sections.setdefault(key, link)
    feeds = [*named.values(), *sorted(linked.values(), key=lambda one: _MAIN.search(urlsplit(one.url).path) is None)]
    ordered = sorted(sections.values(), key=lambda link: _NEWSROOM.search(urlsplit(link).path) is None)
    title = root.findtext(".//title") or ""
    language = (root.get("lang") or "").replace("_", "-").split("-")[0].strip().lower()
    return Led(
        title=clean_text(title, 200),
        language=language if re.fullmatch(r"[a-z]{2,3}", language) else "",
        feeds=tuple(feeds[:MOST_FEEDS]),
        sections=tuple(ordered[:MOST_SECTIONS]),
    )


def is_newsroom(url: str) -> bool:
    """Whether an address sounds like a page of news."""
    return _NEWSROOM.search(urlsplit(url).path) is not None


def _parsed(body: bytes, encoding: str | None) -> Any:
    known = as_utf8(body, encoding)
    parser = html.HTMLParser(encoding=None if known is None else "utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(body if known is None else known, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError, AssertionError):
        return None


def _may_be_feed(link: str, url: str) -> bool:
    """Whether a link of a page looks like a feed, or a page about feeds, of the same house (feeds stand on hosts of their own, too)."""
    parts = urlsplit(link)
    if not _FEED_PATH.search(parts.path) or _NO_FEED.search(link):
        return False
    here, there = (site_of(one).partition(":")[0].split(".")[-2:] for one in (url, link))
    return here == there or "feedburner.com" in there


def _may_be_section(link: str, url: str) -> bool:
    """Whether a link looks like a section: of the same site, a short path of few words, no number of an article."""
    parts = urlsplit(link)
    path = parts.path.strip("/")
    if site_of(link) != site_of(url) or not path or parts.query or _NO_SECTION.search(path):
        return False
    folders = path.split("/")
    last = re.sub(r"\.(?:html?|php|aspx?)$", "", folders[-1])
    return len(folders) <= 3 and len(last) <= 40 and last.count("-") <= 4 and not re.search(r"\d{3,}", path) and "." not in last
