"""Run a spider of the user's own, an ordinary Scrapy spider in a file, and hand over what it yields like any other source's entries."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import sys
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler

from spiders.articles import from_entry
from spiders.intake import intake_failure
from spiders.items import entry_of
from spiders.pollers.base import Poller
from spiders.workers import what_failed
from storage.errors import ReadError
from storage.items import Arrival, BodyFrom, Entry, Outcome, Poll, PollOutcome, Source
from storage.text import clean_text

MOST_ITEMS = 10_000  # of one run; a spider that goes on is ended
# What a callback expects that our own settings leave out.
_MIDDLEWARES = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": 25,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": 50,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": 800,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": 900,
}


@dataclass
class _Run:
    """What a spider has yielded so far, and what went wrong."""

    items: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class OwnPoller(Poller):
    """Runs a user's spider under the project's rules: robots.txt, delays, limits, no private addresses."""

    NOUN = "spider"

    async def read(self, source: Source) -> Poll:
        """Run the spider and hand over its items; see `Poller.read`."""
        started = self.spider.now()
        poll = Poll(source_id=source.id, started=started, finished=started, outcome=PollOutcome.FAILED, url=source.url)
        self.spider.intake.state(source)
        try:
            run = await self._run(source, load_spider(source.spider))
            poll = await self._taken(source, run, poll)
        except ReadError as error:
            poll = replace(poll, error_kind="spider", error=str(error))
        except Exception as error:
            if intake_failure(error):
                raise
            poll = replace(poll, error_kind="spider", error=what_failed(error))
        return replace(poll, finished=self.spider.now())

    async def _run(self, source: Source, spider: type[scrapy.Spider]) -> _Run:
        settings = self.spider.crawler.settings.copy()
        settings.frozen = False  # the copy of a crawl's settings is as closed as they are
        settings.set("SPIDER_MIDDLEWARES_BASE", _MIDDLEWARES, priority="project")
        settings.set("MONITOR_ROBOTS", "always" if source.robots else "never", priority="cmdline")
        settings.set("FEEDS", {}, priority="cmdline")  # `scrapy crawl -O` is of the outer crawl
        crawler = Crawler(spider, settings, init_reactor=False)
        run = _Run()
        stopping: list[asyncio.Future[None]] = []

        def scraped(item: Any) -> None:
            run.items.append(item)
            if len(run.items) == MOST_ITEMS:
                assert crawler.engine is not None
                stopping.append(asyncio.ensure_future(crawler.engine.close_spider_async(reason="too many items")))

        def raised(failure: Any) -> None:
            run.errors.append(_where(failure.value, source.spider))

        crawler.signals.connect(scraped, signals.item_scraped, weak=False)
        crawler.signals.connect(raised, signals.spider_error, weak=False)
        try:
            await crawler.crawl_async(url=source.url)
        finally:
            if crawler.crawling:  # the whole crawl is cut off
                await crawler.stop_async()
        return run

    async def _taken(self, source: Source, run: _Run, poll: Poll) -> Poll:
        entries: dict[str, Entry] = {}
        for item in run.items:
            try:
                entry = entry_of(item, source, poll.started)
                entries.setdefault(entry.key, entry)
            except ReadError as error:
                run.errors.append(str(error))
        fresh = self.spider.intake.sift(source, list(entries.values()))
        whole = [entry for entry in fresh if entry.content]
        kept = sum(outcome in {Outcome.STORED, Outcome.JOINED} for outcome in await self._give(source, whole))
        kept += await self.spider.take_entries(source, [entry for entry in fresh if not entry.content])
        poll = replace(
            poll,
            outcome=PollOutcome.CHANGED,
            entries=len(entries),
            new=len(fresh),
            kept=kept,
            newest=max((entry.published for entry in entries.values() if entry.published), default=None),
        )
        if run.errors:
            said = f"{len(run.errors)} errors, the first: {run.errors[0]}" if len(run.errors) > 1 else run.errors[0]
            return replace(poll, outcome=PollOutcome.FAILED, error_kind="spider", error=said)
        if not entries:
            return replace(poll, outcome=PollOutcome.FAILED, error_kind="no-items", error="the spider yielded nothing")
        return poll

    async def _give(self, source: Source, entries: list[Entry]) -> list[Outcome]:
        arrivals = [
            Arrival(
                source=source, entry=replace(entry, content=""), article=replace(from_entry(source, entry, ""), body_from=BodyFrom.PAGE)
            )
            for entry in entries
        ]
        return await self.spider.intake.take(arrivals) if arrivals else []


def load_spider(spec: str) -> type[scrapy.Spider]:
    """Load a spider's class.

    Args:
        spec: "path/to/file.py:ClassName".

    Raises:
        ReadError: there is no such file or class, or the file cannot be run; says where.
    """
    name, _, wanted = spec.rpartition(":")
    path = Path(name)
    if not path.is_file():
        raise ReadError(f"there is no file {name}")
    # A name of its own, kept: two sources may name one file, and pickling finds the module.
    module_name = f"monitor_spider_{hashlib.blake2b(str(path.resolve()).encode(), digest_size=6).hexdigest()}"
    module = sys.modules.get(module_name)
    if module is None:
        loading = importlib.util.spec_from_file_location(module_name, path)
        assert loading is not None and loading.loader is not None
        module = importlib.util.module_from_spec(loading)
        sys.modules[module_name] = module
        try:
            loading.loader.exec_module(module)
        except Exception as error:
            del sys.modules[module_name]
            raise ReadError(_where(error, spec)) from error
    found = getattr(module, wanted, None)
    if not (isinstance(found, type) and issubclass(found, scrapy.Spider)):
        there = [one for one, value in vars(module).items() if isinstance(value, type) and value.__module__ == module_name]
        raise ReadError(f"{name} has no spider {wanted}" + (f"; it has {', '.join(there)}" if there else ""))
    return found


def _where(error: BaseException, spec: str) -> str:
    """Say what a user's code raised, and in which line of their file."""
    name = spec.rpartition(":")[0]
    file = Path(name).name
    if isinstance(error, SyntaxError):
        return f"{file}, line {error.lineno}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file]
    return f"{file}{f', line {lines[-1]}' if lines else ''}: {type(error).__name__}: {clean_text(str(error), 200)}"
