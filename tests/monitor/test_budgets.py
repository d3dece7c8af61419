"""What a source may bring and what a host may be asked for in a day: nobody fills the store, and the digest says whose share was used up."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from monitor.editions import Desk, next_edition
from monitor.intake import StoreIntake
from monitor.past import PastIntake
from monitor.shapes import render
from storage.items import Arrival, Article, Entry, Poll, PollOutcome, Source, Validators
from storage.store import Store
from tests.monitor.desk import MATCHER
from tests.monitor.postroom import Clock

SOURCE = Source(id="renames", url="https://renames.example/rss", outlet="Báo Đổi Tên")


def _intake(store: Store, clock: Clock) -> StoreIntake:
    return StoreIntake(store, MATCHER, clock=clock, entries_a_day=50, pages_a_day=3)


def _told(store: Store, clock: Clock) -> str:
    desk = Desk(store=store, sources=[SOURCE], topics=["FPT"], only=False, zone=ZoneInfo("UTC"), language="en", clock=clock)
    return " ".join(render(next_edition(desk).digest, "text").split())


def _poll(store: Store, clock: Clock, number: int, shown: int = 20) -> int:
    """One poll of a feed that renames all its entries each time; returns how many were taken."""
    intake = _intake(store, clock)
    entries = [
        Entry(source_id=SOURCE.id, key=f"guid-{number}-{n}", url=f"https://renames.example/{number}/{n}", title=f"FPT Software tin {number} {n}")
        for n in range(shown)
    ]  # fmt: skip
    fresh = intake.sift(SOURCE, entries)
    intake.take([Arrival(source=SOURCE, entry=one, article=Article(url=one.url, title=one.title, outlet="Báo")) for one in fresh])
    poll = Poll(
        source_id=SOURCE.id, started=clock.now, finished=clock.now, outcome=PollOutcome.CHANGED, status=200, entries=shown, new=len(fresh),
        validators=Validators(etag=f"e{number}"), url=SOURCE.url,
    )  # fmt: skip
    intake.polled(poll)
    intake.flush()
    return len(fresh)


def test_a_feed_that_renames_everything_at_each_poll_fills_no_store(store: Store) -> None:
    clock = Clock()
    with store.transaction() as transaction:
        transaction.sources.ensure([SOURCE])
    taken = []
    for number in range(6):
        taken.append(_poll(store, clock, number))
        clock.pass_(minutes=30)
    assert taken == [20, 20, 10, 0, 0, 0]
    with store.reading() as reading:
        assert reading.sources.state(SOURCE.id).validators.etag == "e1", "what was left is not taken for read"
    said = _told(store, clock)
    assert "More new entries within a day than a source may bring" in said and said.count("Báo Đổi Tên") >= 1
    assert said.count("More new entries") == 1
    clock.pass_(hours=24)
    assert _poll(store, clock, 7) == 20, "the next day has a share of its own"
    assert "More new entries" not in _told(store, clock)


def test_a_host_gets_its_share_of_pages_a_day_whatever_asks_for_it(store: Store) -> None:
    clock = Clock()
    with store.transaction() as transaction:
        transaction.sources.ensure([SOURCE])
    first = _intake(store, clock)
    assert [first.may_ask(f"https://www.trap.example/{n}") for n in range(2)] == [True, True]
    first.flush()
    second = _intake(store, clock)  # another crawl of the day
    assert [second.may_ask(f"https://trap.example/{n}") for n in range(3)] == [True, False, False]
    assert second.may_ask("https://other.example/1"), "no other host pays for it"
    second.flush()
    past = PastIntake(store, MATCHER, clock=clock, pages_a_day=5)  # four of them for the past
    assert [past.may_ask(f"https://trap.example/old/{n}") for n in range(2)] == [True, False]
    past.flush()
    assert not _intake(store, clock).may_ask("https://trap.example/4")
    said = _told(store, clock)
    assert "As many pages as a host may be asked for in a day" in said and "trap.example" in said and "other.example" not in said
    clock.pass_(hours=24)
    assert second.may_ask("https://trap.example/5"), "also in a crawl that goes on past midnight"
    second.flush()
    with store.reading() as reading:
        assert reading.hosts.pages(clock.now.date()) == {"trap.example": 1}
        assert reading.hosts.pages((clock.now - timedelta(days=1)).date()) == {"trap.example": 4, "other.example": 1}
    clock.pass_(days=9)
    assert second.may_ask("https://trap.example/6")
    second.flush()
    with store.reading() as reading:
        assert reading.hosts.pages((clock.now - timedelta(days=9)).date()) == {}, "old days are forgotten"
