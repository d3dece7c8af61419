"""Tables and unique constraints: one definition for SQLite and PostgreSQL.

Moments are microseconds since 1970 in UTC, as integers: they sort, compare and travel the same on both engines, and no session
time zone can touch them. Texts stand apart from articles, so that what scans articles does not read their texts.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)

from storage.moments import Moment
from storage.strings import Words

# A plain INTEGER PRIMARY KEY is SQLite's rowid; PostgreSQL gets 64 bits.
Id = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table("meta", metadata, Column("key", Words(64), primary_key=True), Column("value", Words, nullable=False))

sources = Table(
    "sources",
    metadata,
    Column("id", Words(128), primary_key=True),
    Column("outlet", Words, nullable=False, server_default=""),
    Column("configured_url", Words, nullable=False, server_default=""),
    Column("kind", Words(16), nullable=False, server_default=""),
    Column("url", Words),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("body_hash", Words(64)),
    Column("first_poll", Moment),
    Column("last_poll", Moment),
    Column("last_ok", Moment),
    Column("last_full", Moment),
    Column("last_new", Moment),
    Column("next_poll", Moment),
    Column("outcome", Words(16)),
    Column("status", Integer),
    Column("error_kind", Words(64)),
    Column("error", Words),
    Column("failing_since", Moment),
    Column("error_streak", Integer, nullable=False, server_default="0"),
    Column("polls", Integer, nullable=False, server_default="0"),
    Column("entries_total", Integer, nullable=False, server_default="0"),
    Column("new_total", Integer, nullable=False, server_default="0"),
    Column("new_per_day", Float),
    Column("newest", Moment),
    Column("shape", Words),
    Column("shown", Integer, nullable=False, server_default="0"),
    Column("latency", Float),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("bare", Float),
    Column("bare_usual", Float),
    Column("bare_since", Moment),
    Column("sampled", Moment),
    Column("moved", Moment),
    Column("last_gap", Moment),
)

polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Words(128), nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment, nullable=False, index=True),
    Column("outcome", Words(16), nullable=False),
    Column("status", Integer),
    Column("error_kind", Words(64)),
    Column("error", Words),
    Column("entries", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("next_poll", Moment),  # when it was to be polled again
    Column("latency", Float),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("bare", Integer, nullable=False, server_default="0"),
)

# A feed's window rolled over between two polls: the span in which entries may have been missed, and what was done about it.
gaps = Table(
    "gaps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Words(128), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("since", Moment),
    Column("until", Moment),
    Column("state", Words(16), nullable=False),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("site", Words(300)),
)

# A story carries nothing of its own but its number: what it is follows from its articles.
stories = Table(
    "stories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("created", Moment, nullable=False),
    Column("went_to", Id),  # where the last of its articles went; old links and digests name this one
)

articles = Table(
    "articles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("story_id", Id, ForeignKey("stories.id"), nullable=False, index=True),
    Column("copy_id", Id, nullable=False, index=True),
    Column("url", Words, nullable=False),
    Column("canonical_url", Words),
    Column("title", Words, nullable=False),
    Column("title_key", Words, nullable=False),
    Column("published", Moment),
    Column("updated", Moment),
    Column("authors", JSON, nullable=False),
    Column("outlet", Words, nullable=False),
    Column("outlet_host", Words(255), nullable=False),
    Column("language", Words(16), nullable=False),
    Column("country", Words(8), nullable=False),
    Column("ownership", Words(16), nullable=False),
    Column("body_from", Words(16), nullable=False),
    Column("opaque", Boolean, nullable=False),
    Column("why_no_page", Words, nullable=False),
    Column("stated_date", Words, nullable=False, server_default=""),
    Column("first_seen", Moment, nullable=False, index=True),
    Column("revised", Moment),
    Column("baseline", Boolean, nullable=False),
    Column("suppressed", Boolean, nullable=False),
    Column("matched", Boolean, nullable=False),
    Column("evidence", JSON, nullable=False),
    Index("ix_articles_outlet", "outlet_host", "first_seen"),
    # The migrations say of what sort these are: to name PostgreSQL here would load its dialect at each start, a sixth of it.
    Index("ix_articles_title_key", "title_key"),
    Index("ix_articles_news", "story_id"),
)

texts = Table(
    "texts",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id"), primary_key=True, autoincrement=False),
    Column("summary", Words, nullable=False),
    Column("text", Words, nullable=False),
)

article_urls = Table(
    "article_urls",
    metadata,
    Column("url_key", Words(32), primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id"), nullable=False, index=True),
)

_hit_columns = (
    ("article_id", Id), ("position", Integer), ("topic", Words(128)), ("unit", Words), ("alias", Words), ("field", Words(8)),
    ("start", Integer), ("stop", Integer), ("snippet", Words), ("snippet_start", Integer), ("score", Float), ("parts", JSON),
)  # fmt: skip
mentions = Table(
    "mentions",
    metadata,
    *(
        Column(name, kind, *([ForeignKey("articles.id")] if name == "article_id" else []), primary_key=name in {"article_id", "position"}, nullable=False, autoincrement=False)
        for name, kind in _hit_columns
    ),
    Column("passing", Boolean, nullable=False),
    Index("ix_mentions_topic", "topic", "article_id"),
)  # fmt: skip
suppressions = Table(
    "suppressions",
    metadata,
    *(
        Column(name, kind, *([ForeignKey("articles.id")] if name == "article_id" else []), primary_key=name in {"article_id", "position"}, nullable=False, autoincrement=False)
        for name, kind in _hit_columns
        if name not in {"unit", "snippet_start"}
    ),
    Column("rule", Words, nullable=False),
)  # fmt: skip

revisions = Table(
    "revisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
)

# One row an entry of a source: the sighting. An entry that mentions no topic keeps this row alone, so it is never fetched twice.
sightings = Table(
    "sightings",
    metadata,
    Column("source_id", Words(128), primary_key=True),
    Column("entry_key", Words(255), primary_key=True),
    Column("url_key", Words(32), nullable=False, index=True),
    Column("article_id", Id, ForeignKey("articles.id"), index=True),
    Column("entry_hash", Words(32), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("no_page", Words),  # why the page was not read, "" where it was (or was not to be); None: not known
    sqlite_with_rowid=False,
)

pending = Table(
    "pending",
    metadata,
    Column("source_id", Words(128), primary_key=True),
    Column("entry_key", Words(255), primary_key=True),
    Column("source", JSON, nullable=False),
    Column("entry", JSON, nullable=False),
    Column("reason", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Moment, nullable=False),
)

# How many pages a host was asked for on a day (UTC).
host_days = Table(
    "host_days",
    metadata,
    Column("host", Words(255), primary_key=True),
    Column("day", Words(10), primary_key=True),
    Column("pages", Integer, nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(64), nullable=False),
    Column("day", Words(10), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Column("since", Moment),
    Column("until", Moment, nullable=False),
    Column("coverage", JSON),  # what the watch did up to then, as it was told; None in editions of older versions
    Column("incident_id", Id),  # the last incident that it told; numbers, because a clock that is set back repeats moments
    Column("revision_id", Id),  # the last revision that was made before it
    UniqueConstraint("name", "day", "edition"),
)

# A story is told once by a digest of one name: the primary key has the last word.
told = Table(
    "told",
    metadata,
    Column("name", Words(64), primary_key=True),
    Column("story_id", Id, ForeignKey("stories.id"), primary_key=True, autoincrement=False, index=True),
    Column("digest_id", Id, ForeignKey("digests.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("baseline", Boolean, nullable=False),  # too old to be told when the first digest was made
)

# A told story whose headline or text was changed comes back once for each change, as an update.
retold = Table(
    "retold",
    metadata,
    Column("name", Words(64), primary_key=True),
    Column("revision_id", Id, ForeignKey("revisions.id"), primary_key=True, autoincrement=False, index=True),
    Column("first_id", Id, nullable=False),  # the first of several changes that are told as one
    Column("digest_id", Id, ForeignKey("digests.id"), nullable=False, index=True),
    Column("story_id", Id, ForeignKey("stories.id"), nullable=False, index=True),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", Words(16), nullable=False),  # not-us, is-us, same-story, not-same
    Column("topic", Words(128), nullable=False, server_default=""),
    Column("article_id", Id, ForeignKey("articles.id"), nullable=False, index=True),
    Column("other_id", Id, ForeignKey("articles.id"), index=True),
)

# An outlet that a person does not want to hear of a topic from; what it says of others is told as ever.
mutes = Table(
    "mutes",
    metadata,
    Column("topic", Words(128), primary_key=True),
    Column("outlet_host", Words(255), primary_key=True),
    Column("at", Moment, nullable=False),
)

# A rule of alerts fired: one message, told to its deliveries as soon as its quiet hours allow.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule", Words(64), nullable=False),
    Column("kind", Words(16), nullable=False),  # match, burst
    Column("topic", Words(128), nullable=False, server_default=""),  # of a burst
    Column("at", Moment, nullable=False),
    Column("due", Moment, nullable=False),  # later than `at` where quiet hours hold it
    Column("count", Integer, nullable=False, server_default="0"),  # of a burst: stories within the hour
    Column("usual", Float),  # of a burst: the mean of that hour
    Index("ix_alerts_rule", "rule", "at"),
)

# A story is told once by a rule: the primary key has the last word.
alerted = Table(
    "alerted",
    metadata,
    Column("rule", Words(64), primary_key=True),
    Column("story_id", Id, ForeignKey("stories.id"), primary_key=True, autoincrement=False, index=True),
    Column("alert_id", Id, ForeignKey("alerts.id"), nullable=False, index=True),
)

# The outbox: one row for each recipient of an edition or an alert, written in the transaction that makes it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("series", Words(80), nullable=False),  # digest:NAME or alert:RULE
    Column("period", Words(32), nullable=False),  # 2026-11-23/1: day and edition; a12: the alert's number
    Column("digest_id", Id, ForeignKey("digests.id"), index=True),
    Column("alert_id", Id, ForeignKey("alerts.id"), index=True),
    Column("delivery", Words(64), nullable=False),  # the name of its [[delivery]]
    Column("recipient", Words(320), nullable=False, server_default=""),
    Column("message_id", Words(255), nullable=False),
    Column("state", Words(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("doubts", Integer, nullable=False, server_default="0"),  # attempts whose outcome nobody knows
    Column("created", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("claimed", Moment),
    Column("ended", Moment),
    Column("error", Words, nullable=False, server_default=""),
    UniqueConstraint("series", "period", "delivery", "recipient"),
    Index("ix_deliveries_state", "state", "due"),
)

# A telling that is wanted: the digest of a local day, of its second hour, or of a week. It is made when `made` is set, in the
# transaction that opens its edition; the primary key and that transaction have the last word, not a timer.
periods = Table(
    "periods",
    metadata,
    Column("name", Words(64), primary_key=True),
    Column("period", Words(32), primary_key=True),  # see monitor.schedule.Period.key
    Column("due", Moment, nullable=False),
    Column("missed", JSON, nullable=False),  # keys of earlier periods that it stands for
    Column("since", Moment, nullable=False),  # when the earliest of them was due
    Column("opened", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("crawled", Moment),
    Column("made", Moment),
    Column("digest_id", Id, ForeignKey("digests.id"), index=True),
    Column("written", Moment),  # its files
)

# What befell the watch itself, beside what its sources did: a crawl that died, a configuration that was refused, ...
incidents = Table(
    "incidents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("kind", Words(32), nullable=False),
    Column("detail", Words, nullable=False),
)

# How far walks through sites have come: a row an address, done once all that it brought is stored.
frontier = Table(
    "frontier",
    metadata,
    Column("walk", Words(32), primary_key=True),
    Column("key", Words(32), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("url", Words, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)
