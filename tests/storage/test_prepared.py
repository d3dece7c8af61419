"""Statements given to the driver itself: what they give back, and how their failing is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import schema
from storage.errors import StorageError
from storage.prepared import Prepared
from storage.store import Store
from tests.storage.makers import add

MOMENT = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC)
ADD = Prepared(insert(schema.mutes))
SHIFT = Prepared(update(schema.mutes).where(schema.mutes.c.topic == bindparam("b_topic")).values(at=bindparam("b_at")))
HEADS = Prepared(
    select(schema.articles.c.first_seen, schema.articles.c.baseline, schema.articles.c.authors, schema.articles.c.evidence).where(
        schema.articles.c.id == bindparam("id")
    )
)


def test_what_comes_back_is_read_as_its_columns_mean(store: Store) -> None:
    number = add(store)
    with store.reading() as reading:
        article = reading.articles.get(number)
        assert article is not None
        ((first_seen, baseline, authors, evidence),) = HEADS.rows(reading.connection, {"id": number})
        assert HEADS.rows(reading.connection, {"id": 99}) == []
    assert (first_seen, baseline, tuple(authors)) == (article.first_seen, False, article.article.authors)
    assert evidence["rule"] == article.evidence.rule


def test_changes_are_counted_and_written_as_their_columns_want_them(store: Store) -> None:
    with store.transaction() as transaction:
        ADD.change_many(transaction.connection, [{"topic": "fpt", "outlet_host": f"{one}.example", "at": MOMENT} for one in range(3)])
        ADD.change_many(transaction.connection, [])
        assert SHIFT.change(transaction.connection, {"b_topic": "fpt", "b_at": MOMENT.replace(year=2025)}) == 3
        assert SHIFT.change(transaction.connection, {"b_topic": "mila", "b_at": MOMENT}) == 0
    with store.reading() as reading:
        assert {mute.at for mute in reading.verdicts.mutes()} == {MOMENT.replace(year=2025)}


def test_what_fails_is_told_as_by_any_other_statement(store: Store) -> None:
    row = {"topic": "fpt", "outlet_host": "a.example", "at": MOMENT}
    with pytest.raises(StorageError), store.transaction() as transaction:
        ADD.change(transaction.connection, row)
        with pytest.raises(IntegrityError) as failed:
            ADD.change(transaction.connection, row)
        assert failed.value.orig is not None
        ADD.change(transaction.connection, row)
    with store.reading() as reading:
        assert reading.verdicts.mutes() == []


def test_a_connection_that_is_lost_is_not_used_again(postgres_url: str) -> None:
    with Store.open(postgres_url) as store:
        with pytest.raises(StorageError), store.transaction() as transaction, Store.open(postgres_url) as other:
            own = transaction.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with other.reading() as killer:
                killer.connection.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
            with pytest.raises(DBAPIError) as failed:
                HEADS.rows(transaction.connection, {"id": 1})
            assert failed.value.connection_invalidated
            raise failed.value
        assert add(store)
