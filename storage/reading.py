"""One connection with the nouns as attributes: what is asked within a reading, and changed within a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from storage import schema
from storage.alerts import Alerts
from storage.articles import Articles
from storage.deliveries import Deliveries
from storage.gaps import Gaps
from storage.hosts import Hosts
from storage.ledger import Ledger
from storage.pending import Pending
from storage.periods import Incidents, Periods
from storage.sightings import Sightings
from storage.sources import Sources
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from storage.browse import Browse
    from storage.dedupe import Dedupe
    from storage.filters import ArticleFilter
    from storage.frontier import Frontier
    from storage.items import StoredArticle
    from storage.retention import Retention
    from storage.roads import Roads
    from storage.trends import Trends


class Reading:
    """One connection with the nouns as attributes; what is asked within it sees one state of the store."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @cached_property
    def sources(self) -> Sources:
        """What is remembered of sources and their polls."""
        return Sources(self.connection)

    @cached_property
    def gaps(self) -> Gaps:
        """Spans in which entries may have been missed."""
        return Gaps(self.connection)

    @cached_property
    def sightings(self) -> Sightings:
        """Which entries were seen where."""
        return Sightings(self.connection)

    @cached_property
    def pending(self) -> Pending:
        """Entries whose page is to be asked again."""
        return Pending(self.connection)

    @cached_property
    def hosts(self) -> Hosts:
        """How many pages hosts were asked for."""
        return Hosts(self.connection)

    @cached_property
    def articles(self) -> Articles:
        """Articles, their mentions, their stories."""
        return Articles(self.connection)

    @cached_property
    def ledger(self) -> Ledger:
        """What was told, and when."""
        return Ledger(self.connection)

    @cached_property
    def periods(self) -> Periods:
        """Which tellings were due, and how far they came."""
        return Periods(self.connection)

    @cached_property
    def incidents(self) -> Incidents:
        """What befell the watch itself."""
        return Incidents(self.connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Who is to get what, and how far that came."""
        return Deliveries(self.connection)

    @cached_property
    def alerts(self) -> Alerts:
        """What could not wait."""
        return Alerts(self.connection)

    @cached_property
    def frontier(self) -> Frontier:
        """How far walks have come."""
        from storage.frontier import Frontier  # here: walks alone ask for it

        return Frontier(self.connection)

    @cached_property
    def roads(self) -> Roads:
        """What one road brought, held against another."""
        from storage.roads import Roads  # here: a digest asks it once a week

        return Roads(self.connection)

    @cached_property
    def trends(self) -> Trends:
        """Figures over weeks."""
        from storage.trends import Trends  # here: most commands show no chart

        return Trends(self.connection)

    @cached_property
    def verdicts(self) -> Verdicts:
        """What people decided."""
        return Verdicts(self.connection)

    def meta(self, key: str) -> str | None:
        """Return what was remembered under a key."""
        return self.connection.execute(select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()

    def meta_moment(self, key: str) -> datetime | None:
        """Return the moment that was remembered under a key; None also for what is no moment: it is written anew, and nothing else hangs on it."""
        try:
            found = datetime.fromisoformat(self.meta(key) or "")
        except ValueError:
            return None
        return found if found.tzinfo is not None else None

    def metas(self, prefix: str) -> dict[str, str]:
        """Return what was remembered under all keys with a beginning."""
        rows = self.connection.execute(
            select(schema.meta.c.key, schema.meta.c.value).where(schema.meta.c.key.startswith(prefix, autoescape=True))
        )
        return {row.key: row.value for row in rows}

    @cached_property
    def dedupe(self) -> Dedupe:
        """Which articles may be copies, or tell the same story."""
        from storage.dedupe import Dedupe  # here: most commands only read, and it is a tenth of their start

        return Dedupe(self.connection)

    @cached_property
    def browse(self) -> Browse:
        """Pages of what is stored."""
        from storage.browse import Browse  # here: readers of pages alone ask for it

        return Browse(self.connection, self.articles)

    def search(self, words: str, wanted: ArticleFilter) -> Iterator[tuple[StoredArticle, str]]:
        """Yield articles that hold the words, best first, with a snippet; see storage.search."""
        from storage.search import search

        self.articles.flush()
        return search(self.connection, self.articles, words, wanted)


class Transaction(Reading):
    """A reading that may also change what it reads; it ends whole or not at all."""

    @cached_property
    def retention(self) -> Retention:
        """What is forgotten after a time."""
        from storage.retention import Retention  # here: upkeep alone asks for it

        return Retention(self.connection)

    def set_meta(self, key: str, value: str | None) -> None:
        """Remember a value under a key, None forgets it."""
        self.connection.execute(delete(schema.meta).where(schema.meta.c.key == key))
        if value is not None:
            self.connection.execute(insert(schema.meta), {"key": key, "value": value})

    def flush(self) -> None:
        """Write what waits for the end of the transaction."""
        if "articles" in self.__dict__:
            self.articles.flush()
        if "dedupe" in self.__dict__:
            self.dedupe.flush()
