"""Commands that gather: `crawl`, `daily`, `import`."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import Context, context_of, moment, now
from monitor.cli.noting import notebook_of, noting
from monitor.cli.options import LogJson
from storage.errors import UsageError

if TYPE_CHECKING:
    from storage.items import Source

DAILY_WAIT = 30  # minutes that the day's crawl waits for another one


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(crawl)
    app.command()(daily)
    app.command(name="import")(import_)


def crawl(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE|URL]...", help="Sources by id, or bare addresses (- reads a list from stdin); none: all sources."),
    ] = None,
    list_: Annotated[Path | None, typer.Option("--from", help="A file with sources or addresses, one a line.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Only the sources whose next poll has come.")] = False,
    group: Annotated[list[str] | None, typer.Option("--group", "-g", help="Only the sources of this group (vietnam, wires, ...).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing; print what would be kept as JSON lines.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    pages: Annotated[bool, typer.Option("--pages/--no-pages", help="Fetch the pages behind the entries.")] = True,
    wait: Annotated[float, typer.Option(help="Minutes to wait while another crawl is running.", min=0)] = 30.0,
    deadline: Annotated[float | None, typer.Option(help="Stop after so many minutes; what is stored stays.", min=0.1)] = None,
    depth: Annotated[int, typer.Option(help="Of bare addresses: follow links of the same site so far.", min=0, max=50)] = 0,
    limit: Annotated[
        int | None, typer.Option(help="Pages at most: of a site, a sitemap or a list 1000; of a named source as configured.", min=1)
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Crawl the past of sources back to this day (2026-01-01, 30d).")] = None,
    until: Annotated[str | None, typer.Option("--until", help="With --since: no later than this day.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Let a browser draw the pages: where they are empty without scripts. Only this time.")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew instead of going on where it was cut off.")] = False,
    log_json: LogJson = False,
) -> None:
    """Gather news now: from all sources, from some, or once from bare addresses.

    A bare address may be an article, a feed, a sitemap, a page that lists articles or a site, and is crawled once; with --depth the pages of the same site that
    it leads to, too. What was read is not fetched again, so a crawl that was cut short is simply run again. Exit code 0: all read;
    3: some sources could not be read, or an article not be kept; 1: none could be read.

    \b
    monitor crawl --due
    monitor crawl vnexpress-latest betakit
    monitor crawl https://example.org/news/fpt-and-mila.html --dry-run
    monitor crawl https://example.org/news-sitemap.xml --limit 200
    monitor crawl https://example.org/business/ --depth 2 --limit 500
    monitor crawl https://example.org/newsroom --browser
    """
    from monitor.cli.addresses import expanded, explain
    from monitor.cli.crawl_view import log_report, print_report, watch
    from monitor.crawl import CrawlOrder, crawl_sources, dry_crawl, order_sources
    from monitor.running.orphan import end_with_parent
    from monitor.running.stuck import watched

    end_with_parent(os.environ)
    ours = context_of(context)
    ours.log_json = log_json
    sources, urls = order_sources(ours.sources, expanded(what or [], list_), groups=group or [])
    named = bool(what or list_)
    past, end = _span(ours, since, until)
    if past and (urls or due):
        raise UsageError("--since goes with sources, not with bare addresses or --due", hint="monitor crawl --since 2026-01-01 betakit")
    if (depth or restart) and not urls and not past:
        raise UsageError("--depth and --restart go with bare addresses", hint="monitor crawl https://example.org/news/ --depth 1")
    if browser and not named:
        raise UsageError(
            "--browser goes with sources or addresses that you name", hint="monitor crawl https://example.org/newsroom --browser"
        )
    if urls and due:
        raise UsageError("--due goes with sources, not with bare addresses", hint="leave out --due")
    if past:
        sources = _reaching_back(ours, sources, named=named)
    order = CrawlOrder(
        sources=tuple(replace(source, browser=True) for source in sources) if browser else tuple(sources),
        urls=tuple(urls),
        depth=depth,
        limit=limit or (5_000 if past else 1_000),
        pages_a_source=limit if named else None,
        since=past,
        until=end,
        browser=browser,
        restart=restart,
        only_due=due,
        pages=pages and ours.config.crawl.pages,
        deadline_s=60.0 * (deadline or ours.config.crawl.deadline_minutes),
        wait_s=60.0 * wait,
        verbose=ours.verbose,
        log=ours.log if log_json else None,
    )
    # Under `monitor run` (--json) the parent tells what failed.
    with watch(sys.stderr, silent=log_json) as progress, nullcontext() if dry_run or as_json else noting(ours, "crawl-failed"):
        if dry_run:
            with watched(as_json=log_json) as beat:
                report = dry_crawl(order, ours.config, ours.matcher, clock=now, progress=progress, out=sys.stdout, beat=beat)
        else:
            store = ours.store()  # first: what a new version changes in a large database takes its time
            with watched(as_json=log_json) as beat:
                report = crawl_sources(order, ours.config, store, ours.matcher, clock=now, progress=progress, beat=beat)
    if report.failure and not (dry_run or as_json):
        notebook_of(ours).write(now(), "crawl-failed", report.failure)
    print_report(report, out=sys.stderr if dry_run and not as_json else sys.stdout, as_json=as_json)
    if log_json:
        log_report(report, ours.log)
    elif report.failure:
        ours.log.say("failed", f"monitor: {report.failure}")
        if report.hint:
            ours.log.say("failed", f"  -> {report.hint}")
    if urls and not (depth or dry_run or as_json):
        with ours.store().reading() as reading:
            explain(reading, urls, zone=ours.zone, out=sys.stdout)
    raise typer.Exit(report.exit_code)


def _span(ours: Context, since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read the span of a crawl of the past; refuse one that cannot be."""
    example = "monitor crawl --since 2026-01-01 --until 2026-02-01"
    if until and not since:
        raise UsageError("--until goes with --since", hint=example)
    past = moment(since, ours.zone, "--since") if since else None
    end = moment(until, ours.zone, "--until", end=True) if until else None
    if past and past >= (end or now()):
        raise UsageError(f"--since lies {'after --until' if end else 'in the future'}", hint=example)
    return past, end


def _reaching_back(ours: Context, sources: list[Source], *, named: bool) -> list[Source]:
    """Return those that can be asked for a time that is past; the others are told on stderr."""
    from monitor.past import reaching_back

    found, silent = reaching_back(ours.config, sources, named=named)
    if silent:
        print(f"not asked, as they cannot be asked for a time that is past: {', '.join(silent)}", file=sys.stderr)
    if not found:
        raise UsageError(
            "none of these sources reaches into the past", hint="name feeds, sitemaps, lists, or searches of Google News or GDELT"
        )
    return found


def daily(
    context: typer.Context,
    no_crawl: Annotated[bool, typer.Option("--no-crawl", help="Only make the digest of what is stored.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not print the digest.")] = False,
    log_json: LogJson = False,
) -> None:
    """Do a day's work: crawl what is due, write the digests of today to digests/YYYY-MM-DD.*, print them.

    Then alerts are looked for, what is queued is sent, and what upkeep is due (expiry, backup, ...) is done. For cron. Run it as often as you like: each story is told once, and
    the day's files hold the whole day. Where `monitor run`
    works on the same database, the digest of the day is left to its hour if that has not come. Exit code 0: done;
    3: the digest is made, but sources or the crawl failed (the digest says which); 1: no digest could be made.
    """
    from monitor.cli.show import show
    from monitor.daily import run_daily
    from monitor.desks import wanted

    ours = context_of(context)
    ours.log_json = log_json
    settings = ours.config
    minutes = settings.crawl.deadline_minutes
    with noting(ours, "digest-failed"):
        result = run_daily(
            wanted(settings, ours.store(), now),
            crawl=None if no_crawl else ours.child("crawl", "--due", "--wait", str(DAILY_WAIT), "--deadline", str(minutes)),
            # The child may first wait for another crawl, and then has its whole time.
            deadline_s=60.0 * (minutes + DAILY_WAIT),
            log=ours.log,
            report=None if log_json else sys.stderr,
        )
    if not result.digests:
        ours.log.say("digest", "no digest is wanted today")
    for path in result.files:
        ours.log.say("digest", f"written: {path}", file=str(path))
    unsent = _send(ours)
    failed = _keep_house(ours)
    # A source or two that could not be read is everyday: the digest tells it. No source at all is not.
    _show(ours, well=result.crawled in {0, 3} and not unsent and not failed)
    if not quiet:  # last: a reader that goes away (`| head`), or a full disk, must not keep mails from being sent
        for digest in result.digests:
            show(digest, "terminal")
    raise typer.Exit(result.exit_code or (3 if unsent or failed else 0))


def _send(ours: Context) -> int:
    """Look for what could not wait, and send what is queued; returns 0 where all went."""
    settings = ours.config
    if not settings.deliveries:
        return 0
    from monitor.alerts import evaluate
    from monitor.cli.deliver import tell
    from monitor.delivery.service import deliver_due

    store = ours.store()
    evaluate(store, settings, now)
    report = deliver_due(store, settings, now)
    tell(report, ours)
    return report.exit_code


def _keep_house(ours: Context) -> int:
    """Do what upkeep is due; returns how much of it failed. Where a `monitor run` works, it is left to that."""
    from monitor.running.duties import keep_house
    from storage.errors import StorageBusy

    failures = 0
    store = ours.store()

    def fail(name: str, why: str) -> None:
        nonlocal failures
        failures += 1
        ours.log.say("upkeep", f"{name}: {why}", level="error")
        with store.transaction() as transaction:
            transaction.incidents.add(now(), "upkeep-failed", f"{name}: {why}")

    with suppress(StorageBusy), store.run_lock(now=now()):
        keep_house(store, ours.config, now, say=lambda said: ours.log.say("upkeep", said), fail=fail)
    return failures


def _show(ours: Context, *, well: bool) -> None:
    """Show others that the watch lives."""
    from monitor.running.signs import Signs

    signs = Signs(ours.store(), now, lambda kind, why: ours.log.say(kind, f"{kind}: {why}", level="warning"))
    signs.give(ours.config, ours.sources, well=well)


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines with url, title, text, published, lang, outlet; - for stdin.")],
    keep_unmatched: Annotated[bool, typer.Option("--keep-unmatched", help="Store articles that mention no topic, too.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Begin at the first line even if this file was imported in part.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Import articles from a file, in its order, with the articles' own dates as clock.

    They run the same line as a crawl from "article" on: matched, compared, stored. Old coverage is searchable and never told as
    today's news. An interrupted import goes on where it stopped. Exit code 3: some lines were unusable (told on stderr by number).
    """
    from monitor.cli.crawl_view import print_import
    from monitor.importing import import_file

    ours = context_of(context)
    result = import_file(
        file, ours.store(), ours.matcher, keep_unmatched=keep_unmatched, restart=restart, complain=lambda text: print(text, file=sys.stderr)
    )
    print_import(result, as_json=as_json)
    raise typer.Exit(result.exit_code)


__all__ = ["Context", "register"]
