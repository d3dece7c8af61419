"""From the configuration to desks: for each digest that the user wants, what it is made from, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.editions import Desk
from monitor.schedule import Timetable

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.config_digests import DigestTable
    from storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One digest that the user wants."""

    table: DigestTable  # its settings
    desk: Desk
    timetable: Timetable


def wanted(config: Config, store: Store, clock: Callable[[], datetime]) -> tuple[Wanted, ...]:
    """Return the digests of a configuration, in its order.

    Raises:
        ConfigError: a topic or source of the configuration is wrong.
    """
    watchlist = config.watchlist()
    sources = tuple(config.sources(watchlist))
    return tuple(
        Wanted(
            table=table,
            desk=Desk(
                store=store,
                sources=sources,
                topics=table.topics or tuple(watchlist.names),
                only=bool(table.topics),
                zone=ZoneInfo(table.timezone),
                language=table.language,
                clock=clock,
                name=table.name,
                baseline=timedelta(hours=table.baseline_hours),
            ),
            timetable=timetable_of(table),
        )
        for table in config.digests
    )


def timetable_of(table: DigestTable) -> Timetable:
    """Return when a digest is wanted."""
    return Timetable(hours=table.times, zone=ZoneInfo(table.timezone), days=table.weekdays, weekly=table.days == "weekly")
