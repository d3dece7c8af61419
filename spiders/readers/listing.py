"""Read a page that lists articles and has no feed: find the links that repeat, with headline and date. Bytes in, addresses out. Pure.

links -> points for each (headline, heading, slug, date beside it; frame against) -> groups of links that stand alike -> the best
group and those near it. What stands alike is the page's shape: when it is gone, the page was redesigned.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as lxml_html

from spiders.pages.charset import as_utf8
from spiders.pages.frame import names_frame
from spiders.readers.dates import stamped_date
from spiders.readers.links import absolute
from spiders.readers.moments import read_moment, url_date
from spiders.readers.paging import next_page
from spiders.readers.plain import title as clean_title
from spiders.readers.sites import Rule, rule_of
from storage.errors import ReadError
from storage.identity import canonical_url, outlet_host
from storage.text import TITLE_LIMIT, clean_text

LARGEST_LISTING = 8 * 1024 * 1024  # bytes
MOST_LINKS = 5_000
FEWEST = 3  # links that stand alike are a list
_GOOD = 4.0  # points that an article's link has at least
_CERTAIN = 6.0  # ... and has all of them
_MANY, _MANY_POINTS = 10, 0.5  # so many that stand alike speak for themselves
_NEAR = 0.6  # of the best group's points: another list of articles on the same page
_HIGHEST = 6  # steps from a link to the box that holds what belongs to it
_SHORT_TEXT = 60  # code points; a longer text beside a headline is no date ...
_LONG_TEXT = 300  # ... unless its element's name says that it holds one
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_NO_ARTICLE = re.compile(
    r"/(?:tags?|tu-khoa|chu-de|topics?|category|categories|chuyen-muc|authors?|tac-gia|search|tim-kiem|login|dang-nhap|register|subscribe|rss|feed|"
    r"contact|lien-he|about|gioi-thieu|privacy|terms|video|photo|podcast)s?(?:/|$|\.html?$)|/pages?(?:/\d+)?/?$|\.(?:jpe?g|png|gif|webp|svg|pdf|zip|mp[34]|css|js|xml|rss)$",
    re.I,
)
_MORE = re.compile(
    r"^(?:read more|more|xem (?:thêm|chi tiết)|chi tiết|đọc (?:thêm|tiếp)|lire (?:la suite|plus)|en savoir plus|»|›|>|\.\.\.)\W*$", re.I
)
# What differs from one article to the next: numbers, places in the list, and what WordPress says of a post.
_STATE = re.compile(
    r"\d+|^(?:first|last|odd|even|active|current|hidden|show|col|row|clearfix|lazy|loaded|sticky|(?:has|is|category|tag|author|format|status|type)-.*)$",
    re.I,
)
_SIGNS = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_BY_NUMBER = re.compile(r"(?:^|&)(?:p|id|post|article|newsid)=\d+", re.I)
_TITLE_CLASS = re.compile(r"title|headline|heading|tieu-?de|tit\b", re.I)
_DATE_CLASS = re.compile(r"date|time|ngay|posted|published|pubdate|meta", re.I)
_SCRIPTED = re.compile(rb"""<(?:div|main)[^>]+id=["']?(?:root|app|__next|__nuxt|gatsby)\b""", re.I)


class ListingBroken(ReadError):
    """A page that does not list what it should any more."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """One article as a page lists it."""

    url: str
    title: str
    published: datetime | None = None
    stated: str = ""  # the date as written, where it lay in the future


@dataclass(frozen=True, kw_only=True)
class ListingReading:
    """What a page lists."""

    links: tuple[Link, ...]
    shape: str  # how its list stands in the page: tags and classes
    by: str  # "links", or the host whose rule found them
    next: str  # address of the next page, "" where there is none
    why: str = ""  # a rule that found nothing: says so


def read_listing(body: bytes, *, url: str, encoding: str | None, zone: str, now: datetime, only: str = "") -> ListingReading:
    """Read a page of links to articles.

    Args:
        encoding: from the response's header; None lets the page say.
        zone: IANA name, for dates without a zone.
        now: nothing is dated later than this.
        only: a regular expression that addresses have to match somewhere; what matches counts as an article, whatever it looks like.

    Raises:
        ListingBroken: it lists nothing; says what may be the reason.
        ReadError: it is no page.
    """
    root = _parsed(body, encoding)
    rule = rule_of(outlet_host(url), urlsplit(url).path)
    wanted = re.compile(only) if only else None
    why = ""
    if rule is not None:
        if links := _by_rule(root, rule, url, zone, now, wanted):
            return ListingReading(links=tuple(links), shape=rule.shape, by=rule.host, next=next_page(root, url))
        why = f"the rule for {rule.host} (of {rule.checked}) finds nothing on the page any more"
    spots = _spots(root, url, wanted)
    groups = _groups(spots, any_points=wanted is not None)
    if not groups:
        raise ListingBroken(why or _nothing(body, spots))
    chosen = {id(spot) for group in groups for spot in group}
    links = [_link(spot, zone, now) for spot in spots if id(spot) in chosen]
    return ListingReading(links=tuple(links), shape=groups[0][0].shape, by="links", next=next_page(root, url), why=why)


def _parsed(body: bytes, encoding: str | None) -> Any:
    if not body.strip():
        raise ReadError("the answer is empty")
    if len(body) > LARGEST_LISTING:
        raise ReadError(f"the page is larger than {LARGEST_LISTING // 1024**2} MiB")
    known = as_utf8(body, encoding)
    try:
        parser = lxml_html.HTMLParser(encoding=None if known is None else "utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
        return lxml_html.document_fromstring(body if known is None else known, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError, AssertionError) as error:
        raise ReadError(f"the page cannot be parsed: {clean_text(str(error), 200)}") from error


def _nothing(body: bytes, spots: Sequence[_Spot]) -> str:
    if _SCRIPTED.search(body) or body.count(b"<script") > 3 * max(len(spots), 1):
        return "no list of articles stands in the page; it seems to be drawn by script"
    return "no list of articles stands in the page"


# ------------------------------------------------------------------ links and what speaks for them


@dataclass
class _Spot:
    """An address on the page, with the links to it taken together."""

    url: str
    title: str
    box: Any  # the largest element round it that leads nowhere else
    shape: str
    points: float = 0.0
    texts: list[str] = field(default_factory=list)


def _spots(root: Any, url: str, wanted: re.Pattern[str] | None) -> list[_Spot]:
    """Collect the addresses of a page that may be articles, in the page's order, each once."""
    here, own = outlet_host(url), canonical_url(url)
    below = urlsplit(url).path.rstrip("/").lower()
    anchors: dict[str, list[tuple[Any, str]]] = {}
    for anchor in root.iter("a"):
        link = absolute(url, anchor.get("href") or "").partition("#")[0]
        key = canonical_url(link) if link else ""
        if not key or key == own or not _same_site(outlet_host(link), here) or len(anchors) > MOST_LINKS:
            continue
        if (wanted is not None and not wanted.search(link)) or (wanted is None and _is_no_article(link, below)):
            continue
        anchors.setdefault(key, []).append((anchor, link))
    frames = _Frames(root)
    leads = {id(anchor): key for key, group in anchors.items() for anchor, _ in group}
    spots = []
    for key, group in anchors.items():
        title, anchor = _best_title([one for one, _ in group])
        if title:
            box = _box(anchor, key, leads)
            spot = _Spot(url=group[0][1], title=title, box=box, shape=_shape(anchor))
            spot.points = _points(spot, anchor, url, frames)
            spots.append(spot)
    return spots


def _is_no_article(link: str, below: str) -> bool:
    """Whether an address is surely none of an article: a home page (unless it asks for one by number), a section, a file.

    What an address has in common with the page's own path (`below`) says nothing: the releases of /about/news stand below it.
    """
    parts = urlsplit(link)
    if parts.path in {"", "/"}:
        return _BY_NUMBER.search(parts.query) is None
    steps = parts.path.split("/")
    shared = sum(1 for _ in takewhile(lambda pair: pair[0].lower() == pair[1], zip(steps, below.split("/"), strict=False)))
    return _NO_ARTICLE.search("/" + "/".join(steps[shared:])) is not None


def _same_site(host: str, here: str) -> bool:
    return host == here or host.endswith(f".{here}") or here.endswith(f".{host}")


def _best_title(anchors: Sequence[Any]) -> tuple[str, Any]:
    """The headline among the links to one address: what stands in a heading, else the longest text, else a picture's words."""
    found: list[tuple[int, int, str, Any]] = []
    for anchor in anchors:
        heading = next((one for one in anchor.iter(*_HEADINGS)), None)
        text = clean_title(" ".join((heading if heading is not None else anchor).text_content().split()), TITLE_LIMIT)
        if _MORE.match(text):
            text = ""
        headed = heading is not None or any(one.tag in _HEADINGS for one in anchor.iterancestors())
        if text:
            found.append((2 if headed else 1, min(len(text), 150), text, anchor))
        elif named := clean_title(anchor.get("title") or anchor.get("aria-label") or "", TITLE_LIMIT):
            found.append((0, min(len(named), 150), named, anchor))
    if not found:
        return "", anchors[0]
    _, _, text, anchor = max(found, key=lambda one: one[:2])
    return text, anchor


def _box(anchor: Any, key: str, leads: dict[int, str]) -> Any:
    """Climb from a link while nothing else is led to: picture, summary and date of an article stand in there."""
    box = anchor
    for _ in range(_HIGHEST):
        parent = box.getparent()
        if parent is None or parent.tag in {"body", "html", "main"}:
            return box
        for other in parent.iter("a"):
            if leads.get(id(other), key) != key:
                return box
        box = parent
    return box


def _shape(anchor: Any) -> str:
    """How a link stands in the page: its tags and lasting classes, up to the sixth ancestor."""
    parts = []
    for element in [anchor, *anchor.iterancestors()][: _HIGHEST + 1]:
        names = [name for name in (element.get("class") or "").split() if not _STATE.search(name)]
        parts.append(".".join([str(element.tag), *sorted(names)[:2]]))
        if element.tag in {"body", "main"}:
            break
    return ">".join(reversed(parts))[:500]


class _Frames:
    """Which boxes of a page are frame: by their names, unless most of the headlines stand in them (a layout called "with-sidebar")."""

    def __init__(self, root: Any) -> None:
        self._all = _headlines(root)
        self._known: dict[Any, bool] = {}

    def __contains__(self, element: Any) -> bool:
        if element.tag in {"nav", "footer", "aside"}:
            return True
        if element not in self._known:
            named = element.tag != "body" and names_frame(element)
            self._known[element] = named and not 2 * _headlines(element) > self._all > 0
        return self._known[element]


def _headlines(box: Any) -> int:
    return sum(1 for heading in box.iter(*_HEADINGS) if heading.find(".//a") is not None or heading.getparent().tag == "a")


def _points(spot: _Spot, anchor: Any, url: str, frames: _Frames) -> float:
    """What speaks for a link being an article's, and what against it."""
    points = 0.0
    words = len(spot.title.split())
    # Chinese and Japanese say in ten signs what takes thirty letters here, and write no blanks.
    letters = len(spot.title) + 2 * len(_SIGNS.findall(spot.title))
    points += 2 if words >= 5 or letters >= 25 else 1 if words >= 3 or letters >= 10 else -1
    ancestors = list(anchor.iterancestors())
    near = [anchor, *ancestors[:3]]
    if any(one.tag in _HEADINGS for one in (*near, *anchor.iter(*_HEADINGS))):
        points += 2
    elif any(_TITLE_CLASS.search(one.get("class") or "") for one in near):
        points += 1
    points += _slug_points(spot.url, url)
    if _date_text(spot.box):
        points += 2
    if spot.box.find(".//img") is not None:
        points += 0.5
    if any(one in frames for one in ancestors[:8]):
        points -= 3
    return points


def _slug_points(link: str, url: str) -> float:
    """Articles have long names or numbers; sections have short ones."""
    parts = urlsplit(link)
    last = parts.path.rstrip("/").rpartition("/")[2]
    points = 0.0
    if last.count("-") >= 3 or last.count("_") >= 3:
        points += 2
    if re.search(r"\d{4,}", last) or re.search(r"(?:^|[?&])(?:id|p|article|newsid)=\d+", parts.query, re.I):
        points += 1
    if url_date(link) is not None:
        points += 1
    below = urlsplit(url).path.rstrip("/")
    if below and parts.path.startswith(below + "/"):
        points += 0.5
    return points


def _groups(spots: Sequence[_Spot], *, any_points: bool) -> list[list[_Spot]]:
    """Choose the groups of links that stand alike and look like articles, the best first."""
    by_shape: dict[str, list[_Spot]] = defaultdict(list)
    for spot in spots:
        by_shape[spot.shape].append(spot)
    least = -math.inf if any_points else _GOOD
    rated = sorted(((_mean(group), group) for group in by_shape.values()), key=lambda one: -one[0] * math.log1p(len(one[1])))
    fewest = 1 if any_points else FEWEST
    lists = [(mean, group) for mean, group in rated if len(group) >= fewest and mean >= least - _MANY_POINTS * (len(group) >= _MANY)]
    # A newsroom that has just begun: one or two links with all that an article's link has (a heading, a date, a long name) will do.
    lists = lists or [(mean, group) for mean, group in rated if mean >= _CERTAIN]
    if not lists:
        return []
    best_mean, best = lists[0]
    least = min(least, best_mean)
    kept = [best]
    for mean, group in rated:
        if group is not best and mean >= max(least, _NEAR * best_mean) and (len(group) >= 2 or mean >= least + 1):
            kept.append(group)
    return kept


def _mean(group: Sequence[_Spot]) -> float:
    return sum(spot.points for spot in group) / len(group)


# ------------------------------------------------------------------ dates, rules


def _date_text(box: Any) -> str:
    """The text of a date in an article's box, "" where none stands there."""
    for element in box.iter("time", "span", "div", "p", "small", "em", "i", "li", "td"):
        stated = element.get("datetime")
        if stated:
            return str(stated)[:120]
        named = element.tag == "time" or _DATE_CLASS.search(element.get("class") or "") is not None
        if not named and len(element):
            continue
        text = " ".join(element.text_content().split())
        if named and _SHORT_TEXT < len(text) <= _LONG_TEXT and (found := _TIME_WORDS.search(text)):
            return text[found.start() : found.start() + _SHORT_TEXT]  # "Posted in Politics, Health, ... on January 30, 2026"
        if 4 <= len(text) <= _SHORT_TEXT and any(character.isdigit() for character in text) and _speaks_of_time(text):
            return text
    return ""


_TIME_WORDS = re.compile(
    r"\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?\d{2,4}|\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}|[年년]|tháng\s*\d|trước\b|ago\b|il y a\b|前|"
    r"\b(?:jan|feb|f[ée]v|mar|apr|avr|may|mai|jun|juin|jul|juil|aug|ao[uû]t|sep|oct|nov|d[ée]c)[^\W\d_]*\.?,?\s+\d|"
    r"\d{1,2}(?:er|st|nd|rd|th)?\s+(?:jan|feb|f[ée]v|mar|apr|avr|may|mai|jun|juin|jul|juil|aug|ao[uû]t|sep|oct|nov|d[ée]c)",
    re.I,
)


def _speaks_of_time(text: str) -> bool:
    return _TIME_WORDS.search(text) is not None


def _link(spot: _Spot, zone: str, now: datetime) -> Link:
    return _dated(spot.url, spot.title, _date_text(spot.box), zone, now)


def _dated(url: str, title: str, text: str, zone: str, now: datetime) -> Link:
    found = read_moment(text, zone, now) if text else None
    stated = clean_text(text, 100) if found is not None and found > now else ""
    found = found or stamped_date(url, outlet_host(url), zone)
    return Link(url=url, title=title, published=min(found, now) if found else None, stated=stated)


def _by_rule(root: Any, rule: Rule, url: str, zone: str, now: datetime, wanted: re.Pattern[str] | None) -> list[Link]:
    """The articles that a site's own rule finds, each once."""
    links: dict[str, Link] = {}
    for item in root.cssselect(rule.item):
        anchor = next(iter(_matching(item, rule.link)), None)
        link = absolute(url, anchor.get("href") or "").partition("#")[0] if anchor is not None else ""
        if anchor is None or not link or (wanted is not None and not wanted.search(link)):
            continue
        named = next(iter(_matching(item, rule.title)), anchor) if rule.title else anchor
        title = clean_title(" ".join((named.text_content() or "").split()), TITLE_LIMIT) or clean_title(
            anchor.get("title") or "", TITLE_LIMIT
        )
        date = next(iter(_matching(item, rule.date)), None) if rule.date else None
        text = _date_text(item) if date is None else date.get("datetime") or " ".join(date.text_content().split())
        if title:
            links.setdefault(canonical_url(link) or link, _dated(link, title, text[:120], zone, now))
    return list(links.values())


def _matching(item: Any, selector: str) -> Iterable[Any]:
    """The elements in a box that a selector names."""
    found: list[Any] = item.cssselect(selector)
    return found
