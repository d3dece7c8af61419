"""Run a crawl in this process: order, Scrapy, intake, report. A reactor starts once a process, so a process runs one crawl."""

from __future__ import annotations

import gc
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import urlsplit

from monitor import __version__, polling
from monitor.crawl_report import CrawlReport
from monitor.running.stuck import BEAT_S
from storage.errors import NO_MEMORY, MediaMonitorError, UsageError, out_of_memory
from storage.identity import outlet_host
from storage.items import Arrival, Outcome, Source

if TYPE_CHECKING:
    from monitor.checking import Checked
    from monitor.config import Config
    from monitor.log import Log
    from monitor.matching import Matcher
    from spiders.base import Result
    from spiders.frontier import Frontier
    from storage.store import Store

Progress = Callable[[int, int, str], None]


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class CrawlOrder:
    """What to crawl, and how long it may take."""

    sources: tuple[Source, ...] = ()
    urls: tuple[str, ...] = ()  # bare addresses, crawled once
    depth: int = 0  # links away from them that are followed on the same site; 0: none
    limit: int = 1_000  # pages of one such walk
    browser: bool = False  # a browser draws bare addresses; of sources their own word holds
    pages_a_source: int | None = None  # of sources, where it is less than configured
    since: datetime | None = None  # a crawl of the past: back to here ...
    until: datetime | None = None  # ... and not beyond
    restart: bool = False  # walk anew instead of going on where an earlier crawl was cut off
    only_due: bool = False
    pages: bool = True
    deadline_s: float = 1_800.0
    wait_s: float = 0.0  # for another crawl to end
    verbose: int = 0
    log: Log | None = None  # takes what the libraries log; if None, that goes to stderr as they write it


def order_sources(known: Sequence[Source], wanted: Sequence[str], *, groups: Sequence[str] = ()) -> tuple[list[Source], list[str]]:
    """Tell sources from bare addresses among what was asked for; all sources where nothing was.

    Raises:
        UsageError: a name that is neither, or a group that no source has.
    """
    from monitor.cli.sources import choose

    labels = {group for source in known for group in source.groups}
    for group in groups:
        if group not in labels:
            raise UsageError(f"there is no group {group!r}", hint=f"groups: {', '.join(sorted(labels))}")
    among = [source for source in known if not groups or set(groups) & set(source.groups)]
    if not wanted:
        return among, []
    ids = {source.id for source in known} | {source.url for source in known}
    urls = [name for name in wanted if name not in ids and name.lower().startswith(("http://", "https://"))]
    for url in urls:
        if not urlsplit(url).hostname:
            raise UsageError(f"{url} is no web address", hint="write it as https://host/path")
    names = [name for name in wanted if name not in urls]
    return (choose(list(known), names) if names else []), urls


def check_browser(sources: Sequence[Source], *, wanted: bool = False) -> None:
    """Refuse sources whose pages a browser is to draw where there is none.

    Args:
        wanted: the command itself asks for a browser.

    Raises:
        UsageError: names the source, what is missing and how to get it.
    """
    drawn = [source.id for source in sources if source.browser]
    if not (drawn or wanted):
        return
    from spiders.chromium import lacking

    if missing := lacking():
        others = f" and {len(drawn) - 1} more" if len(drawn) > 1 else ""
        who = "--browser needs a browser" if wanted else f"the source {drawn[0]}{others} has browser = true"
        raise UsageError(f"{who}, and {missing[0]}", hint=missing[1])


def crawl_sources(
    order: CrawlOrder,
    config: Config,
    store: Store,
    matcher: Matcher,
    *,
    clock: Callable[[], datetime],
    progress: Progress,
    beat: Callable[[], None] = _nothing,
) -> CrawlReport:
    """Crawl into a store.

    Args:
        beat: called now and then while it moves, see `running.stuck`.

    Raises:
        StorageBusy: another crawl is running, for longer than the order waits.
    """
    from monitor.frontier import StoreFrontier
    from monitor.intake import StoreIntake
    from monitor.settling import settle_stories
    from storage.backup import damage_of

    check_browser(order.sources, wanted=order.browser)
    watchlist = config.watchlist()
    owned = frozenset(host for topic in watchlist.topics for host in topic.owned_domains)
    with store.crawl_lock(timedelta(seconds=order.wait_s), now=clock()):
        with store.transaction() as transaction:
            transaction.sources.ensure(() if order.since else order.sources)
        sources = order.sources
        if order.only_due:
            with store.reading() as reading:
                sources = tuple(polling.due(sources, reading.sources.states(), clock()))
        unverified = tuple(source.outlet or source.id for source in sources if not source.verify_tls)
        if unverified:
            with store.transaction() as transaction:
                for name in unverified:
                    transaction.incidents.add_once(clock(), "unverified-tls", name, timedelta(hours=24))
        store.notebook.prepare()
        if order.since is not None:
            from monitor.past import PastIntake

            intake: StoreIntake = PastIntake(store, matcher, clock=clock, owned=owned, pages_a_day=config.crawl.pages_per_host_day)
        else:
            intake = StoreIntake(
                store,
                matcher,
                clock=clock,
                owned=owned,
                entries_a_day=config.crawl.entries_per_source_day,
                pages_a_day=config.crawl.pages_per_host_day,
            )
        frontier = StoreFrontier(store, intake, clock=clock, restart=order.restart)
        report = _run(replace(order, sources=sources), config, intake, clock=clock, progress=progress, frontier=frontier, beat=beat)
        try:
            intake.flush()
            settle_stories(store, matcher.familiar, clock(), beat)
        except MediaMonitorError as error:
            if not report.failure:
                report = replace(report, failure=str(error), hint=error.hint)
        if report.failure and not report.hint and (damaged := damage_of(store)):  # nobody's word for it: what it fell over may be the file
            report = replace(report, failure=str(damaged), hint=damaged.hint)
        outcomes, polls, faults = dict(intake.outcomes), tuple(intake.polls.values()), tuple(intake.faults)
        return replace(report, outcomes=outcomes, polls=polls, faults=faults, unverified=unverified)


def dry_crawl(
    order: CrawlOrder,
    config: Config,
    matcher: Matcher,
    *,
    clock: Callable[[], datetime],
    progress: Progress,
    out: TextIO,
    beat: Callable[[], None] = _nothing,
) -> CrawlReport:
    """Crawl without a store: write what would be kept as JSON lines."""
    from monitor.export import iso, mention_record, suppression_record
    from monitor.intake import document_of
    from monitor.outlets import with_outlet
    from spiders.recording import RecordingIntake

    def judge(arrival: Arrival) -> Outcome:
        article = with_outlet(arrival.article, arrival.source)
        matches = matcher.match(document_of(article))
        if not matches.mentions and not matches.suppressions:
            return Outcome.UNMATCHED
        record = {
            "url": article.url, "title": article.title, "outlet": article.outlet, "lang": article.language or None,
            "published": iso(article.published), "source": arrival.source.id, "body_from": article.body_from.value,
            "topics": [mention.topic for mention in matches.mentions],
            "mentions": [mention_record(mention) for mention in matches.mentions],
            "suppressed": [suppression_record(hit) for hit in matches.suppressions],
        }  # fmt: skip
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
        return Outcome.STORED if matches.mentions else Outcome.SUPPRESSED

    check_browser(order.sources, wanted=order.browser)
    intake = RecordingIntake(judge, matcher.may_mention)
    report = _run(order, config, intake, clock=clock, progress=progress, beat=beat)
    return replace(report, outcomes=dict(Counter(intake.outcomes)), polls=tuple(intake.polls.values()), faults=tuple(intake.faults))


def check(
    sources: Sequence[Source], config: Config, matcher: Matcher, *, clock: Callable[[], datetime], progress: Progress | None
) -> list[Checked]:
    """Read each source once and say what was found; nothing is stored, no page is fetched."""
    from monitor.checking import Checker

    check_browser(sources)
    intake = Checker(matcher)
    order = CrawlOrder(sources=tuple(sources), pages=False, deadline_s=60.0 * config.crawl.deadline_minutes)
    report = _run(order, config, intake, clock=clock, progress=progress or (lambda done, total, doing: None), name_feeds=True)
    if report.failure:
        raise MediaMonitorError(report.failure, hint=report.hint)
    return [intake.checked(source) for source in sources]


def _run(
    order: CrawlOrder,
    config: Config,
    intake: Any,
    *,
    clock: Callable[[], datetime],
    progress: Progress,
    name_feeds: bool = False,
    frontier: Frontier | None = None,
    beat: Callable[[], None] = _nothing,
) -> CrawlReport:
    started = time.monotonic()
    asked = len(order.sources) + len(order.urls)
    if not asked:
        return CrawlReport(seconds=time.monotonic() - started)
    from monitor.packs import zones_by_host

    process = process_of(order, config)
    from twisted.internet.task import LoopingCall  # now: the reactor has been chosen

    common: dict[str, Any] = {
        "intake": intake, "clock": clock, "pages": order.pages, "pages_a_source": min(config.crawl.pages_per_source, order.pages_a_source or sys.maxsize),
        "processes": config.crawl.processes, "document_s": config.crawl.document_seconds, "deadline_s": order.deadline_s, "progress": progress,
        "zones": zones_by_host() | {outlet_host(source.url): source.timezone for source in order.sources if source.timezone != "UTC"},
    }  # fmt: skip
    results = _begin(process, order, common, clock=clock, name_feeds=name_feeds, frontier=frontier)
    LoopingCall(beat).start(BEAT_S)  # its turn comes when the crawl's loop goes round
    process.start(install_signal_handlers=False)
    failures = [result.failure for result in results if result.failure is not None]
    if process.bootstrap_failed and not failures:
        failures.append(RuntimeError("the crawl could not be started; -vv shows why"))
    return CrawlReport(
        asked=asked,
        pages=sum(result.pages for result in results),
        seconds=time.monotonic() - started,
        cut_short=any(result.cut_short for result in results),
        unread=tuple(name for result in results for name in result.unread),
        put_off=sum(result.put_off for result in results),
        notes=tuple(note for result in results for note in result.notes),
        left=sum(result.left for result in results),
        noun="addresses" if order.urls and not order.sources else "sources",
        failure=_told(failures[0], order.verbose) if failures else None,
        hint=_do(failures[0]) if failures else None,
    )


def _begin(
    process: Any,
    order: CrawlOrder,
    common: Mapping[str, Any],
    *,
    clock: Callable[[], datetime],
    name_feeds: bool,
    frontier: Frontier | None,
) -> list[Result]:
    """Begin the spiders that an order needs; their results are filled while the process runs."""
    from monitor.packs import sitemaps_by_host
    from spiders.base import Result
    from spiders.page import PageSpider
    from spiders.walk import SiteSpider
    from spiders.watch import SourceSpider

    results: list[Result] = []
    if order.sources and order.since is not None:
        from spiders.past import PastSpider

        results.append(Result())
        past = {"since": order.since, "until": order.until or clock(), "limit": order.limit, "frontier": frontier}
        process.crawl(PastSpider, sources=order.sources, result=results[-1], **past, **common)
    elif order.sources:
        results.append(Result())
        known = {"name_feeds": name_feeds, "sitemaps": sitemaps_by_host()}
        process.crawl(SourceSpider, sources=order.sources, result=results[-1], **known, **common)
    if order.urls and order.depth:
        results.append(Result())
        walk = {"depth": order.depth, "limit": order.limit, "browser": order.browser, "frontier": frontier}
        process.crawl(SiteSpider, urls=order.urls, result=results[-1], **walk, **common)
    elif order.urls:
        results.append(Result())
        process.crawl(PageSpider, urls=order.urls, limit=order.limit, browser=order.browser, result=results[-1], **common)
    return results


def process_of(order: CrawlOrder, config: Config) -> Any:
    """Make the process that spiders run in, Scrapy's `AsyncCrawlerProcess`; there can be one in a process of ours."""
    from scrapy.crawler import AsyncCrawlerProcess
    from twisted.logger import LogPublisher, globalLogBeginner

    from monitor.log import LibraryHandler, WithoutEchoes

    # What is imported by now stays: looking through it again and again for garbage is a twentieth of a crawl's time.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    settings = _settings(config, order)
    _quieten(order.verbose)
    # Until somebody takes its log, Twisted writes what it thinks critical to stderr by itself; Scrapy listens without taking it.
    globalLogBeginner.beginLoggingTo([cast("Any", LogPublisher())], discardBuffer=True, redirectStandardIO=False)
    for name in ("twisted", "asyncio"):
        logging.getLogger(name).addFilter(WithoutEchoes())
    if order.log is not None:
        logging.captureWarnings(True)
        handler = LibraryHandler(order.log)
        handler.setLevel(settings["LOG_LEVEL"])  # Scrapy sets its loggers' own levels anew
        logging.getLogger().addHandler(handler)
    return AsyncCrawlerProcess(settings)


def _settings(config: Config, order: CrawlOrder) -> Any:
    """Scrapy's settings: those of the project, and what the configuration says of them."""
    from scrapy.settings import Settings

    from spiders import settings as project
    from spiders.guard import netloc

    settings = Settings()
    settings.setmodule(project, priority="project")
    contact = config.crawl.contact or project.PROJECT_URL
    changed: dict[str, Any] = {
        "USER_AGENT": f"media-monitor/{__version__} (+{contact})",
        "DOWNLOAD_DELAY": config.crawl.delay_seconds,
        "CONCURRENT_REQUESTS_PER_DOMAIN": config.crawl.requests_per_host,
        "CONCURRENT_REQUESTS": max(config.crawl.concurrency, 1),
        "DOWNLOAD_TIMEOUT": config.crawl.timeout_seconds,
        "MONITOR_ALLOW_PRIVATE": list(config.network.allow),
        "LOG_INSTALL_ROOT_HANDLER": order.log is None,
        "MONITOR_NAMED": [netloc(address) for address in (*(source.url for source in order.sources), *order.urls)],
        "MONITOR_UNVERIFIED": [netloc(table.url) for table in config.source if not table.verify_tls],
        "LOG_LEVEL": {0: "CRITICAL", 1: "WARNING"}.get(order.verbose, "DEBUG"),
    }
    settings.setdict(changed, priority="cmdline")
    return settings


def _quieten(verbose: int) -> None:
    """Keep the libraries' logs to what was asked for."""
    for name in ("scrapy", "twisted", "asyncio", "trafilatura", "htmldate", "pebble", "filelock"):
        logging.getLogger(name).setLevel(logging.DEBUG if verbose > 1 else logging.WARNING if verbose else logging.CRITICAL)


def _do(error: BaseException) -> str | None:
    return NO_MEMORY[1] if out_of_memory(error) else getattr(error, "hint", None)


def _told(error: BaseException, verbose: int) -> str:
    if verbose > 1:
        import traceback

        traceback.print_exception(error)
    from spiders.intake import MachineFailed

    if out_of_memory(error):
        return NO_MEMORY[0]
    return str(error) if isinstance(error, (MediaMonitorError, MachineFailed)) else f"{type(error).__name__}: {error}"
