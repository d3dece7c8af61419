"""The date that an article's page shows where it states none for programs: in its address, beside its headline, else as htmldate finds it.

Pages are full of other dates: today's in the head, those of related articles and comments, of what the article tells about. So only what
stands beside the headline is believed, or what says that it is the date of publication; else the date stays unknown. Pure.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from spiders.pages.frame import is_date
from spiders.readers.dates import read_date, stamped_date
from spiders.readers.moments import counts_back, read_moment, url_date
from storage.identity import outlet_host
from storage.text import clean_text

_CLASS = re.compile(r"(?:^|[\s_-])(?:date|time|published|pubdate|posted|timestamp|datetime|ngay|byline)(?:$|[\s_-])", re.I)
_PUBLISHED = re.compile(
    r"publi[ée]e?\b|mise? en ligne|published|posted|(?:ngày\s+|được\s+)?đăng\b|xuất bản|date-?(?:published|publication)|pubdate|entry-date|veröffentlicht|公開|掲載|게시|发布",
    re.I,
)
_UPDATED = re.compile(r"cập nhật|updated|modified|mise?s? à jour|modifi[ée]|更新|수정", re.I)
_AFTER, _BEFORE = 600, 250  # letters of text between a headline and its date
_NEAR = 3  # levels up from the headline that still are the article's own
_LONGEST = 400  # letters of an element that holds a date
_AHEAD = timedelta(days=1)  # zones that nobody states; a date further ahead is of something else
_TELLING = {"h1", "h2", "h3", "title", "ul", "ol", "table", "blockquote", "img", "a", "time", "header"}
_MOST = 2_000  # elements looked at
_RUNNING = 80  # letters of a paragraph that tells something: what it dates is not the page
_BYLINE = re.compile(r"(?:par|by|written by|von|tác giả:?)\s", re.I)
_AND = {"et", "and", "và", "und", "de", "du", "van", "von", "le", "la"}
_CLOCK_PART = re.compile(r"\d{1,2}\s?(?::|h|giờ)\s?\d{2}\b.{0,20}", re.I)
_PARTS = re.compile(r"\s[-–—|·•]\s|[|·•]")  # "An Bình | 20/11/2026 | 4 min"


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A date on the page."""

    moment: datetime
    text: str
    at: int  # letters of text before it
    said: bool  # it says that it is the date of publication
    updated: bool  # ... of an update
    listed: bool  # within a list or a link's words: of another article, most likely
    close: bool  # within the same part of the page as the headline


def shown_date(root: Any, url: str, zone: str, now: datetime) -> tuple[datetime | None, str]:
    """Return the date of publication that a page's address holds or that its readers see, and its words; None and "" if it is unknown.

    A number in the address that holds the time is exact. A day in the address is more than what is visible; where both are of the same
    day, what is visible has the hour.

    Args:
        root: the parsed page without its frame; it stays as it is.
        zone: IANA name of the outlet's zone, for dates without one.
        now: what "2 hours ago" counts back from, and what no date lies far ahead of.
    """
    stamped = stamped_date(url, outlet_host(url), zone)
    if stamped is not None and stamped <= now + _AHEAD:
        return stamped, ""
    day, (seen, text) = url_date(url, zone), _beside_headline(root, zone, now)
    if day is not None and day <= now + _AHEAD and (seen is None or not timedelta(0) <= seen - day < timedelta(days=1)):
        return day, ""
    return (seen, text) if seen is not None else (_by_htmldate(root, zone, now), "")


def _beside_headline(root: Any, zone: str, now: datetime) -> tuple[datetime | None, str]:
    headline, begins, ends, seen = _dates(root, zone, now)
    for updated in (False, True):
        ours = [one for one in seen if one.updated is updated]
        if headline is None:
            likely = [one for one in ours if one.said and not one.listed] or [one for one in ours if one.at < _AFTER and not one.listed][:1]
        else:
            likely = [one for one in ours if ends <= one.at <= ends + _AFTER and not one.listed]
            likely += [one for one in ours if begins - _BEFORE <= one.at <= begins and one.close]
            likely += [one for one in ours if one.said and not one.listed]
        if likely:
            best = next((one for one in likely if not counts_back(one.text)), likely[0])  # "1 minute ago" may be of whoever reads along
            return best.moment, best.text
    return None, ""


def _dates(root: Any, zone: str, now: datetime) -> tuple[Any, int, int, list[_Seen]]:
    """Walk the page once; returns its headline, the letters before it and up to its end, and all dates in order."""
    headline = next(iter(root.iter("h1")), None)
    near = _part_of(headline)
    seen: list[_Seen] = []
    at = begins = ends = looked_at = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            ends = at if element is headline else ends
            at += len((element.tail or "").strip())
            continue
        begins = at if element is headline else begins
        at += len((element.text or "").strip())
        if looked_at >= _MOST or not isinstance(element.tag, str):
            continue
        words = _words(element)
        if not words:
            continue
        looked_at += 1
        text, moment = next(((one, when) for one in words if (when := read_moment(one, zone, now)) and when <= now + _AHEAD), ("", None))
        if moment is None:
            continue
        name = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        shown = clean_text(" ".join(element.itertext()), 200)
        seen.append(
            _Seen(
                moment=moment,
                text=clean_text(text, 100),
                at=at,
                said=bool(_PUBLISHED.search(f"{name} {shown}")),
                updated=bool(_UPDATED.search(shown)) and not _PUBLISHED.search(shown),
                listed=_is_listed(element, len(shown)),
                close=near is not None and any(one is near for one in element.iterancestors()),
            )
        )
    return headline, begins, ends, seen


def _words(element: Any) -> list[str]:
    """What an element says that may be a date, the surest first; nothing where it cannot be one."""
    if element.tag == "time":
        return [one for one in (element.get("datetime") or "", clean_text(element.text_content(), 120)) if one]
    dated = element.get("itemprop") == "datePublished" or _CLASS.search(element.get("class") or "")
    if len(element) > 6 or (not dated and sum(len(text) for text in (element.text or "", *(child.tail or "" for child in element))) > 120):
        return []
    if element.get("content") and dated:
        return [element.get("content")[:120]]
    text = " ".join(element.itertext())
    if len(text) > _LONGEST or not any(character.isdigit() for character in text):
        return []
    text = _without_update(clean_text(text, 120))
    if dated or (len(text) <= 100 and _PUBLISHED.match(text)):
        return [text]
    own = clean_text(" ".join((element.text or "", *(child.tail or "" for child in element))), 120)  # without the words of its links
    return (_after_byline(text) or _date_parts(text) or _date_parts(own)) if len(text) <= 100 else []


def _after_byline(text: str) -> list[str]:
    """The date in "Par Jeanne Exemple, le mardi 17 novembre 2026 à 07:12": after some names, and nothing behind it."""
    begins = _BYLINE.match(text)
    words = text[begins.end() :].split() if begins else []
    for at, word in enumerate(words[:8]):
        if at and is_date(" ".join(words[at:])):
            return [" ".join(words[at:])]
        if not (word[0].isupper() or word in _AND):
            break
    return []


def _without_update(text: str) -> str:
    """A line without what it says of an update before or after the date of publication."""
    update, published = _UPDATED.search(text), _PUBLISHED.search(text)
    if update is None or published is None:
        return text
    ours = text[: update.start()] if published.start() < update.start() else text[published.start() :]
    return ours if any(character.isdigit() for character in ours) else text


def _date_parts(text: str) -> list[str]:
    """The parts of a line that are dates, each with a time of day that stands in the part beside it."""
    parts = [part.strip() for part in _PARTS.split(text)]
    found = []
    for at, part in enumerate(parts):
        if is_date(part) and not _CLOCK_PART.fullmatch(part):
            clock = next((one for one in (*parts[at + 1 : at + 2], *parts[max(at - 1, 0) : at]) if _CLOCK_PART.fullmatch(one)), "")
            found.append(f"{part} {clock}".strip())
        elif counts_back(part):
            found.append(part)
    return found


def _is_listed(element: Any, length: int) -> bool:
    """Whether a date stands within a list, or in a link that says more than the date."""
    for above in element.iterancestors():
        if above.tag in {"li", "a"} and _says_more_than(length + 20, above):
            return True
        if above.tag in {"article", "main", "body"}:
            break
    return False


def _says_more_than(letters: int, element: Any) -> bool:
    """Whether an element's text is longer; of a long one no more than that is read."""
    for text in element.itertext():
        letters -= len(text)
        if letters < 0:
            return True
    return False


def _part_of(headline: Any) -> Any:
    """The part of the page that a headline stands in: some levels up, never the whole page."""
    part = headline
    for _ in range(_NEAR):
        above = part.getparent() if part is not None else None
        if above is None or above.tag in {"body", "html"}:
            break
        part = above
    return part if part is not headline else None


def _by_htmldate(root: Any, zone: str, now: datetime) -> datetime | None:
    """The midnight of the day that htmldate finds in what is left: lines that are no running text, no list, no date judged above."""
    import htmldate

    bare = deepcopy(root)
    for element in list(bare.iter(etree.Element)):
        if element.tag == "p":
            told = len(element.text_content()) > _RUNNING
        else:
            told = element.tag in _TELLING or _CLASS.search(element.get("class") or "") is not None
        if told:
            _take_out(element)
    try:
        found = htmldate.find_date(
            bare,
            extensive_search=False,
            original_date=True,
            outputformat="%Y-%m-%d",
            min_date="1995-01-01",
            max_date=f"{now + _AHEAD:%Y-%m-%d}",
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, etree.LxmlError):
        return None
    return read_date(found, zone) if found else None


def _take_out(element: Any) -> None:
    parent = element.getparent()
    if parent is not None:
        element.tail = None
        parent.remove(element)


__all__ = ["shown_date"]
