"""Run a spider in a child process, since a reactor starts once a process, and bring back what it handed over."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from spiders.recording import RecordingIntake
from storage.errors import StorageError
from storage.identity import url_key
from storage.items import Arrival, Entry, Outcome, Poll, Source, SourceState
from tests.patience import LONG_S

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
# No pauses; and nothing is cut off because the machine is slow: what is slow on purpose is crawled apart, with SOON.
QUICK = {"DOWNLOAD_DELAY": 0.0, "DOWNLOAD_TIMEOUT": LONG_S, "LOG_LEVEL": "CRITICAL"}
SOON = {"DOWNLOAD_TIMEOUT": 2.0}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a child is to do."""

    sources: Sequence[Source] = ()
    urls: Sequence[str] = ()  # bare addresses: PageSpider
    allow: Sequence[str] = ()  # host:port pairs of loopback that may be asked
    states: dict[str, SourceState] = field(default_factory=dict)
    known: Sequence[str] = ()  # addresses of entries that are known
    unfinished: Sequence[tuple[Source, Entry]] = ()
    mute: Sequence[bytes] = ()  # only a page that holds one of these words may mention a name; empty: all may
    breaks: str = ""  # the call of the intake that fails
    tells: str = ""  # a file that the intake writes each call into as soon as it is done, "polled a"
    settings: dict[str, Any] = field(default_factory=dict)
    spider: dict[str, Any] = field(default_factory=dict)  # arguments of the spider
    workers: dict[str, Any] = field(default_factory=dict)  # limits of the worker processes
    past: dict[str, Any] = field(default_factory=dict)  # arguments of a crawl of the past, which the sources then are read by
    limits: dict[str, int] = field(default_factory=dict)  # constants that are lower than in earnest, as "module.NAME"
    pages_a_day: int | None = None  # pages that may be asked for in all
    now: datetime = NOW


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """What came of it."""

    polls: dict[str, Poll]
    arrivals: list[Arrival]
    failure: str
    cut_short: bool
    unread: list[str]
    pages: int
    put_off: int
    peak_mb: float
    notes: list[str] = field(default_factory=list)
    said: str = ""  # on stderr

    def entry(self, url: str) -> Arrival:
        """The arrival of the entry with this address."""
        (found,) = (one for one in self.arrivals if one.entry is not None and one.entry.url == url)
        return found

    def of(self, source_id: str) -> list[Arrival]:
        """What a source brought."""
        return [one for one in self.arrivals if one.source.id == source_id]

    def titles(self, source_id: str) -> list[str]:
        """The headlines that a source brought."""
        return [one.article.title for one in self.of(source_id)]


class RememberingIntake(RecordingIntake):
    """A recording intake that remembers what an order says of earlier crawls, and breaks where it says so."""

    def __init__(self, order: Order) -> None:
        super().__init__(may=(lambda page, encoding: any(word in page for word in order.mute)) if order.mute else None)
        self._order = order
        self._may_still = order.pages_a_day or 0
        self._seen |= {url_key(url) for url in order.known}

    def _break(self, call: str) -> None:
        if call == self._order.breaks:
            raise StorageError("the disk is full")

    def _tell(self, call: str) -> None:
        if self._order.tells:
            with Path(self._order.tells).open("a", encoding="utf-8") as file:
                file.write(f"{call}\n")

    def state(self, source: Source) -> SourceState:
        self._break("state")
        return self._order.states.get(source.id) or super().state(source)

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        self._break("sift")
        return super().sift(source, entries)

    def may_mention(self, page: bytes, encoding: str) -> bool:
        self._break("may_mention")
        return super().may_mention(page, encoding)

    def may_ask(self, url: str) -> bool:
        self._may_still -= 1
        return self._order.pages_a_day is None or self._may_still >= 0

    def take(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        self._break("take")
        outcomes = super().take(arrivals)
        for one in arrivals:
            self._tell(f"took {one.article.title}")
        return outcomes

    def unfinished(self, now: datetime) -> list[tuple[Source, Entry]]:
        return list(self._order.unfinished)

    def polled(self, poll: Poll) -> None:
        self._break("polled")
        super().polled(poll)
        self._tell(f"polled {poll.source_id}")


def start(order: Order, **environment: str) -> subprocess.Popen[bytes]:
    """Start a crawl; `finish` waits for it."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("SSL_CERT")}
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.spiders.run_spider import main; main()"],
        cwd=ROOT,
        env=clean | {"PYTHONPATH": str(ROOT)} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(order))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: subprocess.Popen[bytes]) -> Crawl:
    """Wait for a crawl to end."""
    try:
        out, err = process.communicate(timeout=LONG_S)
    except subprocess.TimeoutExpired:
        process.kill()
        _, err = process.communicate()
        raise AssertionError(f"the crawl did not end\n{err.decode()}") from None
    assert process.returncode == 0, err.decode()
    found: Crawl = pickle.loads(out)
    object.__setattr__(found, "said", err.decode())
    return found


def crawl(order: Order, **environment: str) -> Crawl:
    """Run a crawl to its end."""
    return finish(start(order, **environment))


def source(url: str, name: str | None = None, **fields: Any) -> Source:
    """A source; its id is the last part of its address where none is given."""
    return Source(**({"id": name or url.rpartition("/")[2], "url": url, "outlet": "Báo Thử", "language": "vi", "timezone": "UTC"} | fields))


def main() -> None:
    """Run the order on standard input; for the child."""
    order: Order = pickle.load(sys.stdin.buffer)
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    from spiders import settings as project
    from spiders.base import Result
    from spiders.guard import netloc
    from spiders.page import PageSpider
    from spiders.past import PastSpider
    from spiders.watch import SourceSpider
    from spiders.workers import Workers

    for name, value in order.limits.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(import_module(module), constant)
        setattr(import_module(module), constant, value)

    settings = Settings()
    settings.setmodule(project, priority="project")
    named = [netloc(url) for url in (*(one.url for one in order.sources), *order.urls)]
    settings.setdict(QUICK | {"MONITOR_ALLOW_PRIVATE": list(order.allow), "MONITOR_NAMED": named} | order.settings, priority="cmdline")
    intake = RememberingIntake(order)
    process = AsyncCrawlerProcess(settings)
    common: dict[str, Any] = {"intake": intake, "clock": lambda: order.now, "processes": 1} | order.spider
    results = []

    def limited(spider: type[Any]) -> type[Any]:
        if not order.workers:
            return spider

        def init(self: Any, **kwargs: Any) -> None:
            spider.__init__(self, **kwargs)
            self.workers = Workers(1, **order.workers)

        return type(spider.__name__, (spider,), {"__init__": init})

    sources = (PastSpider, {"sources": order.sources} | order.past) if order.past else (SourceSpider, {"sources": order.sources})
    for kind, given in (sources, (PageSpider, {"urls": order.urls})):
        if next(iter(given.values())):
            results.append(Result())
            process.crawl(limited(kind), result=results[-1], **given, **common)
    process.start(install_signal_handlers=False)
    failures = [result.failure for result in results if result.failure is not None]
    done = Crawl(
        polls=intake.polls,
        arrivals=intake.arrivals,
        failure=f"{type(failures[0]).__name__}: {failures[0]}" if failures else "",
        cut_short=any(result.cut_short for result in results),
        unread=[one for result in results for one in result.unread],
        pages=sum(result.pages for result in results),
        put_off=sum(result.put_off for result in results),
        peak_mb=_peak_mb(),
        notes=[note for result in results for note in result.notes],
    )
    sys.stdout.buffer.write(pickle.dumps(done))


def _peak_mb() -> float:
    """Peak resident memory of this process in MB.

    Where /proc tells it, not by getrusage(): on Linux ru_maxrss outlives exec, so a child of a big test run starts with its parent's peak.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def rss(*items: str, head: str = "") -> str:
    """An RSS feed around items."""
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Báo Thử</title>{head}{"".join(items)}</channel></rss>'


def item(link: str, title: str = "Một tin", **fields: str) -> str:
    """An RSS item; further fields are its elements."""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<item><title>{title}</title><link>{link}</link>{rest}</item>"


def page(title: str, *paragraphs: str, head: str = "", frame: str = "") -> str:
    """An article's page."""
    text = "".join(
        f"<p>{paragraph}</p>"
        for paragraph in paragraphs or ("Một đoạn văn đủ dài để thành một bài báo thật sự, nói về thời tiết hôm nay.",)
    )
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{title}</title><meta property="og:type" content="article">{head}</head>'
        f"<body><nav><a href='/'>Trang chủ</a></nav><article><h1>{title}</h1>{text}</article>{frame}</body></html>"
    )
