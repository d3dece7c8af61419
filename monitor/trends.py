"""The weeks before a digest, out of the store: what its charts are drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from monitor.digest.record import Trend
    from storage.reading import Reading

DAYS = 30
NEW_WITHIN = timedelta(days=7)


def trend_of(
    reading: Reading,
    *,
    day: date,
    since: datetime | None,
    until: datetime,
    zone: ZoneInfo,
    topics: Sequence[str] | None = None,
    length: int = DAYS,
) -> Trend:
    """Return the trend of the days that end with `day`.

    Args:
        reading: where to look.
        day: the digest's local day.
        since: begin of the digest's own window, for what was hidden in it.
        until: end of the digest's window.
        zone: of the reader.
        topics: only these; None for any.
        length: how many days.
    """
    from monitor.digest.record import Count, Trend

    first = day - timedelta(days=length - 1)
    begin = datetime.combine(first, time(), zone)
    days: Counter[date] = Counter()
    languages: Counter[str] = Counter()
    # Local days are of one length unless the clocks change; then they are put together from quarters of an hour.
    step = timedelta(days=1) if begin.utcoffset() == until.astimezone(zone).utcoffset() else timedelta(minutes=15)
    for cell in reading.trends.cells(begin, until, step, topics):
        days[(begin.astimezone(UTC) + cell.step * step).astimezone(zone).date()] += cell.articles
        languages[cell.language] += cell.articles
    return Trend(
        days=tuple((one, days[one]) for one in (first + timedelta(days=number) for number in range(length))),
        topics=tuple(Count(name=name, n=n) for name, n in reading.trends.topics(begin, until, topics)),
        languages=tuple(Count(name=name, n=n) for name, n in languages.most_common()),
        outlets=tuple(reading.trends.new_outlets(until - NEW_WITHIN, until, topics)),
        hidden=tuple(Count(name=rule, n=n) for rule, n in reading.trends.hidden(since, until)),
    )
