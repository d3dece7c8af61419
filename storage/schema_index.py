"""Tables that find candidates: which stored articles may be copies of a new one, or tell the same story.

Rows are numbers alone, so that a million articles stay small: hashes of shingle bands, of headlines and of rare terms.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table

from storage.moments import Moment
from storage.schema import Id, metadata

__all__ = ["bands", "metadata", "sketches", "term_counts", "terms", "unsettled"]

# The smallest shingle hashes of each body: near copies share at least one. Clustered by band, so a look-up reads neighbours.
bands = Table(
    "bands",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970, of the article; 0 where it may be of any day
    Column("article_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# The rarest terms of each article (names, numbers, rare words), by hash and day.
terms = Table(
    "terms",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("article_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# In how many articles each term stands: how rare it is in this store. Term -1 counts the articles.
term_counts = Table(
    "term_counts",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("articles", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What deciding needs of an article, so that comparing reads no text: a packed sketch.
sketches = Table(
    "sketches",
    metadata,
    Column("article_id", Id, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("sketch", LargeBinary, nullable=False),
    Index("ix_sketches_at", "at"),
)

# Articles that came near others and were not yet grouped together with all that came with them.
unsettled = Table(
    "unsettled",
    metadata,
    Column("article_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
