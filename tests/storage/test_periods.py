"""The ledger of due periods, and incidents, on both engines."""

from __future__ import annotations

from datetime import timedelta

from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW


def open_one(store: Store, period: str = "2026-11-23", **fields: object) -> int:
    values = {"due": NOW - HOUR, "missed": ["2026-11-22"], "since": NOW - DAY, "now": NOW} | fields
    with store.transaction() as transaction:
        return transaction.periods.open("daily", period, **values).attempts  # type: ignore[arg-type]


def test_the_steps_of_a_period(store: Store) -> None:
    assert open_one(store) == 1
    assert open_one(store, now=NOW + HOUR) == 2
    with store.reading() as reading:
        row = reading.periods.get("daily", "2026-11-23")
        assert row is not None
        assert (row.missed, row.since, row.opened, row.crawled, row.made, row.written) == (
            ("2026-11-22",),
            NOW - DAY,
            NOW,
            None,
            None,
            None,
        )
        assert reading.periods.made("daily") == set() and reading.periods.unwritten() == []
        assert reading.periods.get("daily", "2026-11-24") is None
    with store.transaction() as transaction:
        digest = transaction.ledger.open_edition("daily", "2026-11-23", now=NOW, since=None, until=NOW, stories=[])
        transaction.periods.set_crawled("daily", "2026-11-23", NOW)
        transaction.periods.set_made("daily", "2026-11-23", NOW + HOUR, digest)
    with store.reading() as reading:
        assert reading.periods.made("daily") == {"2026-11-23"} and reading.periods.made("weekly") == set()
        assert [row.period for row in reading.periods.unwritten()] == ["2026-11-23"]
        (row,) = reading.periods.of_editions([digest])
        assert (row.crawled, row.made, row.digest_id) == (NOW, NOW + HOUR, digest)
    with store.transaction() as transaction:
        transaction.periods.set_written("daily", "2026-11-23", NOW + HOUR)
    with store.reading() as reading:
        assert reading.periods.unwritten() == []


def test_the_made_periods_are_the_latest(store: Store) -> None:
    for number in range(5):
        open_one(store, f"2026-11-{10 + number}")
        with store.transaction() as transaction:
            digest = transaction.ledger.open_edition("daily", f"2026-11-{10 + number}", now=NOW, since=None, until=NOW, stories=[])
            transaction.periods.set_made("daily", f"2026-11-{10 + number}", NOW + timedelta(days=number), digest)
    with store.reading() as reading:
        assert reading.periods.made("daily", limit=2) == {"2026-11-13", "2026-11-14"}
        assert len(reading.periods.all("daily")) == 5


def test_incidents_of_a_window(store: Store) -> None:
    with store.transaction() as transaction:
        for hours, kind in ((1, "crawl-died"), (2, "config-refused"), (3, "crawl-died")):
            transaction.incidents.add(NOW + hours * HOUR, kind, f"nach {hours} Stunden")
    with store.reading() as reading:
        assert [one.kind for one in reading.incidents.between(None, NOW + DAY)] == ["crawl-died", "config-refused", "crawl-died"]
        (one,) = reading.incidents.between(NOW + HOUR, NOW + 2 * HOUR)
        assert (one.at, one.kind, one.detail) == (NOW + 2 * HOUR, "config-refused", "nach 2 Stunden")
    with store.transaction() as transaction:
        assert transaction.incidents.forget(NOW + 3 * HOUR) == 2
    with store.reading() as reading:
        assert len(reading.incidents.between(None, NOW + DAY)) == 1
