"""Dates that are not written as dates: "2 giờ trước", "hier, 14 h 30", "昨日", and the day that an address holds. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from spiders.readers.dates import read_date

_UNITS = {
    timedelta(seconds=1): "giây second sec s seconde 秒 초",
    timedelta(minutes=1): "phút minute min mn 分 分钟 분",
    timedelta(hours=1): "giờ tiếng hour hr h heure 時間 小时 시간",
    timedelta(days=1): "ngày day d jour j 日 天 일",
}
_STEP = {word: step for step, words in _UNITS.items() for word in words.split()}
_ALPHABETIC = "|".join(sorted((word for word in _STEP if word.isascii() or word[0] in "gpnt"), key=len, reverse=True))
_CJK = "|".join(sorted((word for word in _STEP if not word.isascii() and word[0] not in "gpnt"), key=len, reverse=True))
_NUMBER = r"(?P<number>\d{1,3}|an?|one|une?|một)"
_AGO = (
    re.compile(rf"\b{_NUMBER}\s*(?P<unit>{_ALPHABETIC})s?\.?\s+(?:trước|ago)\b"),
    re.compile(rf"\bcách đây\s+(?:khoảng\s+)?{_NUMBER}\s*(?P<unit>{_ALPHABETIC})\b"),
    re.compile(rf"\bil y a\s+(?:environ\s+)?{_NUMBER}\s*(?P<unit>{_ALPHABETIC})s?\b"),
    re.compile(rf"(?P<number>\d{{1,3}})\s?(?P<unit>{_CJK})\s?(?:前|전)"),
)
_NOW = re.compile(r"\b(?:vừa xong|mới đây|just now|à l['’]instant)\b|たった今|方才|방금")
_DAYS = (
    (re.compile(r"\b(?:hôm nay|today|aujourd['’]hui)\b|今日|今天|오늘"), 0),
    (re.compile(r"\b(?:hôm qua|yesterday|hier)\b|昨日|昨天|어제"), 1),
    (re.compile(r"\b(?:hôm kia|avant-hier)\b|一昨日|前天|그저께"), 2),
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})\s?(?::|h|giờ|時|시)\s?(\d{2})?")
_BESIDE_A_DAY = re.compile(r"[\s,|-]*(?:à|lúc|at)?\s*\d{1,2}\s?(?::|h|giờ)\s?(?:\d{2})?(?:\s?(?:phút|[ap]\.?m\.?))?")
_IN_ADDRESS = re.compile(r"/(?P<year>20\d\d)(?:(?P<mark>[/-]?)(?P<month>\d\d)(?P=mark)(?P<day>\d\d)|/(?P<both>[01]\d[0-3]\d))(?=[/._-]|$)")


def read_moment(text: str, zone: str, now: datetime) -> datetime | None:
    """Read a date as `read_date` does, or one that counts back from now; None where it is neither.

    Args:
        text: such as "2 giờ trước", "Hôm qua, 14:30", "il y a 3 jours", "5 分前". Weeks and months are not read: they name no day.
        zone: IANA name of the outlet's zone.

    Returns:
        An aware datetime in UTC; "3 days ago" is that day's midnight in `zone`, minutes and hours are exact to the minute.
    """
    words = " ".join(text[:120].lower().split())
    for pattern in _AGO:
        if found := pattern.search(words):
            number = int(found["number"]) if found["number"].isdecimal() else 1
            step = _STEP[found["unit"]]
            if step >= timedelta(days=1):
                return _midnight((now.astimezone(ZoneInfo(zone)) - number * step).date(), zone)
            return (now - number * step).replace(second=0, microsecond=0)
    if _NOW.search(words):
        return now.replace(second=0, microsecond=0)
    for pattern, back in _DAYS:
        if named := pattern.search(words):
            day = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=back)
            return _at_clock(day, words[: named.start()] + " " + words[named.end() :], zone)
    return read_date(text, zone)


def counts_back(text: str) -> bool:
    """Whether a text counts back from now and says nothing else: "2 days ago", "il y a 3 heures", "hier à 14 h 30"."""
    words = " ".join(text[:60].lower().split()).strip(" .·•-–—")
    for pattern, _ in _DAYS:
        if named := pattern.match(words):
            return _BESIDE_A_DAY.fullmatch(words[named.end() :]) is not None
    return any(pattern.fullmatch(words) is not None for pattern in _AGO)


def url_date(url: str, zone: str = "UTC") -> datetime | None:
    """Return the midnight, in `zone`, of the day that an article's address holds (/2026/11/23/, /2026-11-23-), None where it holds none."""
    if found := _IN_ADDRESS.search(url):
        try:
            month, day = (found["both"][:2], found["both"][2:]) if found["both"] else (found["month"], found["day"])
            return _midnight(date(int(found["year"]), int(month), int(day)), zone)
        except ValueError:
            return None
    return None


def _at_clock(day: date, words: str, zone: str) -> datetime:
    clock = _CLOCK.search(words)
    if clock is None or int(clock[1]) > 23 or int(clock[2] or 0) > 59:
        return _midnight(day, zone)
    return datetime.combine(day, time(int(clock[1]), int(clock[2] or 0)), ZoneInfo(zone)).astimezone(UTC)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
