"""The links of a page that lead to other pages of the same site. Pure."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

from lxml import etree, html

from spiders.readers.links import absolute
from storage.identity import canonical_url

MOST_LINKS = 2_000  # of one page
_LONGEST = 1_000  # code points of an address
_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|avif|css|js|mjs|woff2?|ttf|eot|mp[34]|m4[av]|webm|mov|avi|wav|ogg|zip|rar|7z|gz|tgz|exe|dmg|apk|"
    r"pdf|docx?|xlsx?|pptx?|csv|rss|atom|xml|json|ics)$",
    re.I,
)
_NOT_FOLLOWED = re.compile(r"(?:^|[\s,])(?:nofollow|none)(?:$|[\s,])", re.I)


def site_of(url: str) -> str:
    """Return what two addresses of one site have in common: host without "www." and port."""
    try:
        parts = urlsplit(url)
        return f"{(parts.hostname or '').removeprefix('www.')}:{parts.port or ''}"
    except ValueError:
        return ""


def read_anchors(body: bytes, *, url: str, encoding: str | None = None) -> list[str]:
    """Return the pages of the same site that a page links to, in its order, each once; none where it asks not to be followed.

    Left out are files, links marked nofollow, and addresses that grow by themselves (the same folder three times in a path).
    """
    parser = html.HTMLParser(encoding=encoding, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError):
        return []
    for meta in root.iter("meta"):
        if (meta.get("name") or "").lower() == "robots" and _NOT_FOLLOWED.search(meta.get("content") or ""):
            return []
    base = next((one.get("href") for one in root.iter("base") if one.get("href")), None)
    base = (absolute(url, base) if base else "") or url
    site = site_of(url)
    found: dict[str, str] = {}
    for anchor in root.iter("a", "area"):
        link = anchor.get("href")
        if not link or link.startswith("#") or _NOT_FOLLOWED.search(anchor.get("rel") or ""):
            continue
        address = absolute(base, link).partition("#")[0]
        if address and len(address) <= _LONGEST and site_of(address) == site and _leads_on(address):
            found.setdefault(canonical_url(address) or address, address)
            if len(found) >= MOST_LINKS:
                break
    return list(found.values())


def _leads_on(address: str) -> bool:
    path = urlsplit(address).path
    if _FILES.search(path):
        return False
    folders = Counter(part for part in path.split("/") if part)
    return not folders or max(folders.values()) < 3
