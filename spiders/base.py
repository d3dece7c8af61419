"""What all spiders share: live parts by constructor, a deadline, workers, pages fetched once a crawl.

A spider here is a small orchestra of coroutines over Scrapy's engine (its downloader, middlewares, slots and delays), one a source:
what belongs to a source is stored before its validators are, and what fails ends with its source.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import scrapy

from spiders.articles import from_entry, from_page, is_home
from spiders.browser import Browser
from spiders.fetching import Answer, charset, fetch
from spiders.intake import Handover, Intake, IntakeFailed, MachineFailed, intake_failure
from spiders.pages.charset import charset_of
from spiders.pages.generic import Extracted, extract
from spiders.recording import RecordingIntake
from spiders.settings import LARGEST_PAGE
from spiders.stopping import when_asked_to_stop
from spiders.turns import Turns
from spiders.workers import TIMEOUT_S, Workers, what_failed
from spiders.zones import zone_at
from storage.errors import ExtractError
from storage.identity import url_key
from storage.items import Arrival, BodyFrom, Entry, Kind, Outcome, Poll, PollOutcome, Source

Progress = Callable[[int, int, str], None]  # done, of how many, what is being done
_HTML_TYPES = ("text/html", "application/xhtml", "text/plain", "application/xml", "text/xml")
_LISTS = {Kind.SITEMAP, Kind.LISTING}  # they lead to sections, tags and forms, too
_PAGES_AT_ONCE = 8  # of a search, whose pages stand on many hosts; each host is asked in turn all the same
HOST_BUDGET = "host-budget"  # why a page was not asked for: its host had its share of the day
LATER_STATUS = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525}


@dataclass
class Result:
    """How a crawl ended, for whoever started it."""

    failure: BaseException | None = None  # the intake (or we) failed: nothing may call this crawl a success
    cut_short: bool = False  # the deadline came first
    unread: list[str] = field(default_factory=list)  # ids of sources that the deadline cut off
    pages: int = 0  # pages fetched
    left: int = 0  # entries beyond the limit of pages
    put_off: int = 0  # entries and pages that are left to the next crawl of the same kind
    notes: list[str] = field(default_factory=list)  # what a person should know of how it went


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class MonitorSpider(scrapy.Spider):
    """The base of our spiders.

    Args:
        intake: where articles go; None records them and yields them as Scrapy items (for `scrapy crawl`).
        pages: fetch the pages behind entries.
        pages_a_source: at most so many pages a source and crawl; the rest are asked at later crawls.
        at_once: sources read at the same time.
        document_s: seconds that reading one document may take.
        deadline_s: seconds until the crawl ends, whatever is still under way.
        zones: of dates without one on pages that no source of their own leads to; see `zones.zone_at`.
    """

    SHARE = 0.25  # of a crawl's time, at most, for the pages of one source: a host that asks for long pauses must not hold up the end
    MOST_SHARE = 0.5  # ... for all of it: thousands of slow parts of a sitemap

    def __init__(
        self,
        *,
        intake: Intake | None = None,
        clock: Callable[[], datetime] = utc_now,
        pages: bool | str = True,
        pages_a_source: int | str = 300,
        at_once: int | str = 48,
        processes: int | str | None = None,
        document_s: float | str = TIMEOUT_S,
        deadline_s: float | str | None = None,
        progress: Progress | None = None,
        result: Result | None = None,
        zones: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.zones = zones or {}
        self.recording = RecordingIntake() if intake is None else None
        self.intake = Handover(intake if intake is not None else self.recording)  # type: ignore[arg-type]
        self.now = clock
        # `scrapy crawl -a` gives all of them as text.
        self.pages = flag(pages)
        self.pages_a_source = int(pages_a_source)
        self.at_once = int(at_once)
        self.deadline_s = None if deadline_s is None else float(deadline_s)
        self.result = result if result is not None else Result()
        self.workers = Workers(None if processes is None else int(processes), timeout_s=float(document_s))
        self._browser: Browser | None = None
        self._progress = progress or (lambda done, total, doing: None)
        self.tells_pages = False  # the progress is of the pages of one document, not of sources
        self._under_way: dict[str, asyncio.Event] = {}
        self._asked: set[str] = set()  # addresses of pages that were asked for in this crawl
        self.to_sample: set[str] = set()  # sources of which a page is to be read to its end, whatever it can name
        self.pages_read: dict[str, tuple[int, int]] = {}  # source -> pages read to the end, and those of them that gave no text

    async def start(self) -> AsyncIterator[Any]:
        """Do the whole crawl; Scrapy closes the spider when this ends."""
        work = asyncio.ensure_future(self.work())
        when_asked_to_stop(work)
        try:
            async with asyncio.timeout(self.deadline_s):
                await work
        except (TimeoutError, asyncio.CancelledError):
            self.result.cut_short = True
        except Exception as error:  # noqa: BLE001 - told to whoever started the crawl; Scrapy itself would only log it
            self.result.failure = _first(error)
        finally:
            self.workers.close()
            if self._browser is not None:
                await self._browser.close()
        if self.recording is not None:
            for poll in self.recording.polls.values():
                if poll.error:
                    self.logger.error("%s: %s", poll.source_id, poll.error)
            for item in self.recording.items():
                yield item

    async def work(self) -> None:
        """What a spider does; its exceptions end the crawl as failed."""
        raise NotImplementedError

    async def in_turns(self, jobs: Sequence[tuple[Source, Callable[[], Any]]]) -> None:
        """Run one job a source, so many at once, hosts in turns so that none of them holds the others up.

        Sources that failed last time come after all others, see `Turns`.
        """
        left = {source.id for source, _ in jobs}

        async def read(source: Source, job: Callable[[], Any]) -> None:
            await self._within(source, job)
            left.discard(source.id)
            self._progress(len(jobs) - len(left), len(jobs), source.outlet or source.id)

        try:
            failed = {source.id for source, _ in jobs if self.intake.state(source).error_streak}
            first, then = ([job for job in jobs if (job[0].id in failed) is late] for late in (False, True))
            await Turns(first, then, at_once=self.at_once).run(read)
        finally:
            self.result.unread.extend(source.id for source, _ in jobs if source.id in left)

    async def _within(self, source: Source, job: Callable[[], Any]) -> None:
        """Do a source's job within its share of the crawl's time; what it brought by then is kept."""
        started = self.now()
        # A crawl of less than a minute is limit enough.
        seconds = (
            self.deadline_s * self.MOST_SHARE if self.deadline_s is not None and self.deadline_s >= 60 and self.MOST_SHARE < 1 else None
        )
        try:
            async with asyncio.timeout(seconds) as limit:
                await job()
        except TimeoutError:
            if not limit.expired():
                raise
            said = f"reading it took longer than {seconds or 0:.0f} s in all, half of the crawl's time"
            self.intake.polled(
                Poll(
                    source_id=source.id,
                    started=started,
                    finished=self.now(),
                    outcome=PollOutcome.FAILED,
                    error_kind="timeout",
                    error=said,
                    url=source.url,
                )
            )

    async def ask(
        self, source: Source, url: str, *, most: int, headers: Mapping[str, str] | None = None, drawn: bool = True
    ) -> Answer:  # fmt: skip
        """Ask for an address of a source; its page is drawn first where the source wants that.

        Args:
            drawn: False takes the answer as it was sent in any case.
        """
        answer = await fetch(self.crawler, url, most=most, robots=source.robots, headers=headers)
        if not (drawn and source.browser):
            return answer
        if self._browser is None:
            self._browser = Browser(self.crawler, seconds=self.crawler.settings.getfloat("DOWNLOAD_TIMEOUT"))
        return await self._browser.drawn(answer, robots=source.robots)

    # ------------------------------------------------------------------ entries and their pages

    async def take_entries(self, source: Source, entries: Sequence[Entry]) -> int:
        """Hand over new entries, newest first, each with its page where it may be asked; returns how many were kept."""
        ordered = sorted(entries, key=_age, reverse=True)
        with_page = [entry for entry in ordered if self.pages and source.pages and not entry.opaque]
        plain = [entry for entry in ordered if not (self.pages and source.pages) or entry.opaque]
        kept = 0
        if plain:
            why = "opaque" if source.pages and self.pages else ""
            arrivals = [
                Arrival(source=source, entry=entry, article=from_entry(source, entry, why if entry.opaque else "")) for entry in plain
            ]
            kept += _kept(await self.intake.take(arrivals))
        kept += await self._later(source, with_page[self.pages_a_source :])
        asked = with_page[: self.pages_a_source]
        # The entries of one outlet stand on one host, which is asked in turn anyway; a search leads to many.
        if source.kind is Kind.SEARCH:
            return kept + await self.side_by_side([partial(self.take_entry, source, entry) for entry in asked])
        loop = asyncio.get_running_loop()
        until = loop.time() + self.deadline_s * self.SHARE if self.deadline_s is not None else math.inf
        for at, entry in enumerate(asked):
            if loop.time() > until:
                return kept + await self._later(source, asked[at:])
            if self.tells_pages:
                self._progress(at, len(asked), urlsplit(entry.url).path)
            kept += await self.take_entry(source, entry)
        return kept

    async def _later(self, source: Source, entries: Sequence[Entry]) -> int:
        """Hand over entries whose pages are asked at later crawls; returns how many were kept."""
        if not entries:
            return 0
        arrivals = [Arrival(source=source, entry=entry, article=from_entry(source, entry, "later"), retry=True) for entry in entries]
        return _kept(await self.intake.take(arrivals))

    async def ask_again(self) -> None:
        """Ask again for pages that failed at earlier crawls."""
        waiting = self.intake.unfinished(self.now()) if self.pages else []
        await self.side_by_side([partial(self.take_entry, source, entry, again=True) for source, entry in waiting])

    async def side_by_side(self, jobs: Sequence[Callable[[], Coroutine[Any, Any, int]]]) -> int:
        """Do some jobs, a few at once; returns the sum of what they return."""
        gate = asyncio.Semaphore(_PAGES_AT_ONCE)

        async def one(job: Callable[[], Coroutine[Any, Any, int]]) -> int:
            async with gate:
                return await job()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(job)) for job in jobs]
        return sum(task.result() for task in tasks)

    async def take_entry(self, source: Source, entry: Entry, *, again: bool = False) -> int:
        """Fetch an entry's page and hand the article over; returns 1 if it was kept.

        Args:
            again: the entry is known, its page is asked anew.
        """
        key = url_key(entry.url)
        while key in self._under_way:
            await self._under_way[key].wait()
        # Another source brought the same address since this one was sifted.
        if key in self._asked and not again and not self.intake.sift(source, [entry]):
            return 0
        event = self._under_way[key] = asyncio.Event()
        try:
            try:
                arrival = await self._arrival(source, entry)
            except IntakeFailed:
                raise
            except Exception as error:  # noqa: BLE001 - what a hostile page does ends with the page
                arrival = self._without(source, entry, what_failed(error))
            if not self.is_wanted(arrival):
                return 0
            if not again:
                self._note_page(source, arrival)
            return _kept(await self.intake.take([arrival]))
        finally:
            del self._under_way[key]
            self._asked.add(key)
            event.set()

    def is_wanted(self, arrival: Arrival) -> bool:
        """Whether what a page turned out to be is handed over; if not, nothing is noted of it."""
        return True

    def over_budget(self, url: str) -> None:
        """Say once that a host is asked for no more pages today."""
        said = f"{urlsplit(url).hostname}: as many pages as a host may be asked for in a day (pages_per_host_day); go on tomorrow"
        if said not in self.result.notes:
            self.result.notes.append(said)

    async def _arrival(self, source: Source, entry: Entry) -> Arrival:
        if not self.intake.may_ask(entry.url):
            return self._without(source, entry, HOST_BUDGET, later=True)
        answer = await self.ask(source, entry.url, most=LARGEST_PAGE)
        response = answer.response
        if response is None:
            return self._without(source, entry, answer.error_kind or "failed", later=answer.later)
        self.result.pages += 1
        if response.status != 200:
            return self._without(source, entry, str(response.status), later=response.status in LATER_STATUS)
        if is_home(entry.url, response.url):
            return self._without(source, entry, "home-page")
        encoding = charset_of(response.body, charset(response))
        words = f"{entry.title}\n{entry.summary}\n{entry.content}".encode()
        if not self.intake.may_mention(response.body, encoding) and not self.intake.may_mention(words, "utf-8"):
            # Nothing on this page can hold a name: it needs no extraction, the entry's words say as much.
            await self._sample(source, answer)
            return Arrival(source=source, entry=entry, article=from_entry(source, entry, ""))
        try:
            found = await self.extracted(source, answer)
        except ExtractError as error:
            return self._without(source, entry, str(error))
        if source.kind in _LISTS and not found.is_article:
            return self._without(source, entry, "not-an-article")
        return Arrival(source=source, entry=entry, article=from_page(source, entry, found, asked=entry.url, url=response.url))

    def _note_page(self, source: Source, arrival: Arrival) -> None:
        """Count a page that was read to its end, and whether it gave a text; what is asked again later says nothing yet."""
        article = arrival.article
        bare = article.body_from is BodyFrom.FEED
        if not arrival.retry and (article.why_no_page or not bare) and article.why_no_page != "not-an-article":
            self._count_page(source, bare=bare)

    def _count_page(self, source: Source, *, bare: bool) -> None:
        self.to_sample.discard(source.id)
        pages, without = self.pages_read.get(source.id, (0, 0))
        self.pages_read[source.id] = (pages + 1, without + bare)

    async def _sample(self, source: Source, answer: Answer) -> None:
        """Extract a page that names nobody, where one is wanted: most pages do, and a redesign would go unnoticed."""
        if source.id in self.to_sample:
            self.to_sample.discard(source.id)
            try:
                await self.extracted(source, answer)
            except ExtractError:
                self._count_page(source, bare=True)
            else:
                self._count_page(source, bare=False)

    async def extracted(self, source: Source, answer: Answer) -> Extracted:
        """Extract the article of an answer in a worker.

        Raises:
            ExtractError: there is none; says why.
        """
        response = answer.response
        assert response is not None
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        if kind and not kind.startswith(_HTML_TYPES) and b"<html" not in response.body[:2_000].lower():
            raise ExtractError(f"the answer is {kind}, not a page")
        return await self.workers.run(
            extract,
            response.body,
            url=response.url,
            encoding=charset(response),
            language=source.language,
            timezone=zone_at(response.url, self.zones, source.timezone) if source.kind is Kind.SEARCH else source.timezone,
            now=self.now(),
        )

    def _without(self, source: Source, entry: Entry, why: str, *, later: bool = False) -> Arrival:
        return Arrival(source=source, entry=entry, article=from_entry(source, entry, why), retry=later)


def flag(given: bool | str) -> bool:
    """Read a yes or no, also as the text that `scrapy crawl -a` gives."""
    return given if isinstance(given, bool) else given.strip().lower() not in {"", "0", "no", "false", "off"}


def _kept(outcomes: Iterable[Outcome]) -> int:
    return sum(outcome in {Outcome.STORED, Outcome.JOINED} for outcome in outcomes)


def _age(entry: Entry) -> float:
    moment = entry.published or entry.updated
    return moment.timestamp() if moment else float("-inf")


def _first(error: BaseException) -> BaseException:
    """What made a crawl fail: the intake's own error where there is one, else the first out of a group; the others are its echoes."""
    failed = intake_failure(error)
    if isinstance(failed, MachineFailed):
        return failed
    if failed is not None and failed.__cause__ is not None:
        return failed.__cause__
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
