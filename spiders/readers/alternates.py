"""Find the feeds that a web page names (link rel=alternate)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from spiders.readers.links import absolute
from storage.text import clean_text

_LINK = re.compile(rb"<(?:link|a)\b[^<>]{0,2000}>", re.I)
_ATTRIBUTE = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/json", "text/xml", "application/xml"}


@dataclass(frozen=True, kw_only=True)
class FeedLink:
    """A feed that a page names."""

    url: str
    title: str
    type: str


def find_feeds(html: bytes, base_url: str) -> list[FeedLink]:
    """Return the feeds that a page names in its head, in its order, each once; comment feeds last."""
    found: dict[str, FeedLink] = {}
    for tag in _LINK.findall(html[:1_000_000]):
        if b"alternate" not in tag.lower():
            continue
        pairs = {
            name.lower(): unescape(one or two or three) for name, one, two, three in _ATTRIBUTE.findall(tag.decode("utf-8", "replace"))
        }
        kind = pairs.get("type", "").split(";")[0].strip().lower()
        if "alternate" not in pairs.get("rel", "").lower().split() or kind not in _TYPES:
            continue
        url = absolute(base_url, pairs.get("href", ""))
        if url and "json" not in kind.replace("feed+json", "") and "oembed" not in url:
            found.setdefault(url, FeedLink(url=url, title=clean_text(pairs.get("title", ""), 200), type=kind))
    return sorted(found.values(), key=lambda link: "comment" in f"{link.url} {link.title}".lower() or "bình luận" in link.title.lower())
