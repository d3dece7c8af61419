"""Which sitemaps of an index are worth a request: by their lastmod, or by the days, month or year that an archive's name speaks of."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from spiders.readers.sitemap import Child

# Names of archives: sitemaps-2026-10-1-15.xml, sitemap-article-10-2026-03.xml, news-2026-10.xml, sitemap_20261005.xml, 2026/10/05.xml.
_DAYS = re.compile(r"(?<!\d)(20\d\d)-(\d\d?)-(\d\d?)-(\d\d?)(?!\d)")
_MONTH_FIRST = re.compile(r"(?<!\d)(\d\d?)[-_](20\d\d)(?!\d)")
_DAY = re.compile(r"(?<!\d)(20\d\d)[-_/]?(\d\d)[-_/]?(\d\d)(?!\d)")
_MONTH = re.compile(r"(?<!\d)(20\d\d)[-_/]?(0?[1-9]|1[0-2])(?!\d)")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_PLACE = re.compile(r"\{(yyyy|mm|m)\}")


def period_of(url: str) -> tuple[date, date] | None:
    """Return the first and last day that an archive's name speaks of, None where it names none."""
    name = url.partition("://")[2].partition("/")[2]
    try:
        if found := _DAYS.search(name):
            year, month, first, last = map(int, found.groups())
            if first <= last:
                return date(year, month, first), date(year, month, min(last, calendar.monthrange(year, month)[1]))
        if found := _DAY.search(name):
            day = date(*map(int, found.groups()))
            return day, day
        if (found := _MONTH_FIRST.search(name)) and 1 <= int(found[1]) <= 12:
            return _month(int(found[2]), int(found[1]))
        if found := _MONTH.search(name):
            return _month(int(found[1]), int(found[2]))
        if found := _YEAR.search(name):
            return date(int(found[1]), 1, 1), date(int(found[1]), 12, 31)
    except ValueError:
        return None
    return None


def worth_reading(children: Iterable[Child], since: datetime | None, until: datetime | None = None) -> list[Child]:
    """Return the sitemaps of an index that may list something between `since` and `until`, the newest first.

    By their lastmod, else by the day, month or year in their name; those that say neither stay, in reverse order, since indexes that
    only count usually count upwards.
    """
    kept: list[tuple[datetime | date | None, Child]] = []
    for child in children:
        period = period_of(child.url)
        if until is not None and period is not None and period[0] > (until + timedelta(days=1)).date():
            continue
        if since is not None:
            if child.updated is not None and child.updated < since:
                continue
            # A day's margin: the name speaks in the outlet's zone.
            if child.updated is None and period is not None and period[1] < (since - timedelta(days=1)).date():
                continue
        kept.append((child.updated.date() if child.updated else period[1] if period else None, child))
    dated = [one for one in kept if one[0] is not None]
    undated = [one for one in kept if one[0] is None]
    return [child for _, child in sorted(dated, key=lambda one: str(one[0]), reverse=True)] + [child for _, child in reversed(undated)]


def is_monthly(address: str) -> bool:
    """Whether an address has places for a year and a month: https://example.org/sitemaps/news-{yyyy}-{m}.xml."""
    return _PLACE.search(address) is not None


def of_month(address: str, moment: datetime, zone: str, *, back: int = 0) -> str:
    """Fill the places {yyyy}, {mm} and {m} of an address, with the month of `moment` in `zone` or one `back` from it."""
    local = moment.astimezone(ZoneInfo(zone))
    months = local.year * 12 + local.month - 1 - back
    year, month = divmod(months, 12)
    values = {"yyyy": f"{year:04}", "mm": f"{month + 1:02}", "m": str(month + 1)}
    return _PLACE.sub(lambda found: values[found[1]], address)


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
