"""Articles of an earlier version of fingerprints are sketched anew, in rounds that go on where the last one ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from benchmarks.made_up import Maker, variants
from benchmarks.stories import store_one
from monitor.sketching import sketch_anew
from storage.fingerprints import VERSION, fingerprint
from storage.schema_index import bands, sketches, term_counts, terms
from storage.store import Store

AT = datetime(2026, 3, 10, 6, tzinfo=UTC)
MADE = [Maker(41).article(number, AT + timedelta(hours=number // 2), sentences=8) for number in range(9)]


def test_older_sketches_are_made_anew_in_rounds(store: Store) -> None:
    with store.transaction() as transaction:
        for one in MADE:
            store_one(transaction, one, one.published or AT)
    with store.reading() as reading:
        before = [reading.connection.execute(select(table).order_by(*table.primary_key)).all() for table in (bands, terms, term_counts)]
    with store.transaction() as transaction:
        for row in transaction.connection.execute(select(sketches.c.article_id, sketches.c.sketch)).all():
            old = bytes([VERSION - 1]) + bytes(row.sketch)[1:]
            changed = update(sketches).where(sketches.c.article_id == row.article_id)
            transaction.connection.execute(changed.values(version=VERSION - 1, sketch=old))
    (copy,) = variants(MADE[4], 1)
    asked = fingerprint(copy, AT)
    with store.reading() as reading:
        assert reading.dedupe.candidates(asked, AT) == []
    assert sketch_anew(store, 4) == 4
    with store.reading() as reading:
        newest = reading.connection.scalars(select(sketches.c.article_id).where(sketches.c.version == VERSION)).all()
        assert sorted(newest) == [6, 7, 8, 9]
    assert sketch_anew(store, 100) == 5
    with store.reading() as reading:
        assert 5 in {one.article_id for one in reading.dedupe.candidates(asked, AT)}
        after = [reading.connection.execute(select(table).order_by(*table.primary_key)).all() for table in (bands, terms, term_counts)]
        assert after[0] == before[0]
        assert [row for row in after[2] if row.articles] == [row for row in before[2] if row.articles]
        assert reading.connection.scalar(select(func.count()).select_from(sketches)) == len(MADE)
    assert sketch_anew(store, 100) == 0
    assert sketch_anew(store, 100) == 0
    with store.reading() as reading:
        assert reading.meta("sketched") == f"{VERSION} done"
