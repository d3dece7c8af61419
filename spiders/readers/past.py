"""The ways into the past of a feed or a search: the next archive page of a feed, a search between two days. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from spiders.readers.links import absolute

WINDOW = timedelta(days=7)
GDELT_REACH = timedelta(days=88)  # it searches three months back
_LINK = re.compile(rb"<(?:[\w.-]+:)?link\b[^<>]{0,2000}>", re.I)
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)')")
_WORDPRESS = re.compile(rb"<generator>[^<]*wordpress", re.I)
_WHEN = re.compile(r"\s*\b(?:when:\w+|after:\S+|before:\S+)", re.I)


def next_archive(body: bytes, url: str) -> str:
    """Return the address of the page before this one in time, "" where the feed names none.

    RFC 5005 says it with rel="prev-archive" (archived feeds) or rel="next" (paged feeds); JSON Feed with `next_url`; WordPress counts
    `paged` upwards and says nothing.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _own(url, _next_url(body))
    named: dict[str, str] = {}
    for tag in _LINK.findall(body[:200_000]):
        pairs = {name.lower(): unescape(one or two) for name, one, two in _ATTRIBUTE.findall(tag.decode("utf-8", "replace"))}
        for rel in pairs.get("rel", "").lower().split():
            named.setdefault(rel, pairs.get("href", ""))
    if link := named.get("prev-archive") or named.get("next"):
        return _own(url, link)
    parts = urlsplit(url)
    if _WORDPRESS.search(body[:20_000]) or parts.path.rstrip("/").endswith("/feed"):
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        page = int(query.get("paged", "1")) if re.fullmatch("[0-9]{1,9}", query.get("paged", "1")) else 1
        return parts._replace(query=urlencode(query | {"paged": str(page + 1)})).geturl()
    return ""


def _next_url(body: bytes) -> str:
    try:
        data = json.loads(body.lstrip(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return ""
    link = data.get("next_url") if isinstance(data, dict) else None
    return link if isinstance(link, str) else ""


def _own(url: str, link: str) -> str:
    """A link in full if it stays on the feed's host."""
    address = absolute(url, link) if link else ""
    return address if urlsplit(address).hostname == urlsplit(url).hostname else ""


def hacker_news(url: str) -> list[str]:
    """Return the searches of Hacker News itself (Algolia) that stand for one of hnrss.org, one a name; that knows no windows of time."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query)).get("q", "")
    if parts.hostname != "hnrss.org" or not asked:
        return []
    query = "advancedSyntax=true&tags=story&hitsPerPage=100"
    return [f"{parts.scheme}://hn.algolia.com/api/v1/search_by_date?query={quote(name, safe='')}&{query}" for name in asked.split(" OR ")]


def has_windows(url: str) -> bool:
    """Whether a search can be asked for a window of time."""
    return (urlsplit(url).hostname or "") in {"news.google.com", "api.gdeltproject.org", "hn.algolia.com"}


def between(url: str, since: datetime, until: datetime, now: datetime) -> str | None:
    """Return the address of a search, asked for a window of time; None where its engine cannot be asked so.

    Google News takes days (after: and before:), GDELT seconds, three months back; Hacker News (Algolia) seconds.
    """
    parts = urlsplit(url)
    host, query = parts.hostname or "", parse_qsl(parts.query, keep_blank_values=True)
    if host == "news.google.com" and parts.path == "/rss/search":
        days = f" after:{since:%Y-%m-%d} before:{until:%Y-%m-%d}"
        changed = [(name, _WHEN.sub("", value).strip() + days if name == "q" else value) for name, value in query]
    elif host == "api.gdeltproject.org":
        if since < now - GDELT_REACH:
            return None
        changed = [pair for pair in query if pair[0].lower() not in {"timespan", "startdatetime", "enddatetime"}]
        changed += [("startdatetime", f"{since:%Y%m%d%H%M%S}"), ("enddatetime", f"{until:%Y%m%d%H%M%S}")]
    elif host == "hn.algolia.com":
        changed = [pair for pair in query if pair[0] != "numericFilters"]
        changed += [("numericFilters", f"created_at_i>={int(since.timestamp())},created_at_i<{int(until.timestamp())}")]
    else:
        return None
    return parts._replace(query=urlencode(changed)).geturl()


def shortest(url: str) -> timedelta:
    """Return the shortest window that a search can be asked for: Google News knows days, the others seconds."""
    return timedelta(days=1) if (urlsplit(url).hostname or "") == "news.google.com" else timedelta(hours=1)


def windows(since: datetime, until: datetime, length: timedelta = WINDOW) -> Iterator[tuple[datetime, datetime]]:
    """Yield windows from the latest to the earliest; they begin at midnights, so that another run cuts alike."""
    begin = since.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = []
    while begin < until:
        starts.append((begin, min(begin + length, until)))
        begin += length
    yield from reversed(starts)
