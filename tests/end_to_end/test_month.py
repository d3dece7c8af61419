"""A simulated month, twice, so that both clock changes of Toronto are in it; `pytest tests/end_to_end/test_month.py -s` prints it.

Three digests: one every morning for two people, one at 01:30 and 02:30 of each night (hours that the clock changes leave out or
repeat), one each Monday about FPT alone. The machine sleeps for two days, the process crashes three times, the mail server is
down for a morning. Real store, real mail over SMTP, fake clock.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.filters import ArticleFilter
from storage.store import Store
from tests.end_to_end.simulation import Crash, World, local, some_news, write_config
from tests.monitor.postroom import Clock, Inbox, Postmaster, block, mail_block
from tests.ports import free_port

TORONTO = ZoneInfo("America/Toronto")
PEOPLE = {"morning": ["anna@example.org", "binh@example.org"], "night": ["chi@example.org"], "monday": ["dung@example.org"]}
TICK = timedelta(minutes=30)


@dataclass(frozen=True)
class Span:
    """A month, and what goes wrong in it; local dates."""

    first: date
    change: date  # the clocks are set on this day

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def at(self, number: int, hour: str) -> datetime:
        return local(f"{self.day(number).isoformat()}T{hour}")


SPRING = Span(first=date(2026, 2, 20), change=date(2026, 3, 8))
AUTUMN = Span(first=date(2026, 10, 16), change=date(2026, 11, 1))
LENGTH = 30


def configuration(port: int) -> str:
    digests = [
        block("digest", name="morning", at="07:00", deliver=["morning"], folder="morning", formats=["json"]),
        block("digest", name="night", at=["01:30", "02:30"], deliver=["night"], folder="night", formats=["json"]),
        block("digest", name="monday", at="08:00", days="weekly", topics=["FPT"], deliver=["monday"], folder="monday", formats=["json"]),
    ]
    mails = [mail_block(port, to, name=name) for name, to in PEOPLE.items()]
    return "\n".join((*digests, *mails))


@contextmanager
def post_office(inbox: Inbox) -> Iterator[None]:
    controller = Postmaster(inbox)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.mark.parametrize("span", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_each_digest_once_each_story_once(span: Span, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inbox = Inbox(port=free_port())
    config = write_config(tmp_path, configuration(inbox.port))
    begin, end = span.at(0, "06:00"), span.at(LENGTH, "12:00")
    news = some_news(begin - timedelta(hours=40), end - timedelta(hours=6), every=timedelta(hours=2))
    notes: dict[date, list[str]] = {span.change: ["the clocks are set"]}
    crashes = {span.at(5, "07:00"): "made", span.at(13, "11:00"): "half a crawl", span.at(19, "07:00"): "claimed"}
    asleep = (span.at(9, "05:00"), span.at(11, "09:00"))
    no_post = (span.at(23, "06:30"), span.at(23, "13:00"))

    with Store.open(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        world = World(store=store, config=config, clock=Clock(begin), news=news)
        work = world.work()
        crashed = []
        while world.clock.now <= end:
            now = world.clock.now
            if asleep[0] <= now < asleep[1]:
                notes.setdefault(span.day(9), []).append("the machine falls asleep")
                notes.setdefault(span.day(11), []).append("the machine wakes up")
                now = world.clock.now = asleep[1]
            if now in crashes:
                world.crashes = {crashes[now]: 0}
            try:
                if no_post[0] <= now < no_post[1]:
                    work.once()
                else:
                    with post_office(inbox):
                        work.once()
            except Crash as crash:
                crashed.append(str(crash))
                notes.setdefault(now.astimezone(TORONTO).date(), []).append(f"crash: {crash}")
                work = world.work()  # started again at the next tick
            world.clock.now += TICK
        notes.setdefault(span.day(23), []).append("no mail server from 06:30 to 13:00")

        periods = {name: made_periods(store, name) for name in PEOPLE}
        told = {name: told_stories(store, name) for name in PEOPLE}
        with store.reading() as reading:
            waiting = reading.deliveries.waiting()
            story_of = {stored.article.title: stored.story_id for stored in reading.articles.find(ArticleFilter())}
    table = month_table(span, periods, told, inbox, notes)
    print(f"\n{table}\n{len(news)} stories, {world.crawls} crawls, {len(inbox.taken)} mails")

    assert sorted(crashed) == ["claimed", "half a crawl", "made"]
    assert not waiting
    for name, wanted in expected(span).items():
        made, missed = periods[name]
        assert sorted([*made, *missed]) == sorted(wanted), f"{name}: each period is made once, or made up for once"
        assert len(missed) == {"morning": 2, "night": 3, "monday": 0}[name]  # slept through; the last ones were made on waking
    for name, people in PEOPLE.items():
        times = Counter(story for stories in told[name].values() for story in stories)
        assert set(times.values()) == {1}, "a story was told twice"
        last = max(told[name]) - timedelta(hours=5)  # what a quiet source brings is seen within four hours
        ours = [one for one in news if one.at <= last and (name != "monday" or one.topic == "FPT")]
        assert not [one for one in ours if story_of[one.title] not in times], "a story was lost"
        for address in people:
            mails = inbox.mails(address)
            assert len(mails) == len(set(inbox.ids(address))) == len(periods[name][0]), f"{address}: one mail a digest"
            texts = [mail.get_body(("plain",)).get_content() for mail in mails]  # type: ignore[union-attr]
            read = Counter(int(number) for text in texts for number in re.findall(r"(?m)^  s(\d+) ·", text))
            assert read == times, f"{address} reads of each story once"
    woken = [" ".join(mail.get_body(("plain",)).get_content().split()) for mail in inbox.mails("anna@example.org")]  # type: ignore[union-attr]
    late = [text for text in woken if "Late: due" in text]
    assert len(late) == 1 and "made 50 hours later" in late[0] and "It stands for 2 earlier digests" in late[0]


def expected(span: Span) -> dict[str, list[str]]:
    """The periods of the month by plain counting of days: from the day before the first, since the first digest is made at once."""
    days = [span.day(number) for number in range(LENGTH + 1)]
    mondays = [day for day in (span.first - timedelta(days=number) for number in range(1, 8)) if day.weekday() == 0]
    mondays += [day for day in days if day.weekday() == 0]
    return {
        "morning": [day.isoformat() for day in (days[0] - timedelta(days=1), *days)],
        "night": [f"{day.isoformat()}{number}" for day in days for number in ("", "/2")][1:],
        "monday": [f"{day.isocalendar().year}-W{day.isocalendar().week:02}" for day in mondays],
    }


def made_periods(store: Store, name: str) -> tuple[list[str], list[str]]:
    """Return the periods of a digest that were made, and those made up for."""
    with store.reading() as reading:
        rows = reading.periods.all(name)
    assert not [row for row in rows if not (row.made and row.crawled and row.written)]
    return [row.period for row in rows], [key for row in rows for key in row.missed]


def told_stories(store: Store, name: str) -> dict[datetime, list[int]]:
    """Return the stories that each edition told, by the moment it was made."""
    found: dict[datetime, list[int]] = {}
    with store.reading() as reading:
        for row in reading.periods.all(name):
            assert row.digest_id is not None and row.made is not None
            found[row.made] = reading.ledger.stories_of([row.digest_id])
    return found


def month_table(
    span: Span,
    periods: dict[str, tuple[list[str], list[str]]],
    told: dict[str, dict[datetime, list[int]]],
    inbox: Inbox,
    notes: dict[date, list[str]],
) -> str:
    """Write the month: a row a day, for each digest when it was made and how many stories it told."""
    lines = [f"{'day':<12}" + "".join(f"{name:<26}" for name in periods) + "what happened"]
    for number in range(LENGTH + 1):
        day = span.day(number)
        cells = []
        for by_moment in told.values():
            made = [(moment.astimezone(TORONTO), len(stories)) for moment, stories in by_moment.items()]
            cells.append(", ".join(f"{moment:%H:%M} {count} new" for moment, count in made if moment.date() == day))
        lines.append(f"{day:%a %d %b}  " + "".join(f"{cell:<26}" for cell in cells) + "; ".join(notes.get(day, [])))
    for name, people in PEOPLE.items():
        made, missed = periods[name]
        sent = ", ".join(f"{address} {len(inbox.mails(address))}" for address in people)
        stories = sum(map(len, told[name].values()))
        lines.append(f"{name}: {len(made)} digests made, {len(missed)} made up for in them, {stories} stories; mails: {sent}")
    return "\n".join(lines)
