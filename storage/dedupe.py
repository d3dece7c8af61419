"""Find stored articles that may be copies of a new one or tell the same story. Finds, never decides.

Everything is looked up by key in the database and cut to a fixed number, so that the cost does not grow with the store: by the smallest
shingle hashes for copies (a bottom-k sketch read as an inverted index), by rare terms inside a window of days for stories.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, bindparam, delete, func, insert, literal_column, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from storage import schema
from storage.fingerprints import VERSION, Fingerprint, stamp
from storage.prepared import Prepared
from storage.schema_index import bands, sketches, term_counts, terms, unsettled
from storage.terms import Sort
from storage.upsert import insert_into

COPY_DAYS = 31
STORY_DAYS = 3
BANDS = 12  # shingle hashes of an article that are indexed
INDEXED = 24  # terms of an article that are indexed
_WIDER = 3  # how many times more are looked up at a second look
_PER_BAND = 40  # rows read for one key at most
_PER_TERM = 40
_BY_BAND = 48  # candidates at most
_BY_TERM = 48
_TOTAL = -1  # the key under which the articles themselves are counted
_UNDATED = -1  # the band that marks articles which may be of any day
_ALWAYS = 2**31 - 1
_FEW = 50  # a term in so few articles is looked up in a store of any size: all that tell one event may share it
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
    suppressed: bool  # a hit that is not told; it stands in nobody's story


class Dedupe:
    """The index of copies and stories on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._postgres = connection.dialect.name == "postgresql"
        # Counts of terms as they are with what this transaction adds; that is written once, at its end: common words stand in most articles.
        self._counted: dict[int, int] = {}
        self._unwritten: dict[int, int] = {}
        self._ranked: tuple[Fingerprint | None, list[tuple[int, int, int]]] = (None, [])
        self._any_undated: bool | None = None

    # ------------------------------------------------------------------ questions

    def candidates(self, fingerprint: Fingerprint, at: datetime) -> list[Candidate]:
        """Return the stored articles that may be copies of this one or tell its story, by id; a bounded number of them."""
        return self.of(self.likely(fingerprint, at))

    def likely(self, fingerprint: Fingerprint, at: datetime, *, wide: bool = False, counts: Mapping[int, int] | None = None) -> list[int]:
        """Return the ids of those articles, ascending.

        Args:
            counts: in how many articles its terms stand; looked up where they are not given.
            wide: look up more of its terms than are entered of an article. Which terms those were depended on what was stored then;
                so what was entered first and last still find each other.
        """
        counts = self.rarity(fingerprint.terms) if counts is None else counts
        day = stamp(at)
        found = set(self._likely(_BANDS, dict.fromkeys(fingerprint.bands, 1), day, COPY_DAYS, fingerprint.dated))
        keys = self._keys(fingerprint, counts, INDEXED * _WIDER if wide else INDEXED)
        found.update(self._likely(_WIDE if wide else _TERMS, keys, day, STORY_DAYS, fingerprint.dated))
        return sorted(found)

    def of(self, article_ids: Sequence[int]) -> list[Candidate]:
        """Return articles as the index knows them, by id; those it does not hold are left out."""
        if not article_ids:
            return []
        rows = _SKETCHES[self._postgres].rows(self._connection, {"keys": self._list(list(article_ids))})
        return [
            Candidate(
                article_id=article_id, story_id=story_id, copy_id=copy_id, at=at, suppressed=suppressed,
                fingerprint=Fingerprint.unpack(sketch, at),
            )
            for article_id, at, version, sketch, story_id, copy_id, suppressed in rows
            if version == VERSION
        ]  # fmt: skip

    def counts(self, keys: Iterable[int]) -> dict[int, int]:
        """Return in how many stored articles each of any number of terms stands; terms in none are left out."""
        self.flush()
        counts: dict[int, int] = {}
        asked = sorted(set(keys))
        for start in range(0, len(asked), _AT_ONCE):
            counts.update(_COUNTS[self._postgres].rows(self._connection, {"keys": self._list(asked[start : start + _AT_ONCE])}))
        return counts

    def rarity(self, keys: Sequence[int]) -> dict[int, int]:
        """Return in how many stored articles each term stands; terms in none are left out."""
        counted = self._counted
        unknown = [key for key in (*keys, _TOTAL) if key not in counted]
        if unknown:
            if len(counted) > _REMEMBERED:
                self.flush()
                counted.clear()
                unknown = [*keys, _TOTAL]
            counted.update(dict.fromkeys(unknown, 0))
            counted.update(_COUNTS[self._postgres].rows(self._connection, {"keys": self._list(unknown)}))
            for key in unknown:
                if added := self._unwritten.get(key):
                    counted[key] += added
        return {key: count for key in keys if (count := counted[key])}

    def outdated(self, before: datetime | None, limit: int) -> list[tuple[int, datetime]]:
        """Return articles whose fingerprint is of an earlier version, with their moments, the newest first.

        Args:
            before: only those of then or earlier.
        """
        query = select(sketches.c.article_id, sketches.c.at).where(sketches.c.version != VERSION)
        if before is not None:
            query = query.where(sketches.c.at <= before)
        query = query.order_by(sketches.c.at.desc(), sketches.c.article_id.desc()).limit(limit)
        return [(row.article_id, row.at) for row in self._connection.execute(query)]

    def total(self) -> int:
        """Return how many articles the index holds."""
        if _TOTAL not in self._counted:
            self.rarity(())
        return self._counted[_TOTAL]

    # ------------------------------------------------------------------ commands

    def add(self, article_id: int, fingerprint: Fingerprint, at: datetime) -> None:
        """Enter an article; one that stands in the index already is replaced."""
        day = stamp(at) if fingerprint.dated else 0
        keys = self._keys(fingerprint, self.rarity(fingerprint.terms), INDEXED)
        row = {"article_id": article_id, "at": at, "version": VERSION, "sketch": fingerprint.pack()}
        if _ADD_SKETCH[self._postgres].change(self._connection, row) != 1:
            self.remove(article_id)
            _ADD_SKETCH[self._postgres].change(self._connection, row)
        marks = [*fingerprint.bands, *([] if fingerprint.dated else [_UNDATED])]
        _ADD_BAND.change_many(self._connection, [{"band": band, "day": day, "article_id": article_id} for band in marks])
        _ADD_TERM.change_many(self._connection, [{"term": term, "day": day, "article_id": article_id} for term in keys])
        self._count(fingerprint.terms, 1)
        if not fingerprint.dated:
            self._any_undated = True

    def remove(self, article_id: int) -> None:
        """Take an article out, so that it can be entered with new words; unknown ids are no error."""
        row = self._connection.execute(select(sketches).where(sketches.c.article_id == article_id)).first()
        if row is None:
            return
        old = Fingerprint.unpack(row.sketch, row.at, any_version=True)
        day = stamp(row.at) if old.dated else 0
        for table, column, keys in (
            (bands, bands.c.band, (*old.bands, _UNDATED)),
            (terms, terms.c.term, (*old.terms, old.title)),
        ):
            self._connection.execute(delete(table).where(column.in_(keys), table.c.day == day, table.c.article_id == article_id))
        self._count(old.terms, -1)
        self._connection.execute(delete(sketches).where(sketches.c.article_id == article_id))
        self._connection.execute(delete(unsettled).where(unsettled.c.article_id == article_id))

    def flush(self) -> None:
        """Write what this transaction adds to the counts of terms; its end does so."""
        by_change: dict[int, list[int]] = {}
        for term, change in self._unwritten.items():
            if change:
                by_change.setdefault(change, []).append(term)
        self._unwritten.clear()
        for change, keys in sorted(by_change.items()):
            # Sorted, so that writers which do not take turns would still not wait for each other in a circle.
            _BUMP[self._postgres].change(self._connection, {"keys": self._list(sorted(keys)), "by": change})

    # ------------------------------------------------------------------ what is to be grouped once more

    def stir(self, article_ids: Iterable[int]) -> None:
        """Note that articles came near each other, to be grouped together at the end."""
        _STIR[self._postgres].change_many(self._connection, [{"article_id": one} for one in sorted(set(article_ids))])

    def stirred(self, limit: int) -> list[int]:
        """Return ids of articles that wait to be grouped, the first ones first."""
        return list(self._connection.scalars(select(unsettled.c.article_id).order_by(unsettled.c.article_id).limit(limit)))

    def calm(self, article_ids: Iterable[int]) -> None:
        """Note that articles have been grouped."""
        ids = sorted(set(article_ids))
        for start in range(0, len(ids), _AT_ONCE):
            self._connection.execute(delete(unsettled).where(unsettled.c.article_id.in_(ids[start : start + _AT_ONCE])))

    # ------------------------------------------------------------------ inside

    def _keys(self, fingerprint: Fingerprint, counts: Mapping[int, int], most: int) -> dict[int, int]:
        """Return the terms to look an article up by, with their worth: the rarest, and the headline."""
        if self._ranked[0] is not fingerprint:
            self._ranked = fingerprint, self._rank(fingerprint, counts)
        ranked = self._ranked[1]
        keys = {term: _WORTH // worth for worth, _, term in ranked[:most]}
        if fingerprint.title and fingerprint.title_words >= 4:
            keys[fingerprint.title] = _HEADLINE
        return keys

    def _rank(self, fingerprint: Fingerprint, counts: Mapping[int, int]) -> list[tuple[int, int, int]]:
        limit = max(_FEW, self.total() * _COMMON)
        ranked = []
        get = counts.get
        for position, (term, mark) in enumerate(zip(fingerprint.terms, fingerprint.marks, strict=True)):
            count = get(term, 0)
            if count <= limit and (prior := _PRIORS[mark & 0x0F]) is not None:
                # How rare a term is counts by powers of ten: the order of weight inside the article decides among equals.
                ranked.append((len(str(count)) + prior, position, term))
        ranked.sort()
        return ranked

    def _likely(self, lookup: _Lookup, keys: Mapping[int, int], day: int, around: int, dated: bool) -> list[int]:
        """Return the ids of articles that share the most of these keys, best first."""
        if not keys:
            return []
        asked = dict(lookup.padding)
        for number, (key, worth) in enumerate(keys.items()):
            asked[f"k{number}"], asked[f"w{number}"] = key, worth
        asked["low"], asked["high"] = (max(day - around, 1), day + around) if dated else (0, _ALWAYS)
        rows = lookup.statement.rows(self._connection, asked)
        if dated and self._undated():
            rows += lookup.statement.rows(self._connection, asked | {"low": 0, "high": 0})
        ranked = sorted((-int(worth), article_id) for article_id, worth in rows)
        return [article_id for _, article_id in ranked[: lookup.most]]

    def _undated(self) -> bool:
        if self._any_undated is None:
            query = select(bands.c.article_id).where(bands.c.band == _UNDATED, bands.c.day == 0).limit(1)
            self._any_undated = self._connection.scalar(query) is not None
        return self._any_undated

    def _count(self, keys: Sequence[int], by: int) -> None:
        counted, unwritten = self._counted, self._unwritten
        for key in (*keys, _TOTAL):
            unwritten[key] = unwritten.get(key, 0) + by
            if key in counted:
                counted[key] += by
        self._ranked = (None, [])

    def _list(self, numbers: list[int]) -> Any:
        return numbers if self._postgres else json.dumps(numbers)


_ABSENT = -2
_AT_ONCE = 5_000
_REMEMBERED = 200_000  # counts
_WORTH = 60_000  # of a term in hardly any article; whole numbers, so that a sum is the same in any order
_HEADLINE = 3 * _WORTH
_PRIORS: list[int | None] = [
    None if sort in _WEAK else 2 if sort is Sort.WORD else 1 if sort in {Sort.LONG, Sort.PAIR} else 0 for sort in sorted(Sort)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lookup:
    """One question for a fixed number of keys."""

    statement: Prepared
    padding: Mapping[str, int]
    most: int  # articles


def _lookup(table: Table, column: str, *, width: int, most_rows: int, most: int, single: int) -> _Lookup:
    """Make the question for articles by several keys; what a common key holds is not read to its end.

    Args:
        width: keys that it takes.
        most_rows: rows read for each key, the newest.
        most: articles that it gives.
        single: worth from which one shared key is enough; below, it is a coincidence.
    """
    number: Any = BigInteger()
    low, high = bindparam("low", type_=number), bindparam("high", type_=number)
    parts = []
    for position in range(width):
        part = select(table.c.article_id.label("article_id"), bindparam(f"w{position}", type_=number).label("worth")).where(
            table.c[column] == bindparam(f"k{position}", type_=number), table.c.day >= low, table.c.day <= high
        )
        parts.append(select(part.order_by(table.c.day.desc(), table.c.article_id.desc()).limit(literal_column(str(most_rows))).subquery()))
    rows = union_all(*parts).subquery()
    worth = func.sum(rows.c.worth)
    query = select(rows.c.article_id, worth).group_by(rows.c.article_id).having(or_(func.count() > 1, func.max(rows.c.worth) >= single))
    query = query.order_by(worth.desc(), rows.c.article_id).limit(literal_column(str(most)))
    padding = {f"k{position}": _ABSENT for position in range(width)} | {f"w{position}": 0 for position in range(width)}
    return _Lookup(statement=Prepared(query), padding=padding, most=most)


_BANDS = _lookup(bands, "band", width=BANDS, most_rows=_PER_BAND, most=_BY_BAND, single=1)
_WIDE = _lookup(terms, "term", width=INDEXED * _WIDER + 1, most_rows=_PER_TERM, most=_BY_TERM, single=_HEADLINE)
_TERMS = _lookup(terms, "term", width=INDEXED + 1, most_rows=_PER_TERM, most=_BY_TERM, single=_HEADLINE)


def _given(postgres: bool) -> Any:
    """The numbers of one parameter as rows: one statement for any number of keys, compiled once."""
    if postgres:
        return func.unnest(bindparam("keys", type_=ARRAY(BigInteger))).table_valued("value", name="given").render_derived()
    return func.json_each(bindparam("keys")).table_valued("value", name="given")


def _count_of(postgres: bool) -> Prepared:
    given = _given(postgres)
    return Prepared(select(term_counts.c.term, term_counts.c.articles).where(term_counts.c.term.in_(select(given.c.value))))


def _sketches_of(postgres: bool) -> Prepared:
    given, table = _given(postgres), schema.articles
    return Prepared(
        select(
            sketches.c.article_id,
            sketches.c.at,
            sketches.c.version,
            sketches.c.sketch,
            table.c.story_id,
            table.c.copy_id,
            table.c.suppressed,
        )
        .join(table, table.c.id == sketches.c.article_id)
        .where(sketches.c.article_id.in_(select(given.c.value)))
        .order_by(sketches.c.article_id)
    )


def _bump(postgres: bool) -> Prepared:
    given, by = _given(postgres), bindparam("by", type_=BigInteger)
    added: Any = insert_into(postgres, term_counts)
    # SQLite reads ON after a FROM as a join's, unless a WHERE stands between.
    added = added.from_select(["term", "articles"], select(given.c.value, by).where(given.c.value >= _TOTAL))
    return Prepared(added.on_conflict_do_update(index_elements=["term"], set_={"articles": term_counts.c.articles + by}))


# By whether it is for PostgreSQL.
_COUNTS = {postgres: _count_of(postgres) for postgres in (False, True)}
_SKETCHES = {postgres: _sketches_of(postgres) for postgres in (False, True)}
_BUMP = {postgres: _bump(postgres) for postgres in (False, True)}
_ADD_SKETCH = {postgres: Prepared(insert_into(postgres, sketches).on_conflict_do_nothing()) for postgres in (False, True)}
_STIR = {postgres: Prepared(insert_into(postgres, unsettled).on_conflict_do_nothing()) for postgres in (False, True)}
_ADD_BAND, _ADD_TERM = Prepared(insert(bands)), Prepared(insert(terms))
