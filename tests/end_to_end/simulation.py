"""A simulated world for the schedule: a clock set by hand, a source whose news appear at set moments, the real rest."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.config import Config, load_config
from monitor.desks import wanted
from monitor.intake import StoreIntake
from monitor.log import Journal
from monitor.matching import Matcher
from monitor.packs import GROUPS, SEARCHES
from monitor.running.child import Ended
from monitor.running.work import Setup, Work
from storage.identity import outlet_host
from storage.items import Arrival, Article, Entry, Poll, PollOutcome, Source
from storage.store import Store
from tests.monitor.postroom import Clock

NO_PACKS = "[packs]\n" + "\n".join(f"{group} = false" for group in (*GROUPS, SEARCHES)) + "\n"
SOURCE = '[[source]]\nid = "wire"\nurl = "https://wire.example/rss"\noutlet = "The Wire"\n'


class Crash(BaseException):
    """The process dies here: nothing catches it, nothing is tidied up."""


@dataclass(frozen=True)
class News:
    """One story of the simulated world."""

    number: int
    at: datetime
    topic: str

    @cached_property
    def title(self) -> str:
        """A headline that no other story has, and that names the topic."""
        return f"{self.topic} {' '.join(_words(self.number, 6))}"

    @cached_property
    def article(self) -> Article:
        """The story as an article; made-up words, so that no two stories are told apart by luck."""
        url = f"https://wire.example/news/{self.number}.html"
        words = _words(self.number + 10_000, 80)
        text = f"{' '.join(words[:40])} {self.topic}, a company of Hanoi in Vietnam, {' '.join(words[40:])}."
        return Article(
            url=url, title=self.title, text=text, published=self.at, outlet="The Wire", outlet_host=outlet_host(url), language="en"
        )


def _words(seed: int, count: int) -> list[str]:
    # None begins with a letter of a watched name: three such words in a row would pass for what the name is short for.
    chance = random.Random(seed)
    return [
        "".join(chance.choices("bcdghklmnrs", k=1) + chance.choices("aeiou", k=1) + chance.choices("klmnrst", k=4)) for _ in range(count)
    ]


def write_config(folder: Path, text: str, *, zone: str = "America/Toronto") -> Config:
    """Write and load a configuration whose only source is the simulated one."""
    (folder / "monitor.toml").write_text(f'timezone = "{zone}"\n{text}\n{NO_PACKS}{SOURCE}', encoding="utf-8")
    return load_config(folder / "monitor.toml", {}, folder)


@dataclass
class World:
    """The store, the clock, and the news; `work()` is a process that starts."""

    store: Store
    config: Config
    clock: Clock
    news: Sequence[News]
    said: StringIO = field(default_factory=StringIO)
    crashes: dict[str, int] = field(default_factory=dict)  # step -> how often it is survived before it crashes, once
    crawls: int = 0
    _matcher: Matcher | None = None

    def work(self, step: Callable[[str], None] | None = None) -> Work:
        """Start a process: nothing is remembered of the one before, but what is stored."""
        return Work(
            setup=Setup(config=self.config, wanted=wanted(self.config, self.store, self.clock)),
            store=self.store,
            clock=self.clock,
            crawl=self.crawl,
            journal=Journal(self.said, self.clock, ZoneInfo(self.config.timezone)),
            stop=threading.Event(),
            step=step or self.step,
        )

    def step(self, name: str) -> None:
        """Crash where that is wanted."""
        if name in self.crashes:
            self.crashes[name] -= 1
            if self.crashes[name] < 0:
                del self.crashes[name]
                raise Crash(name)

    def crawl(self) -> Ended:
        """Read the source as a crawl does, entry by entry, through the real intake."""
        self.crawls += 1
        watchlist = self.config.watchlist()
        self._matcher = self._matcher or Matcher(watchlist)
        (source,) = self.config.sources(watchlist)
        intake = StoreIntake(self.store, self._matcher, clock=self.clock)
        intake.state(source)
        now = self.clock()
        shown = [news for news in self.news if news.at <= now][-60:]
        entries = {news.article.url: news for news in shown}
        listed = [Entry(source_id=source.id, key=url, url=url, title=news.title, published=news.at) for url, news in entries.items()]
        fresh = intake.sift(source, listed)
        for number, entry in enumerate(fresh):
            if number == len(fresh) // 2:
                self.step("half a crawl")
            intake.take([Arrival(source=source, article=entries[entry.url].article, entry=entry)])
            self.step("stored")
        poll = Poll(
            source_id=source.id,
            started=now,
            finished=now,
            outcome=PollOutcome.CHANGED,
            entries=len(listed),
            new=len(fresh),
            kept=len(fresh),
        )
        intake.polled(poll)
        intake.flush()
        self.step("polled")
        return Ended(code=0, report={"asked": 1, "read": 1, "new": len(fresh), "seconds": 0.0})


def local(text: str, zone: str = "America/Toronto") -> datetime:
    """A local moment, in UTC."""
    from datetime import UTC

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def some_news(first: datetime, last: datetime, *, every: timedelta, topics: Sequence[str] = ("FPT", "FUNiX")) -> list[News]:
    """News at irregular moments between two, both ends left out."""
    chance = random.Random(20)
    found: list[News] = []
    moment = first
    while True:
        moment += every * (0.3 + 1.4 * chance.random())
        if moment >= last:
            return found
        found.append(News(number=len(found), at=moment.replace(microsecond=0), topic=chance.choice(topics)))


__all__ = ["Crash", "News", "Source", "World", "local", "some_news", "write_config"]
