"""What is forgotten after a time: texts of articles, rows that serve no question any more. Headlines, addresses, mentions and the ledger stay.

Each command changes at most a batch, so that no transaction keeps a crawl waiting; called again until it returns 0.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, delete, func, or_, select, tuple_, type_coerce, update

from storage import schema, search
from storage.items import Article, BodyFrom

BATCH = 500
_OUT_OF_FEED = timedelta(days=1) // timedelta(
    microseconds=1
)  # an entry that was not seen for so long when its source was last read in full has left the feed
_KEEP_PENDING = timedelta(days=30)


class Retention:
    """The commands that forget."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def expire_texts(self, before: datetime, limit: int = BATCH) -> int:
        """Delete summary and text of articles first seen before a moment, and of their revisions; returns how many articles it were.

        Their headlines stay searchable, and their sketches stay, so that copies are still recognised. What was imported keeps its text:
        its file's dates are old from the first day, and somebody wanted to search it.
        """
        articles, texts, revisions = schema.articles, schema.texts, schema.revisions
        rows = self._connection.execute(
            select(texts, articles.c.title, articles.c.url)
            .join(articles, articles.c.id == texts.c.article_id)
            .where(articles.c.first_seen < before, articles.c.body_from != BodyFrom.IMPORT.value)
            .order_by(texts.c.article_id)
            .limit(limit)
        ).all()
        for row in rows:
            old = Article(url=row.url, title=row.title, summary=row.summary, text=row.text)
            search.remove(self._connection, row.article_id, old)
            search.add(self._connection, [(row.article_id, Article(url=row.url, title=row.title))])
        ids = [row.article_id for row in rows]
        self._connection.execute(delete(texts).where(texts.c.article_id.in_(ids)))
        self._connection.execute(update(revisions).where(revisions.c.article_id.in_(ids)).values(text=""))
        return len(ids)

    def forget_polls(self, before: datetime) -> int:
        """Forget polls that ended before a moment; what follows from them stands with their sources."""
        return self._connection.execute(delete(schema.polls).where(schema.polls.c.finished < before)).rowcount

    def forget_gaps(self, before: datetime) -> int:
        """Forget gaps that were noticed before a moment; what digests said of them stands in the ledger."""
        return self._connection.execute(delete(schema.gaps).where(schema.gaps.c.at < before)).rowcount

    def forget_deliveries(self, before: datetime) -> int:
        """Forget deliveries that ended before a moment. Their digests stay, so none is queued again."""
        table = schema.deliveries
        return self._connection.execute(delete(table).where(table.c.ended < before)).rowcount

    def forget_pending(self, now: datetime) -> int:
        """Forget pages that should have been asked for a month ago: their sources are gone."""
        table = schema.pending
        return self._connection.execute(delete(table).where(table.c.next_try < now - _KEEP_PENDING)).rowcount

    def forget_sightings(self, before: datetime, limit: int = 10 * BATCH) -> int:
        """Forget entries that named nobody, were last seen before a moment, and have left their feed; returns how many.

        One that its feed still shows is kept whatever its age: forgotten, it would be fetched again as a new one.
        """
        table, sources = schema.sightings, schema.sources
        seen, read = (type_coerce(column, BigInteger) for column in (table.c.last_seen, sources.c.last_full))
        shown = select(sources.c.id).where(sources.c.id == table.c.source_id, or_(read.is_(None), read <= seen + _OUT_OF_FEED))
        key = tuple_(table.c.source_id, table.c.entry_key)
        old = select(table.c.source_id, table.c.entry_key).where(table.c.article_id.is_(None), table.c.last_seen < before, ~shown.exists())
        return self._connection.execute(delete(table).where(key.in_(old.limit(limit)))).rowcount

    def texts(self) -> int:
        """Return how many articles have their texts."""
        return int(self._connection.scalar(select(func.count()).select_from(schema.texts)) or 0)
