"""Alerts: what cannot wait, told once by each rule, held in quiet hours, a burst only above the usual; on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts import LEAST_DAYS, Finding, evaluate, held_until, matches, pattern, usual_of
from monitor.config import Config
from monitor.config_delivery import AlertTable
from monitor.delivery.dispatch import DeliveryReport
from monitor.delivery.service import deliver_due
from storage.items import StoredArticle
from storage.store import Store
from tests.monitor.postroom import Clock, Hook, Inbox, block, config_of, mail_block, mail_server, web_server
from tests.monitor.told import mention as shown_mention
from tests.monitor.told import stored
from tests.storage.makers import DAY, HOUR, NOW, add, mention

HANOI, TORONTO = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/Toronto")
NIGHT = (time(22), time(7))


def rule(**values: Any) -> AlertTable:
    return AlertTable(**({"name": "urgent", "deliver": ("mail",)} | values))


# --- pure


def article(*topics: str, passing: bool = False, **values: Any) -> StoredArticle:
    mentions = [shown_mention(topic, topic, passing=passing) for topic in topics or ("FPT",)]
    return stored(1, *mentions, **({"outlet": "Báo Mới", "outlet_host": "www.baomoi.example", "title": "FPT thu hồi sản phẩm"} | values))


def test_all_that_a_rule_names_has_to_be_there() -> None:
    def hit(stored: StoredArticle, **values: Any) -> bool:
        one = rule(**values)
        return matches(stored, one, one.topics or ("FPT", "Mila"), pattern(one.words))

    assert hit(article(), topics=("FPT",))
    assert not hit(article("Mila"), topics=("FPT",))
    assert hit(article("Mila", "FPT"), topics=("FPT",))
    assert not hit(article(passing=True), topics=("FPT",))
    assert hit(article(passing=True), topics=("FPT",), passing=True)
    assert hit(article(), outlets=("bao moi",))  # tone marks and capitals do not matter
    assert hit(article(), outlets=("baomoi.example",))
    assert not hit(article(), outlets=("Báo Cũ",))
    assert hit(article(), words=("lawsuit", "Thu Hồi"))
    assert not hit(article(), words=("thu",), topics=("Mila",))
    assert not hit(article(title="FPT Software"), words=("soft",))  # whole words
    assert hit(article(title="FPT", summary="a recall\n of C++ (all)"), words=("of c++ (all)",))
    assert hit(article(title="FPT", text="the recall of all"), words=("recall",))
    assert not hit(article(), words=("thu hồi",), outlets=("Báo Cũ",))


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "until"),
    [
        (None, HANOI, "2026-11-23T16:00", "2026-11-23T16:00"),
        (NIGHT, HANOI, "2026-11-23T14:59", "2026-11-23T14:59"),  # 21:59 in Hanoi
        (NIGHT, HANOI, "2026-11-23T15:00", "2026-11-24T00:00"),
        (NIGHT, HANOI, "2026-11-23T23:59", "2026-11-24T00:00"),
        (NIGHT, HANOI, "2026-11-24T00:00", "2026-11-24T00:00"),  # 07:00
        ((time(12), time(14)), HANOI, "2026-11-23T05:30", "2026-11-23T07:00"),
        ((time(12), time(14)), HANOI, "2026-11-23T08:00", "2026-11-23T08:00"),
        (NIGHT, TORONTO, "2026-11-01T05:30", "2026-11-01T12:00"),  # the night in which clocks are put back
        (NIGHT, TORONTO, "2026-03-08T04:00", "2026-03-08T11:00"),  # and forward
        ((time(1), time(2, 30)), TORONTO, "2026-03-08T06:30", "2026-03-08T07:30"),  # ends in an hour that is jumped over
        ((time(0), time(1, 30)), TORONTO, "2026-11-01T06:15", "2026-11-01T06:15"),  # 01:15 the second time: past the end
    ],
)
def test_quiet_hours(quiet: tuple[time, time] | None, zone: ZoneInfo, now: str, until: str) -> None:
    assert held_until(quiet, zone, datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_the_usual_is_the_mean_of_that_hour() -> None:
    begin = NOW - 40 * DAY
    assert usual_of([], NOW, UTC_ZONE, begin) == 0
    same_hour = [NOW - day * DAY - HOUR / 2 for day in (1, 2, 2, 28)]
    other_hour = [NOW - day * DAY - 5 * HOUR for day in range(1, 29)]
    assert usual_of([*same_hour, *other_hour, NOW - HOUR / 2], NOW, UTC_ZONE, begin) == 4 / 28
    assert usual_of(same_hour, NOW, UTC_ZONE, NOW - 10 * DAY - HOUR) == 3 / 10
    assert usual_of(same_hour, NOW, UTC_ZONE, NOW - (LEAST_DAYS - 1) * DAY - HOUR) is None


def test_the_usual_hour_is_the_readers() -> None:
    """After a change of clocks, nine in the morning is compared with nine in the morning."""
    now = datetime(2026, 11, 3, 14, tzinfo=UTC)  # 09:00 in Toronto, which was 13:00 UTC until 1 November
    summer = [datetime(2026, 10, day, 12, 30, tzinfo=UTC) for day in range(10, 31)]
    assert usual_of(summer, now, TORONTO, now - 30 * DAY) == 21 / 28
    assert usual_of(summer, now, UTC_ZONE, now - 30 * DAY) == 0


UTC_ZONE = ZoneInfo("UTC")


# --- with a store


@dataclass
class Room:
    """A store with rules that go by mail."""

    store: Store
    folder: Path
    inbox: Inbox
    clock: Clock
    config: Config
    stories: int = 0

    def configure(self, *rules: str, more: str = "") -> None:
        """Work by these rules."""
        self.config = config_of(self.folder, 'timezone = "UTC"\n' + "".join(rules) + mail_block(self.inbox.port, ["me@example.org"]) + more)

    def news(self, topic: str = "FPT", **fields: Any) -> int:
        """Let a story come in; returns its number."""
        self.stories += 1
        values = {"title": f"{topic} {self.stories}", "first_seen": self.clock(), "published": self.clock(), "mentions": (mention(topic),)}
        number = add(self.store, self.stories, **(values | fields))
        with self.store.reading() as reading:
            found = reading.articles.get(number)
        assert found is not None
        return found.story_id

    def look(self, **options: Any) -> list[Finding]:
        """Evaluate all rules, a second later."""
        self.clock.pass_(seconds=1)
        return evaluate(self.store, self.config, self.clock, env={}, **options)

    def send(self) -> DeliveryReport:
        """Send what is due."""
        return deliver_due(self.store, self.config, self.clock, env={})

    def subjects(self) -> list[str]:
        """Of the mails that arrived."""
        return [str(mail["Subject"]) for mail in self.inbox.mails()]


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Iterator[Room]:
    with mail_server() as inbox:
        made = Room(store=store, folder=tmp_path, inbox=inbox, clock=Clock(), config=config_of(tmp_path, ""))
        yield made


URGENT = block("alert", name="urgent", deliver=["mail"], topics=["FPT"])


def test_each_story_is_told_once_by_each_rule(room: Room) -> None:
    room.configure(URGENT, block("alert", name="any", deliver=["mail"], topics=["FPT", "Mila"]))
    room.news()
    assert room.look() == []  # the first look begins the watch: nothing old is told
    room.clock.pass_(minutes=5)
    one, other = room.news(), room.news("Mila")
    assert [(found.rule, found.kind, found.stories) for found in room.look()] == [
        ("urgent", "match", (one,)),
        ("any", "match", (one, other)),
    ]
    assert room.look() == []
    assert room.send().sent == 2
    assert room.send().sent == 0
    assert room.subjects() == ["Alert urgent: FPT 2 (Báo Ví Dụ)", "Alert any: 2 new"]
    text, html = (str(room.inbox.mails()[1].get_body((kind,)).get_content()) for kind in ("plain", "html"))  # type: ignore[union-attr]
    for number in (one, other):
        assert f"s{number} ·" in text
        assert f'id="s{number}"' in html
    with room.store.reading() as reading:
        assert len(reading.articles.untold("daily")) == 3  # an alert takes nothing from the digest


def test_a_story_that_grows_is_not_told_again(room: Room) -> None:
    room.configure(URGENT)
    room.look()
    room.clock.pass_(minutes=1)
    story = room.news()
    assert len(room.look()) == 1
    room.clock.pass_(hours=1)
    room.news(story_id=story)
    assert room.look() == []
    other = room.news()
    with room.store.transaction() as transaction:
        transaction.articles.merge(other, story)  # the told one ends in the new one
    assert room.look() == []


def test_what_waits_too_long_is_left_to_the_digest(room: Room) -> None:
    room.configure(URGENT)
    room.look()
    room.clock.pass_(minutes=1)
    room.news()
    room.clock.pass_(hours=49)
    assert room.look() == []


def test_trying_a_rule_writes_nothing(room: Room) -> None:
    room.configure(URGENT)
    story = room.news()
    assert [found.stories for found in room.look(dry_run=True)] == [(story,)]
    assert [found.stories for found in room.look(dry_run=True)] == [(story,)]
    with room.store.reading() as reading:
        assert reading.deliveries.waiting() == []
    assert room.look() == []


def test_quiet_hours_hold_one_message(room: Room) -> None:
    room.configure(block("alert", name="urgent", deliver=["mail"], topics=["FPT"], quiet="05:00-08:00"))  # it is six
    room.look()
    for _ in range(3):
        room.clock.pass_(minutes=10)
        room.news()
        (found,) = room.look()
        assert found.due == NOW + 2 * HOUR
    assert room.send().sent == 0
    room.clock.now = NOW + 2 * HOUR
    assert room.send().sent == 1
    assert room.subjects() == ["Alert urgent: 3 new"]
    room.news()
    assert room.look()[0].due == room.clock()
    assert room.send().sent == 1


def test_a_burst_is_told_above_the_usual(room: Room) -> None:
    room.configure(block("alert", name="burst", deliver=["mail"], burst=3.0, burst_stories=4, topics=["FPT"]))
    for day in range(10, 0, -1):  # two each morning at this hour
        room.clock.now = NOW - day * DAY - HOUR / 2
        room.news()
        room.news()
    room.clock.now = NOW - 2 * HOUR
    room.look()
    for _ in range(5):
        room.clock.pass_(minutes=1)
        room.news()
    assert [found.count for found in room.look()] == [5]  # at four in the morning nothing is usual
    room.clock.now = NOW - HOUR / 4
    for _ in range(6):
        room.news()
    assert room.look() == []  # six are no more than three times the usual; besides, the last burst is too near
    with room.store.reading() as reading:
        assert reading.alerts.last("burst", "burst", "FPT") is not None
    room.clock.now = NOW + DAY - HOUR / 4
    for _ in range(6):
        room.news()
    assert room.look() == []
    assert room.news() and room.look() == []
    last = room.news()
    (found,) = room.look()
    assert (found.kind, found.topic, found.count, found.usual) == ("burst", "FPT", 8, 2.4)  # (6 + 9 * 2) / 10 mornings
    assert last in found.stories
    for _ in range(9):
        room.news()
    assert room.look() == []  # told once
    assert room.send().sent == 2
    assert room.subjects()[-1].startswith("Alert burst: FPT: 8 stories within an hour, usually 2.4")


def test_a_night_without_crawls_is_no_burst(room: Room) -> None:
    room.configure(block("alert", name="burst", deliver=["mail"], burst=2.0, burst_stories=3))
    room.clock.now = NOW - 10 * DAY
    room.news()
    room.look()
    room.clock.now = NOW
    for hour in range(10):  # all seen at once, published through the night
        room.news(published=NOW - hour * HOUR)
    assert room.look() == []


def test_headlines_bend_no_header_and_languages_differ(room: Room) -> None:
    room.configure(block("alert", name="urgent", deliver=["mail"], topics=["FPT"], language="vi"))
    room.look()
    room.clock.pass_(minutes=1)
    room.news(title="FPT =?utf-8?q?=0D=0ABcc=3A_victim=40example=2Enet?= x")
    room.look()
    room.send()
    (mail,) = room.inbox.mails()
    assert mail["Subject"] == "Báo động urgent: FPT = ?utf-8?q?=0D=0ABcc=3A_victim=40example=2Enet?= x (Báo Ví Dụ)"
    assert mail["Bcc"] is None
    assert mail["Content-Language"] == "vi"


def test_an_alert_reaches_a_webhook(room: Room) -> None:
    with web_server() as hook:
        assert isinstance(hook, Hook)
        more = block("delivery", name="hook", kind="webhook", url=hook.url)
        room.configure(block("alert", name="urgent", deliver=["hook"], words=["quan trọng"]), more=more)
        room.look()
        room.clock.pass_(minutes=1)
        story = room.news(text="Tin Quan Trong của FPT")
        room.news(text="Tin khác")
        room.look()
        assert room.send().sent == 1
        (_, _, body), *_ = hook.posts
        assert (body["kind"], body["series"], body["period"]) == ("alert", "alert:urgent", "a1")
        assert [line["id"] for section in body["digest"]["sections"] for line in section["stories"]] == [f"s{story}"]


def test_a_rule_that_left_the_configuration_sends_nothing_more(room: Room) -> None:
    room.configure(URGENT)
    room.look()
    room.clock.pass_(minutes=1)
    room.news()
    room.look()
    room.configure()
    report = room.send()
    assert (report.sent, report.dropped) == (0, 1)


def test_alerts_need_their_patience_for_a_day_only(room: Room) -> None:
    room.configure(URGENT)
    room.inbox.refused = {"me@example.org": "451 later"}
    room.look()
    room.clock.pass_(minutes=1)
    room.news()
    room.look()
    for _ in range(8):
        room.send()
        room.clock.pass_(hours=5)
    with room.store.reading() as reading:
        (row,) = reading.deliveries.latest(5)
    assert row.state == "given-up"
    assert timedelta(hours=24) <= (row.ended or NOW) - row.created < timedelta(hours=31)
