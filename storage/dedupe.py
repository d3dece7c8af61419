"""Find stored articles that may be copies of a new one or tell the same story. Finds, never decides.

Everything is looked up by key in the database and cut to a fixed number, so that the cost does not grow with the store: by the smallest
shingle hashes for copies (a bottom-k sketch read as an inverted index), by rare terms inside a window of days for stories.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, Table, bindparam, delete, func, insert, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from storage import schema
from storage.fingerprints import VERSION, Fingerprint, Sort, stamp
from storage.schema_index import bands, sketches, term_counts, terms
from storage.upsert import insert_or

COPY_DAYS = 31
STORY_DAYS = 3
BANDS = 12  # shingle hashes of an article that are indexed
INDEXED = 24  # terms of an article that are indexed
_PER_BAND = 40  # rows read for one key at most
_PER_TERM = 40
_BY_BAND = 48  # candidates at most
_BY_TERM = 48
_TOTAL = -1  # the key under which the articles themselves are counted
_UNDATED = -1  # the band that marks articles which may be of any day
_ALWAYS = 2**31 - 1
_FEW = 5  # a term in so few articles is rare in a store of any size
_COMMON = 0.05  # a term in a larger share of the articles finds nothing
_WEAK = frozenset({Sort.DATE, Sort.SMALL, Sort.CONCEPT})  # links where they meet others, but too common to look up


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored article that may belong with a new one."""

    article_id: int
    story_id: int
    copy_id: int
    at: datetime
    fingerprint: Fingerprint
    via: str  # "copy", "title" or "terms": the index that found it


class Dedupe:
    """The index of copies and stories on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._postgres = connection.dialect.name == "postgresql"
        self._counted: tuple[tuple[int, ...], dict[int, int]] = ((), {})
        self._any_undated: bool | None = None

    # ------------------------------------------------------------------ questions

    def candidates(self, fingerprint: Fingerprint, at: datetime) -> list[Candidate]:
        """Return the stored articles that may be copies of this one or tell its story, by id; a bounded number of them."""
        counts = self.rarity(fingerprint.terms)
        day = stamp(at)
        found: dict[int, float] = {}
        via: dict[int, str] = {}
        by_band = self._rows(_BANDS, fingerprint.bands, day, COPY_DAYS, fingerprint.dated)
        for article_id, hits in _ranked(((article_id, 1.0) for _, article_id in by_band), _BY_BAND):
            found[article_id], via[article_id] = hits, "copy"
        keys = self._keys(fingerprint, counts)
        by_term: dict[int, list[float]] = {}
        for term, article_id in self._rows(_TERMS, tuple(keys), day, STORY_DAYS, fingerprint.dated):
            by_term.setdefault(article_id, []).append(keys[term])
        # One shared term is a coincidence, unless it is the headline itself.
        scores = ((one, sum(values)) for one, values in by_term.items() if len(values) > 1 or max(values) >= _HEADLINE)
        for article_id, score in _ranked(scores, _BY_TERM):
            found.setdefault(article_id, score)
            via.setdefault(article_id, "title" if max(by_term[article_id]) >= _HEADLINE else "terms")
        if not found:
            return []
        rows = self._connection.execute(_sketches(self._postgres), {"keys": self._list(sorted(found))})
        return [
            Candidate(
                article_id=row.article_id, story_id=row.story_id, copy_id=row.copy_id, at=row.at, via=via[row.article_id],
                fingerprint=Fingerprint.unpack(row.sketch, row.at),
            )
            for row in rows
            if row.version == VERSION
        ]  # fmt: skip

    def rarity(self, keys: Sequence[int]) -> dict[int, int]:
        """Return in how many stored articles each term stands; terms in none are left out."""
        asked = tuple(keys)
        if self._counted[0] != asked:
            rows = self._connection.execute(_counts(self._postgres), {"keys": self._list([*asked, _TOTAL])})
            self._counted = (asked, {row.term: row.articles for row in rows})
        return {term: count for term, count in self._counted[1].items() if term != _TOTAL}

    def total(self) -> int:
        """Return how many articles the index holds."""
        if self._counted[0]:
            return self._counted[1].get(_TOTAL, 0)
        return int(self._connection.scalar(select(term_counts.c.articles).where(term_counts.c.term == _TOTAL)) or 0)

    # ------------------------------------------------------------------ commands

    def add(self, article_id: int, fingerprint: Fingerprint, at: datetime) -> None:
        """Enter an article; one that stands in the index already is replaced."""
        day = stamp(at) if fingerprint.dated else 0
        keys = self._keys(fingerprint, self.rarity(fingerprint.terms))
        row = {"article_id": article_id, "at": at, "version": VERSION, "sketch": fingerprint.pack()}
        insertion = insert_or(self._connection, sketches).on_conflict_do_nothing().returning(sketches.c.article_id)
        if self._connection.execute(insertion, row).first() is None:
            self.remove(article_id)
            self._connection.execute(insert(sketches), row)
        marks = [*fingerprint.bands, *([] if fingerprint.dated else [_UNDATED])]
        if marks:
            self._connection.execute(insert(bands), [{"band": band, "day": day, "article_id": article_id} for band in marks])
        if keys:
            self._connection.execute(insert(terms), [{"term": term, "day": day, "article_id": article_id} for term in keys])
        self._count(fingerprint.terms, 1)
        if not fingerprint.dated:
            self._any_undated = True

    def remove(self, article_id: int) -> None:
        """Take an article out, so that it can be entered with new words; unknown ids are no error."""
        row = self._connection.execute(select(sketches).where(sketches.c.article_id == article_id)).first()
        if row is None:
            return
        if row.version == VERSION:
            old = Fingerprint.unpack(row.sketch, row.at)
            day = stamp(row.at) if old.dated else 0
            for table, column, keys in (
                (bands, bands.c.band, (*old.bands, _UNDATED)),
                (terms, terms.c.term, (*old.terms, old.title)),
            ):
                self._connection.execute(delete(table).where(column.in_(keys), table.c.day == day, table.c.article_id == article_id))
            self._count(old.terms, -1)
        self._connection.execute(delete(sketches).where(sketches.c.article_id == article_id))

    # ------------------------------------------------------------------ inside

    def _keys(self, fingerprint: Fingerprint, counts: dict[int, int]) -> dict[int, float]:
        """Return the terms to look an article up by, with their worth: the rarest, and the headline."""
        total = self._counted[1].get(_TOTAL, 0)
        limit = max(_FEW, total * _COMMON)
        ranked = []
        for position, (term, mark) in enumerate(zip(fingerprint.terms, fingerprint.marks, strict=True)):
            sort, count = mark & 0x0F, counts.get(term, 0)
            if sort not in _WEAK and count <= limit:
                # How rare a term is counts by powers of ten: the order of weight inside the article decides among equals.
                ranked.append((len(str(count)) + _PRIOR[sort], position, term))
        ranked.sort()
        keys = {term: 1.0 / worth for worth, _, term in ranked[:INDEXED]}
        if fingerprint.title and fingerprint.title_words >= 4:
            keys[fingerprint.title] = _HEADLINE
        return keys

    def _rows(self, statement: Select[Any], keys: Sequence[int], day: int, around: int, dated: bool) -> Iterable[tuple[int, int]]:
        if not keys:
            return []
        width = BANDS if statement is _BANDS else INDEXED + 1
        padded = [*keys, *[_ABSENT] * (width - len(keys))]
        asked: dict[str, int] = {f"k{number}": key for number, key in enumerate(padded)}
        low, high = (day - around, day + around) if dated else (0, _ALWAYS)
        rows = [tuple(row) for row in self._connection.execute(statement, asked | {"low": max(low, 1) if dated else 0, "high": high})]
        if dated and self._undated():
            rows += [tuple(row) for row in self._connection.execute(statement, asked | {"low": 0, "high": 0})]
        return rows

    def _undated(self) -> bool:
        if self._any_undated is None:
            query = select(bands.c.article_id).where(bands.c.band == _UNDATED, bands.c.day == 0).limit(1)
            self._any_undated = self._connection.scalar(query) is not None
        return self._any_undated

    def _count(self, keys: Sequence[int], by: int) -> None:
        # Sorted, so that writers which do not take turns would still not wait for each other in a circle.
        self._connection.execute(_bump(self._postgres), {"keys": self._list(sorted([*keys, _TOTAL])), "by": by})
        self._counted = ((), {})

    def _list(self, numbers: list[int]) -> Any:
        return numbers if self._postgres else json.dumps(numbers)


_ABSENT = -2
_HEADLINE = 3.0
_PRIOR: dict[int, int] = dict.fromkeys(map(int, Sort), 0) | {Sort.WORD: 2, Sort.LONG: 1, Sort.PAIR: 1}


def _ranked(scores: Iterable[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    sums: dict[int, float] = {}
    for article_id, score in scores:
        sums[article_id] = sums.get(article_id, 0.0) + score
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:most]


def _lookup(table: Table, column: str, width: int, most: int) -> Select[Any]:
    """One question for a fixed number of keys, each with its own limit: what a common key holds is not read to its end."""
    parts = []
    for number in range(width):
        part = select(table.c[column].label("key"), table.c.article_id).where(
            table.c[column] == bindparam(f"k{number}", type_=BigInteger),
            table.c.day >= bindparam("low", type_=BigInteger),
            table.c.day <= bindparam("high", type_=BigInteger),
        )
        parts.append(select(part.order_by(table.c.day.desc(), table.c.article_id.desc()).limit(most).subquery()))
    everything = union_all(*parts).subquery()
    return select(everything.c.key, everything.c.article_id)


_BANDS = _lookup(bands, "band", BANDS, _PER_BAND)
_TERMS = _lookup(terms, "term", INDEXED + 1, _PER_TERM)


def _given(postgres: bool) -> Any:
    """The numbers of one parameter as rows: one statement for any number of keys, compiled once."""
    if postgres:
        return func.unnest(bindparam("keys", type_=ARRAY(BigInteger))).table_valued("value", name="given").render_derived()
    return func.json_each(bindparam("keys")).table_valued("value", name="given")


def _counts(postgres: bool) -> Any:
    return _STATEMENTS["counts", postgres]


def _sketches(postgres: bool) -> Any:
    return _STATEMENTS["sketches", postgres]


def _bump(postgres: bool) -> Any:
    return _STATEMENTS["bump", postgres]


def _statements(postgres: bool) -> dict[tuple[str, bool], Any]:
    from sqlalchemy.dialects import postgresql, sqlite

    given = _given(postgres)
    counts = select(term_counts.c.term, term_counts.c.articles).where(term_counts.c.term.in_(select(given.c.value)))
    table = schema.articles
    chosen = (
        select(sketches.c.article_id, sketches.c.at, sketches.c.version, sketches.c.sketch, table.c.story_id, table.c.copy_id)
        .join(table, table.c.id == sketches.c.article_id)
        .where(sketches.c.article_id.in_(select(given.c.value)))
        .order_by(sketches.c.article_id)
    )
    by = bindparam("by", type_=BigInteger)
    added: Any = (postgresql.insert if postgres else sqlite.insert)(term_counts)
    # SQLite reads ON after a FROM as a join's, unless a WHERE stands between.
    added = added.from_select(["term", "articles"], select(given.c.value, by).where(given.c.value >= _TOTAL))
    bump = added.on_conflict_do_update(index_elements=["term"], set_={"articles": term_counts.c.articles + by})
    return {("counts", postgres): counts, ("sketches", postgres): chosen, ("bump", postgres): bump}


_STATEMENTS = _statements(False) | _statements(True)
