"""Read the dates that feeds and pages write, into aware UTC; bounded patterns only, since such text is anybody's.

Never invents: what cannot be read is None. A date without a zone is read in the source's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

LONGEST = 120  # code points; no date is longer
EARLIEST = 1990

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january janv janvier ene enero januar gennaio",
            "feb february févr fevr février fevrier fév febrero februar febbraio",
            "mar march mars marzo märz maerz mrz",
            "apr april avr avril abr abril aprile",
            "may mai mayo maggio",
            "jun june juin junio juni giugno",
            "jul july juil juillet julio juli luglio",
            "aug august août aout ago agosto",
            "sep sept september septembre septiembre settembre",
            "oct october octobre octubre okt oktober ottobre",
            "nov november novembre noviembre",
            "dec december déc décembre decembre dic diciembre dez dezember dicembre",
        ),
        1,
    )
    for name in names.split()
}
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 60, "ist": 330, "west": 60, "cet": 60, "cest": 120, "met": 60, "mest": 120,
    "eet": 120, "eest": 180, "msk": 180, "ict": 420, "jst": 540, "kst": 540, "sgt": 480, "hkt": 480, "aest": 600, "aedt": 660,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "ast": -240, "adt": -180,
    "nst": -210, "ndt": -150, "hae": -240, "hne": -300,
}  # fmt: skip

# What most feeds write, to the letter (RFC 822 with four digits, ISO 8601): read at once, since dates are a tenth of reading a feed.
_EXACT_MAIL = re.compile(r"(?:[a-z]{3}, )?(\d\d?) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:([+-])(\d\d)(\d\d)|gmt|utc|z)")
_EXACT_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)t(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:([+-])(\d\d):(\d\d)|z)")

_CLOCK = r"(?P<hour>\d{1,2})(?::|\s?h\s?|\.|\s?giờ\s?)(?P<minute>\d{2})?(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?P<half>[ap]\.?\s?m\b\.?|(?:sa|ch|sáng|trưa|chiều|tối)\b)?"
_ZONE = r"\s*\(?\s*(?P<zone>(?:gmt|utc)?\s*[+\-−]\s*\d{1,2}(?::?\d{2})?|z\b|[a-z]{2,5}\b)?\s*\)?"
_ISO = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})"
    r"(?:[t\s]+(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?P<zone>z|[+\-−]\d{2}(?::?\d{2})?|[a-z]{2,4})?)?\b"
)
_NAMED = re.compile(
    r"(?P<day>\d{1,2})(?:er|st|nd|rd|th|\.)?[\s\-/]+(?:de\s+)?(?P<name>[^\W\d_]{3,10})\.?,?[\s\-/]+(?:de\s+)?(?P<year>\d{4}|\d{2})\b"
)
_NAMED_FIRST = re.compile(r"(?P<name>[^\W\d_]{3,10})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})\b")
_ASCTIME = re.compile(r"(?P<name>[a-z]{3})\s+(?P<day>\d{1,2})\s+\d{1,2}:\d{2}:\d{2}\s+(?:[a-z]{3,5}\s+)?(?P<year>\d{4})\b")
_NUMBERS = re.compile(r"\b(?P<one>\d{1,2})(?P<mark>[/.\-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})\b")
_VIETNAMESE_MONTHS = {
    name: number
    for number, names in enumerate(
        ("một/giêng", "hai", "ba", "tư/bốn", "năm", "sáu", "bảy/bẩy", "tám", "chín", "mười", "mười một", "mười hai/chạp"), 1
    )
    for name in names.split("/")
}
_MONTH_WORD = "|".join(sorted(_VIETNAMESE_MONTHS, key=len, reverse=True))
_VIETNAMESE = re.compile(rf"\b(?P<day>\d{{1,2}})\s+tháng\s+(?P<month>\d{{1,2}}|{_MONTH_WORD})\b,?(?:\s+năm)?,?\s+(?P<year>\d{{4}})\b")
_VIETNAMESE_FIRST = re.compile(rf"\btháng\s+(?P<month>\d{{1,2}}|{_MONTH_WORD})\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})\b")
_CJK = re.compile(r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]?")
_YEAR_FIRST = re.compile(r"\b(?P<year>\d{4})[/.](?P<month>\d{1,2})[/.](?P<day>\d{1,2})\b")
_TIME = re.compile(r"\b" + _CLOCK + _ZONE)
_FULL_HOUR = re.compile(r"\b(?:à|lúc|vào)\s+(?P<hour>\d{1,2})\s?(?:h|heures?|giờ)\b(?:\s*(?P<half>sáng|trưa|chiều|tối)\b)?")

# Where 11/05/2026 is the fifth of November.
_AMERICAN = frozenset(
    f"America/{place}"
    for place in "New_York Chicago Denver Los_Angeles Phoenix Detroit Boise Anchorage Juneau Indiana/Indianapolis Kentucky/Louisville".split()
) | {"Pacific/Honolulu", "US/Eastern", "US/Central", "US/Mountain", "US/Pacific"}

# House numbers that hold the local time of creation (see the hosts): prefix + yymmddhhmmss + a counter.
_STAMPED = (
    (re.compile(r"-(?:100|185|165|188)(\d{12})\d{2,8}\.(?:htm|chn|html)\b"), "%y%m%d%H%M%S", ("tuoitre.vn", "thanhnien.vn", "genk.vn", "cafef.vn", "cafebiz.vn", "kenh14.vn")),
    (re.compile(r"-(20\d{12})\d{2,4}\.htm\b"), "%Y%m%d%H%M%S", ("dantri.com.vn",)),
)  # fmt: skip


def read_date(text: str, zone: str | ZoneInfo = "UTC", *, month_first: bool | None = None) -> datetime | None:
    """Read a date as outlets write them; None where it cannot be read.

    Args:
        text: such as "Mon, 05 Oct 26 14:10:00 +0700", "10/2/2026 9:25:00 AM", "Thứ 5, 28/05/2026 17:00:00 GMT+7", "5 octobre 2026".
        zone: for dates without a zone of their own.
        month_first: how to read 10/2/2026; None: month first where a 12-hour clock stands beside it (American habit) and where the zone
            is one of the United States, else day first.

    Returns:
        An aware datetime in UTC, never before 1990.
    """
    if len(text) < LONGEST and (exact := _exact(text.lower())) is not None:
        return exact
    words = " ".join(text[: LONGEST * 2].split())[:LONGEST].lower()
    if not words or not any(character.isdigit() for character in words):
        return None
    try:
        return _read(words, zone, month_first)
    except (ValueError, OverflowError):
        return None


def stamped_date(url: str, host: str, zone: str | ZoneInfo) -> datetime | None:
    """Read the time of creation that some houses put into an article's number; None for all other addresses."""
    for pattern, form, hosts in _STAMPED:
        if host in hosts and (found := pattern.search(url)):
            try:
                local = datetime.strptime(found.group(1), form)  # noqa: DTZ007 - the zone follows
                return _aware(local, None, zone)
            except ValueError:
                return None
    return None


def _exact(words: str) -> datetime | None:
    """Read the two commonest spellings, None for everything else and for whatever is unusual about them."""
    if found := _EXACT_MAIL.fullmatch(words):
        day, name, year, *clock, sign, hours, minutes = found.groups()
        month = _MONTHS.get(name, 0)
    elif found := _EXACT_ISO.fullmatch(words):
        year, number, day, *clock, sign, hours, minutes = found.groups()
        month = int(number)
    else:
        return None
    hour, minute, second = (int(part) for part in clock)
    if not (EARLIEST <= int(year) <= 9990) or not month or hour > 23 or minute > 59 or second > 59:
        return None
    try:
        local = datetime(int(year), month, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if sign is None:
        return local
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return None if offset >= timedelta(days=1) else local + offset if sign == "-" else local - offset


def _read(words: str, zone: str | ZoneInfo, month_first: bool | None) -> datetime | None:
    if found := _ISO.match(words):
        parts = found.groupdict()
        if parts["hour"] is None and (clock := _TIME.search(words, found.end())):
            parts |= clock.groupdict()
        return _moment(int(parts["year"]), int(parts["month"]), int(parts["day"]), parts, zone)
    for pattern in (_NAMED, _NAMED_FIRST, _ASCTIME):
        for found in pattern.finditer(words):
            month = _MONTHS.get(found["name"])
            if month:
                clock_parts = _clock(words, found.start(), found.end(), inside=pattern is _ASCTIME)
                return _moment(_year(found["year"]), month, int(found["day"]), clock_parts, zone)
    for pattern in (_VIETNAMESE, _VIETNAMESE_FIRST, _CJK, _YEAR_FIRST):
        if found := pattern.search(words):
            month = _VIETNAMESE_MONTHS.get(found["month"]) or int(found["month"])
            return _moment(int(found["year"]), month, int(found["day"]), _clock(words, found.start(), found.end()), zone)
    if found := _NUMBERS.search(words):
        clock_parts = _clock(words, found.start(), found.end())
        one, two = int(found["one"]), int(found["two"])
        american = month_first if month_first is not None else found["mark"] == "/" and _is_american(clock_parts, zone)
        if (american and one <= 12) or two > 12:
            one, two = two, one
        return _moment(_year(found["year"]), two, one, clock_parts, zone)
    return None


def _is_american(clock: dict[str, str | None], zone: str | ZoneInfo) -> bool:
    """Whether numbers with slashes begin with the month: beside "am" and "pm", and in the United States."""
    return (clock.get("half") or "")[1:] in {"m", "m.", ".m", ".m.", ". m", ". m."} or str(zone) in _AMERICAN


def _clock(words: str, start: int, end: int, *, inside: bool = False) -> dict[str, str | None]:
    """Find the time of day beside a date: after it, else before it."""
    if inside:
        found = _TIME.search(words, start)
        return found.groupdict() if found else {}
    for found in _TIME.finditer(words, end):
        if found["minute"] or found["half"]:
            return found.groupdict()
    before = _TIME.search(words[:start])
    if before and (before["minute"] or before["half"]):
        return before.groupdict()
    full = _FULL_HOUR.search(words)  # "à 9 h"
    return full.groupdict() if full else {}


def _year(text: str) -> int:
    year = int(text)
    if year < 100:  # RFC 2822: two digits below 50 are of this century
        return year + (2000 if year < 50 else 1900)
    return year


def _moment(year: int, month: int, day: int, clock: dict[str, str | None], zone: str | ZoneInfo) -> datetime | None:
    hour, minute, second = (int(clock.get(name) or 0) for name in ("hour", "minute", "second"))
    half = clock.get("half") or ""
    if half[:1] in {"p", "c"} or half in {"tối", "trưa"}:  # pm, CH, chiều
        hour += 12 if hour < (4 if half == "trưa" else 12) else 0
    elif half and hour == 12:
        hour = 0
    next_day = hour == 24
    local = datetime(year, month, day, 0 if next_day else hour, minute, min(second, 59)) + timedelta(days=next_day)  # noqa: DTZ001
    if local.year < EARLIEST or local.year > 9990:
        return None
    return _aware(local, clock.get("zone"), zone)


def _aware(local: datetime, stated: str | None, zone: str | ZoneInfo) -> datetime:
    offset = _offset(stated)
    if offset is not None:
        return local.replace(tzinfo=timezone(offset)).astimezone(UTC)
    return local.replace(tzinfo=ZoneInfo(zone) if isinstance(zone, str) else zone).astimezone(UTC)


def _offset(stated: str | None) -> timedelta | None:
    if not stated:
        return None
    word = stated.replace(" ", "").replace("−", "-")
    sign = re.search(r"([+\-])(\d{1,2}):?(\d{2})?$", word)
    if sign:
        minutes = int(sign[2]) * 60 + int(sign[3] or 0)
        if minutes >= 24 * 60:
            return None
        return timedelta(minutes=-minutes if sign[1] == "-" else minutes)
    known = _ZONES.get(word)
    return None if known is None else timedelta(minutes=known)
