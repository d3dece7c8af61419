"""What the pages and the API stand on: the store, the watchlist, one desk and one press for each digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from monitor.config import Config
from monitor.desks import desk_of, digest_named
from monitor.editions import Desk
from monitor.matching import Matcher
from monitor.packs import reach_of
from monitor.room.press import Press
from monitor.room.view import Room
from monitor.watchlist import Watchlist
from storage.filters import ArticleFilter
from storage.items import Source
from storage.reading import Reading
from storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Counter:
    """One digest of the configuration, ready to be read."""

    name: str  # "" for the first one, which need not be named in addresses
    desk: Desk
    press: Press


class Hall:
    """What the reading room is made of.

    Args:
        store: read by all threads at once.
        clock: the present moment.
    """

    def __init__(
        self, store: Store, config: Config, watchlist: Watchlist, sources: Sequence[Source], clock: Callable[[], datetime]
    ) -> None:
        self.store = store
        self.config = config
        self.watchlist = watchlist
        self.sources = tuple(sources)
        self.clock = clock
        self._counters: dict[str, Counter] = {}

    @cached_property
    def matcher(self) -> Matcher:
        """The watchlist made ready to search text, for verdicts."""
        return Matcher(self.watchlist)

    @property
    def digests(self) -> tuple[str, ...]:
        """Names of the configured digests."""
        return tuple(table.name for table in self.config.digests)

    def counter(self, name: str) -> Counter:
        """Return a digest by its name; "" is the first.

        Raises:
            UsageError: none is called so.
        """
        if name not in self._counters:
            table = digest_named(self.config, name or None)
            desk = desk_of(self.store, self.config, table, self.clock, watchlist=self.watchlist, sources=self.sources)
            press = Press(Room(desk.topics, desk.zone, desk.language, reach_of))
            shown = "" if table.name == self.digests[0] else table.name
            self._counters[name] = Counter(name=shown, desk=desk, press=press)
        return self._counters[name]

    def today(self, counter: Counter) -> date:
        """Return the reader's day."""
        return self.clock().astimezone(counter.desk.zone).date()

    def resolved(self, reading: Reading, wanted: ArticleFilter) -> ArticleFilter:
        """Return the filter with an outlet's name turned into its host: by a host, by the pack's names, by what is stored."""
        from dataclasses import replace

        from monitor.packs import host_named

        if not wanted.outlet:
            return wanted
        host = wanted.outlet.lower().removeprefix("www.")
        if reading.browse.outlet_name(host) is not None:
            return replace(wanted, outlet=host)
        known = host_named(wanted.outlet)
        if known and reading.browse.outlet_name(known) is not None:
            return replace(wanted, outlet=known)
        hosts = reading.verdicts.hosts_of(wanted.outlet)
        return replace(wanted, outlet=hosts[0] if hosts else host)

    def languages(self) -> list[str]:
        """Return the languages that the sources are written in."""
        return sorted({source.language for source in self.sources if source.language} | {"en", "fr", "vi"})


def query_of(params: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a query as text without NUL, which no database takes."""
    return {name: value.replace("\x00", "") for name, value in params.items()}
