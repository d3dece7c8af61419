"""The records that travel the line, standard library only.

    Source -> Poll -> Entry -> Article -> Mention -> Story -> (later) Digest

All are frozen and keyword-only; times are aware UTC, and a publication date that is not known is None, never invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """How a source is read."""

    FEED = "feed"  # RSS, Atom, JSON Feed of one outlet
    SEARCH = "search"  # a feed whose entries come from many outlets (Google News, Bing News)
    LISTING = "listing"  # a page of links to articles
    SITEMAP = "sitemap"
    SPIDER = "spider"  # a Scrapy spider of the user's own
    JSON = "json"  # an interface of one outlet, read by a mapping
    PAGE = "page"  # one address, crawled once
    IMPORT = "import"  # articles handed over in a file


class Ownership(StrEnum):
    """Whose words an outlet prints, seen from the watched organisation."""

    EARNED = "earned"
    RELEASE = "release"  # press-release wires
    AFFILIATED = "affiliated"
    OWNED = "owned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One configured place to look."""

    id: str  # a slug, unique in the configuration and in the store
    url: str
    kind: Kind = Kind.FEED
    outlet: str = ""  # display name; for SEARCH the name of the engine
    language: str = ""  # BCP 47 primary tag ("vi"), "" where mixed
    country: str = ""  # ISO 3166-1 alpha-2
    timezone: str = "UTC"  # IANA name; dates without a zone are read in it
    ownership: Ownership = Ownership.EARNED
    groups: tuple[str, ...] = ()  # labels: "vietnam", "quebec", "ai", ...
    topic: str = ""  # SEARCH: the topic that it was made for
    robots: bool = True  # False only where the user said so for this source
    pages: bool = True  # fetch the pages behind the entries
    verify_tls: bool = True  # False only where the user said so for this source
    browser: bool = False  # its pages are drawn by a browser before they are read
    interval: timedelta | None = None  # asked by the user; None lets polling decide
    only: str = ""  # SITEMAP, LISTING: a regular expression that an article's address has to match somewhere
    fields: tuple[tuple[str, str], ...] = ()  # JSON, SEARCH: what stands where, see spiders.readers.mapped
    spider: str = ""  # SPIDER: "path/to/file.py:ClassName"
    origin: str = "pack"  # "pack", "config", "added" (by command), "once" (one-off crawl)


@dataclass(frozen=True, kw_only=True, slots=True)
class Validators:
    """What a server gave us to ask "changed since?" with, and our own hash for where a server lies."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


class PollOutcome(StrEnum):
    """How one visit to a source ended."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"  # unreachable, error status, unreadable
    BLOCKED = "blocked"  # 401, 403, robots.txt, a challenge page
    GONE = "gone"  # 404 or 410 on the feed itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """One visit to a source, told when everything of it is stored."""

    source_id: str
    started: datetime
    finished: datetime
    outcome: PollOutcome
    status: int | None = None  # HTTP status, None where there was no answer
    error_kind: str | None = None  # a stable word: "dns", "timeout", "tls", "http-500", "not-a-feed", "robots"...
    error: str | None = None  # a sentence for a person
    url: str = ""  # the address asked
    moved_to: str | None = None  # permanent redirect (301, 308)
    validators: Validators | None = None  # to be saved; None keeps the old ones
    entries: int = 0  # entries read
    new: int = 0  # entries that were not known
    kept: int = 0  # of the new ones: articles with a mention
    shared: bool = True  # False: no entry in common with the poll before (the window rolled over)
    newest: datetime | None = None  # date of the newest entry
    oldest: datetime | None = None  # date of the oldest entry shown
    site: str | None = None  # where most of its entries lead ("https://example.org"), "" where to many hosts; told where nothing is shared
    ttl: timedelta | None = None  # the feed's or the server's wish for the next poll
    skip_hours: tuple[int, ...] = ()  # UTC hours, 0 to 23, in which the feed asks not to be read
    skip_days: tuple[int, ...] = ()  # ISO weekdays likewise
    retry_after: datetime | None = None
    shape: str | None = None  # LISTING: "24 main>div.list>h3>a": how many links, and how they stand in the page
    latency: float | None = None  # seconds until the answer began
    pages: int = 0  # pages of entries that were read to the end
    bare: int = 0  # of these: no text was found, or the page refused


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """What the store remembers of a source between polls; a source never polled has the defaults."""

    source_id: str
    url: str | None = None  # where it has moved to, else None
    validators: Validators = field(default_factory=Validators)
    first_poll: datetime | None = None
    last_poll: datetime | None = None
    last_ok: datetime | None = None  # last poll that was CHANGED or UNCHANGED
    last_full: datetime | None = None  # last poll that read a whole body
    last_new: datetime | None = None  # last time that an unknown entry was seen
    next_poll: datetime | None = None
    outcome: PollOutcome | None = None
    status: int | None = None
    error_kind: str | None = None
    error: str | None = None
    failing_since: datetime | None = None
    error_streak: int = 0
    polls: int = 0
    entries_total: int = 0
    new_total: int = 0
    new_per_day: float | None = None  # a running mean; None until a day is known
    newest: datetime | None = None
    shape: str | None = None  # LISTING: of the last good poll
    shown: int = 0  # entries in the feed when it was last read as a whole
    latency: float | None = None  # seconds, a running mean
    pages: int = 0  # pages read so far
    bare: float | None = None  # share of the latest pages that had no text
    bare_usual: float | None = None  # the same over a long time; stands still while the latest are far above it
    bare_since: datetime | None = None  # when they went above it
    sampled: datetime | None = None  # when a page was last read to its end
    moved: datetime | None = None  # when it was found to have moved for good
    last_gap: datetime | None = None  # last poll that shared no entry with the one before


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that a feed announces, as the feed gives it, cleaned (see storage.text.clean_text)."""

    source_id: str
    key: str  # identity inside the source: guid, else link, else a hash; see storage.identity.entry_keys
    url: str  # absolute http(s) address, aggregator wraps undone; the wrapped link itself where that cannot be done
    title: str = ""
    summary: str = ""  # plain text
    content: str = ""  # plain text of content:encoded or atom:content where the feed carries the whole article
    published: datetime | None = None
    updated: datetime | None = None
    stated_date: str = ""  # the date as written, where it could not be read or lay in the future
    authors: tuple[str, ...] = ()
    language: str = ""
    outlet: str = ""  # named by an aggregator (<source>, News:Source)
    outlet_url: str = ""
    opaque: bool = False  # url is an aggregator's link that cannot be turned back: identity is title, outlet and day


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One address of a walk."""

    key: str  # unique in the walk, at most 32 characters
    url: str
    depth: int = 0  # links away from where the walk began


class BodyFrom(StrEnum):
    """Where an article's text comes from."""

    PAGE = "page"
    FEED = "feed"  # the page refused or was not asked for: "headline only"
    IMPORT = "import"


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """What a page says (schema.org NewsArticle), cleaned; offsets of mentions point into these strings."""

    url: str  # the address to show and to open
    title: str
    text: str = ""
    summary: str = ""
    canonical_url: str | None = None  # rel=canonical or og:url, only where it may be trusted
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    outlet: str = ""
    outlet_host: str = ""  # the publisher's host without "www.", also for aggregator links
    language: str = ""
    country: str = ""
    ownership: Ownership = Ownership.EARNED
    body_from: BodyFrom = BodyFrom.PAGE
    opaque: bool = False  # url is an aggregator's link: never an identity
    stated_date: str = ""  # the date as written, where it lay in the future or could not be read
    why_no_page: str = ""  # for FEED: "410", "robots", "timeout"...


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """One topic found in one article: the best evidence for it, with where it stands."""

    topic: str
    alias: str  # the words as written in the article
    field: str  # "title", "summary" or "text"
    start: int  # offsets into that field of the stored article, in code points
    end: int
    snippet: str  # at most 40 words round the hit
    snippet_start: int  # where the alias begins inside the snippet
    unit: str = ""  # "FPT › FPT Software"; "" for the topic itself
    score: float = 1.0  # 0 to 1
    parts: tuple[tuple[str, float], ...] = ()  # what made the score, in words
    passing: bool = False  # a list, a street, a sponsor: never leads


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """A hit that was not told, with the rule that decided."""

    topic: str
    alias: str
    field: str
    start: int
    end: int
    snippet: str
    rule: str  # a stable word and the sense: "rival: FPT Industrial", "no context", "capitals", "verdict"
    score: float = 0.0
    parts: tuple[tuple[str, float], ...] = ()


MUTED = "muted outlet"  # the rule of hits that an outlet's muting keeps back


class Outcome(StrEnum):
    """What became of one article that was handed over; each is counted exactly once."""

    STORED = "stored"  # a new article, a new story
    JOINED = "joined"  # a new article in a story that is known
    REPEAT = "repeat"  # an article that is stored: only the sighting is new
    UPDATED = "updated"  # an article that is stored, with a changed headline or text
    SUPPRESSED = "suppressed"  # only rival senses or weak hits: kept out of the digest, listed on request
    UNMATCHED = "unmatched"  # no topic: only its keys stay
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One article handed over, with where it was seen."""

    source: Source
    article: Article
    entry: Entry | None = None  # None for a one-off page
    retry: bool = False  # the page failed for now: store the feed's words, ask again at a later crawl


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Why an article stands where it stands: a word, a score, and what made it."""

    rule: str  # "url", "copy", "title", "story", "translation", "person"...
    score: float = 1.0
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredArticle:
    """An article as it stands in the store, with all that hangs on it."""

    id: int
    article: Article
    story_id: int
    copy_id: int  # the same number for near-verbatim copies: the id of the first of them
    first_seen: datetime
    updated_at: datetime | None = None  # last revision
    baseline: bool = False  # older than the watch: stored, never told as news
    suppressed: bool = False
    mentions: tuple[Mention, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    sources: tuple[str, ...] = ()  # ids of the sources that showed it
    evidence: Evidence = field(default_factory=lambda: Evidence(rule="first"))

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics, each once, in the order of the mentions."""
        return tuple(dict.fromkeys(mention.topic for mention in self.mentions))


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """Articles that tell the same news: one line of the digest."""

    id: int
    articles: tuple[StoredArticle, ...]  # by first_seen, then id; never empty
    told_on: str | None = None  # day of the digest that told it, ISO date
