"""From the configuration to desks: for each digest that the user wants, what it is made from, who gets it, and when."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.delivery.outbox import targets_of
from monitor.editions import Desk
from monitor.schedule import Timetable
from storage.errors import UsageError

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.config_digests import DigestTable
    from monitor.watchlist import Watchlist
    from storage.items import Source
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
        UsageError: a topic or source of the configuration is wrong.
    """
    watchlist = config.watchlist()
    sources = tuple(config.sources(watchlist))
    return tuple(
        Wanted(
            table=table,
            desk=desk_of(store, config, table, clock, watchlist=watchlist, sources=sources),
            timetable=timetable_of(table),
        )
        for table in config.digests
    )


def timetable_of(table: DigestTable) -> Timetable:
    """Return when a digest is wanted."""
    return Timetable(hours=table.times, zone=ZoneInfo(table.timezone), days=table.weekdays, weekly=table.days == "weekly")


def digest_named(config: Config, name: str | None) -> DigestTable:
    """Return one digest of the configuration; the first if none is named.

    Raises:
        UsageError: none is called so; suggests the nearest.
    """
    if name is None:
        return config.digests[0]
    for one in config.digests:
        if one.name == name:
            return one
    from difflib import get_close_matches

    names = [one.name for one in config.digests]
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    raise UsageError(f"no digest is called {name!r}", hint=f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}")


def desk_of(
    store: Store,
    config: Config,
    digest: DigestTable,
    clock: Callable[[], datetime],
    *,
    watchlist: Watchlist | None = None,
    sources: Sequence[Source] | None = None,
    env: Mapping[str, str] = os.environ,
) -> Desk:
    """Return the desk of a configured digest; `watchlist` and `sources` are made from the configuration where they are not given.

    Raises:
        UsageError: the digest wants a topic that is not watched.
    """
    watchlist = watchlist or config.watchlist()
    topics = tuple(watchlist.named(name) for name in digest.topics)
    return Desk(
        store=store,
        sources=config.sources(watchlist) if sources is None else sources,
        topics=topics or tuple(watchlist.names),
        only=bool(topics),
        zone=ZoneInfo(digest.timezone),
        language=digest.language,
        clock=clock,
        name=digest.name,
        baseline=timedelta(hours=digest.baseline_hours),
        targets=targets_of(config, digest.deliver, env),
        empty=digest.empty,
        link=digest.link,
    )
