"""What a reader asks for: filters, pages and dates out of an address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.watchlist import Watchlist
from storage.browse import Cursor
from storage.errors import UsageError
from storage.filters import ArticleFilter
from storage.items import Ownership
from storage.moments import micros_of, moment_of

FIELDS = ("q", "topic", "unit", "outlet", "lang", "ownership", "since", "until")
_LONGEST = 300


def filter_of(asked: Mapping[str, str], watchlist: Watchlist, zone: ZoneInfo, *, suppressed: bool = False) -> ArticleFilter:
    """Return which articles an address asks for.

    Args:
        asked: the query's fields; empty ones filter nothing. `since` and `until` are local days, both inside.

    Raises:
        UsageError: one of them is wrong; names it.
    """
    for name in FIELDS:
        if len(asked.get(name, "")) > _LONGEST:
            raise UsageError(f"{name} is longer than {_LONGEST} characters", hint="ask for less")
    ownership = asked.get("ownership", "")
    if ownership and ownership not in set(Ownership):
        raise UsageError(f"ownership: {ownership!r} is none", hint=f"one of: {', '.join(Ownership)}")
    since, until = day_of(asked, "since"), day_of(asked, "until")
    if since and until and since > until:
        raise UsageError("since lies after until", hint="exchange them")
    return ArticleFilter(
        topic=watchlist.named(asked["topic"]) if asked.get("topic") else None,
        unit=asked.get("unit") or None,
        outlet=asked.get("outlet", "").strip() or None,
        language=asked.get("lang") or None,
        ownership=ownership or None,
        since=datetime.combine(since, time(), zone).astimezone(UTC) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone).astimezone(UTC) if until else None,
        suppressed=suppressed,
    )


def day_of(asked: Mapping[str, str], name: str) -> date | None:
    """Return a day out of a query, None where it is empty.

    Raises:
        UsageError: it is no day.
    """
    text = asked.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{name}: {text[:40]!r} is no day", hint="write it as 2026-11-23") from None
    if not 1971 <= day.year <= 9000:
        raise UsageError(f"{name}: {text[:40]!r} is out of range", hint="write it as 2026-11-23")
    return day


def cursor_of(text: str) -> Cursor | None:
    """Return where a page begins, as `cursor_text` wrote it; None for the first page.

    Raises:
        UsageError: it is nothing that `cursor_text` wrote.
    """
    if not text:
        return None
    at, _, number = text.partition(".")
    if not (at.isascii() and at.isdigit() and number.isascii() and number.isdigit() and len(at) < 17 and len(number) < 17):
        raise UsageError("this page does not exist", hint="begin with the first one")
    return Cursor(moment_of(int(at)), int(number))


def cursor_text(cursor: Cursor) -> str:
    """Write a cursor into an address."""
    return f"{micros_of(cursor.at)}.{cursor.id}"


def number_of(asked: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number out of a query, from 0 to `most`.

    Raises:
        UsageError: it is none.
    """
    text = asked.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= most):
        raise UsageError(f"{name}: {text[:40]!r} is no whole number from 0 to {most}")
    return int(text)
