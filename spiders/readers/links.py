"""Turn an aggregator's link back into the publisher's address, offline."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, urljoin, urlsplit

from storage.identity import LONGEST_HOST, LONGEST_URL
from storage.text import without_invisible

_WRAPS = {  # host (without www.) and path prefix -> the parameter that holds the address
    ("bing.com", "/news/apiclick.aspx"): ("url",),
    ("google.com", "/url"): ("q", "url"),
    ("news.url.google.com", "/"): ("url",),
    ("l.facebook.com", "/l.php"): ("u",),
    ("lm.facebook.com", "/l.php"): ("u",),
    ("out.reddit.com", "/"): ("url",),
    ("slashdot.org", "/submit"): ("url",),
}
_WRAPPERS = {host for host, _ in _WRAPS}
_BREAKS = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]")  # browsers, too, take them out
_GOOGLE_PATHS = ("/rss/articles/", "/articles/", "/__i/rss/rd/articles/", "/read/")


def is_google_news(url: str) -> bool:
    """Whether an address is Google News' own link to an article."""
    if "news.google.com" not in url.lower():
        return False
    parts, host = _split(url)
    return parts is not None and host == "news.google.com" and parts.path.startswith(_GOOGLE_PATHS)


def unwrap(url: str) -> str | None:
    """Return the publisher's address behind an aggregator's link; the address itself where it is no such link; None where it is
    one that cannot be turned back (Google News since mid-2024). What was wrapped is an address as any other, and read as one."""
    parts, host = _split(url)
    if parts is None:
        return url
    if is_google_news(url):
        return absolute("", _google(parts.path.rsplit("/", 1)[-1]) or "") or None
    host = host.removeprefix("www.")
    if host not in _WRAPPERS:
        return url
    for (wrapper, path), names in _WRAPS.items():
        if host == wrapper and parts.path.lower().startswith(path):
            asked = parse_qs(parts.query)
            for name in names:
                for value in asked.get(name, []):
                    if value.startswith(("http://", "https://")) and (real := absolute("", value)):
                        return real
            return None if wrapper == "bing.com" else url
    return url


def absolute(base: str, link: str) -> str:
    """Return `link` as an absolute http(s) address, "" where it is none."""
    link = _BREAKS.sub("", without_invisible(link.strip()))
    if not link or len(link) > LONGEST_URL:
        return ""
    try:
        joined = urljoin(base, link) if "://" not in link[:10] else link
    except ValueError:
        return ""
    parts, host = _split(joined)
    if parts is None or parts.scheme not in {"http", "https"} or not host or len(host) > LONGEST_HOST:
        return ""
    return joined if joined.startswith("http") else parts.scheme + joined[len(parts.scheme) :]


@lru_cache(maxsize=512)
def _split(url: str) -> tuple[SplitResult | None, str]:
    """The parts and the host of an address; the host is asked for often and found anew by urllib each time."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        return parts, parts.hostname or ""
    except ValueError:
        return None, ""


def _google(token: str) -> str | None:
    """Read the small protocol buffer of an old Google News token: bytes 08 13 22, a length, then the address."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    start = data.find(b"\x22", 0, 8)
    if start < 0:
        return None
    length, shift, at = 0, 0, start + 1
    while at < len(data) and shift < 28:  # a base-128 varint
        length |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            break
    inner = data[at : at + length]
    if not inner.startswith((b"http://", b"https://")):
        return None
    try:
        return inner.decode("utf-8")
    except UnicodeDecodeError:
        return None
