"""Commands that read what is stored: `digest`, `articles`, `search`, `export`, `why`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import calendar_day, context_of, moment, now
from monitor.cli.options import AsCsv, AsJson, Language, Limit, OutletName, Output, Since, Topic, Unit, Until, article_filter, writer
from storage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Format(StrEnum):
    """The shapes of a digest."""

    TERMINAL = "terminal"
    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
    ATOM = "atom"


class ExportFormat(StrEnum):
    """The shapes of an export."""

    JSONL = "jsonl"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(digest)
    app.command()(articles)
    app.command()(search)
    app.command()(export)
    app.command()(why)


def digest(
    context: typer.Context,
    day: Annotated[str | None, typer.Option("--day", help="Show the digest of this day again (2026-11-23, today, yesterday).")] = None,
    since: Since = None,
    until: Until = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="The shape.")] = Format.TERMINAL,
    output: Output = None,
    topic: Annotated[list[str] | None, typer.Option("--topic", "-t", help="Only these topics.")] = None,
    language: Annotated[
        str | None, typer.Option("--lang", help="Language of the frame: en, vi or fr; headlines stay as published.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what is new without counting it as told.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Show the last digest again, in any format.")] = False,
    name: Annotated[str | None, typer.Option("--digest", help="The digest of this name, where several are configured.")] = None,
    deliver: Annotated[bool, typer.Option("--deliver", help="Make it, remember what it told, and send it.")] = False,
) -> None:
    """Tell new coverage since the last digest; each story is told once.

    Without options this makes the next digest and remembers what it told; where the digest has deliveries, that takes --deliver,
    and without it the digest is only shown, so that nobody else misses its stories. `--day` shows a past day again, `--again` the
    last digest in another shape, `--since`/`--until` any window, `--preview` what would come next: these four tell nothing off.
    """
    from monitor.cli.deliver import tell
    from monitor.cli.show import show
    from monitor.editions import again as last_again
    from monitor.editions import next_edition, of_day, of_window, preview_edition

    ours = context_of(context)
    if sum((bool(day), bool(since or until), preview, again, deliver)) > 1:
        raise UsageError("--day, --since/--until, --preview, --again and --deliver exclude one another", hint="choose one")
    if deliver and (topic or language):
        raise UsageError("--deliver sends the digest as it is configured", hint="leave out --topic and --lang")
    topics = [ours.watchlist.named(one) for one in topic or []]
    desk = ours.desk(digest=name, topics=topics, language=language)
    if deliver and not desk.targets:
        raise UsageError(f"the digest {desk.name} goes nowhere", hint='give it deliveries in the configuration: deliver = ["..."]')
    report = None
    if day:
        made = of_day(desk, calendar_day(day, ours.zone, "--day"))
    elif since or until:
        begin = moment(since, ours.zone, "--since") if since else None
        made = of_window(desk, begin, moment(until, ours.zone, "--until", end=True) if until else now())
    elif again:
        made = last_again(desk)
    elif deliver:
        from monitor.delivery.service import deliver_edition

        made, report = deliver_edition(desk.store, ours.config, now, desk.name)
    elif preview or topics or desk.targets:
        made = preview_edition(desk)
        if desk.targets and not (preview or topics):
            print("Only shown, not told: this digest has deliveries. To make and send it: monitor digest --deliver", file=sys.stderr)
    else:
        made = next_edition(desk)
    if made.empty and made.last_told and not (preview or again or day):
        print(f"Nothing new since the last digest. To see that one again: monitor digest --day {made.last_told}", file=sys.stderr)
    with writer(output) as out:
        show(made.digest, format_.value, out)
    if report is not None:
        tell(report, ours)
        raise typer.Exit(report.exit_code)


def articles(
    context: typer.Context,
    topic: Topic = None,
    unit: Unit = None,
    outlet: OutletName = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    suppressed: Annotated[bool, typer.Option("--suppressed", help="Hits that were not told, with the rule that decided.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List stored articles, newest first."""
    from monitor.cli.show import print_articles

    ours = context_of(context)
    wanted = article_filter(
        ours, topic=topic, unit=unit, outlet=outlet, language=language, since=since, until=until, suppressed=suppressed, limit=limit
    )
    with ours.store(create=False).reading() as reading:
        print_articles(reading.articles.find(wanted), zone=ours.zone, as_json=as_json, as_csv=as_csv, suppressed=suppressed)


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help='Words, "a phrase", -without, either OR or, begin*.')],
    topic: Topic = None,
    outlet: OutletName = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Search stored articles, best first; tone marks and capitals do not matter."""
    from monitor.cli.show import print_hits

    ours = context_of(context)
    wanted = article_filter(ours, topic=topic, outlet=outlet, language=language, since=since, until=until, limit=limit)
    with ours.store(create=False).reading() as reading:
        found = print_hits(reading.search(" ".join(words), wanted), zone=ours.zone, as_json=as_json)
    raise typer.Exit(0 if found else 1)


def export(
    context: typer.Context,
    format_: Annotated[ExportFormat, typer.Option("--format", "-f", help="jsonl or csv.")] = ExportFormat.JSONL,
    output: Output = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    text: Annotated[bool, typer.Option("--text", help="Add summary and full text (JSON lines only).")] = False,
    suppressed: Annotated[bool, typer.Option("--suppressed", help="Only the articles that were not told.")] = False,
) -> None:
    """Export stored articles, one a line: url, title, outlet, lang, published, first_seen, topics, mentions, story, copies."""
    from monitor.export import csv_lines, jsonl

    ours = context_of(context)
    wanted = article_filter(ours, topic=topic, since=since, until=until, suppressed=suppressed)
    with ours.store(create=False).reading() as reading, writer(output) as out:
        found: Iterable[str]
        stored = reading.articles.export(wanted)
        found = csv_lines(stored) if format_ is ExportFormat.CSV else jsonl(stored, with_text=text)
        for line in found:
            out.write(line + "\n")


def why(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The address of an article.")],
    as_json: AsJson = False,
) -> None:
    """Tell the whole way of an address: listed, fetched, matched, joined, told; or the stage that lost it.

    Exit code 0: stored and to be told (or told); 10: never listed; 11: fetch refused; 12: mentions no topic; 13: suppressed;
    14: its page had no text.
    """
    from monitor.why import print_way

    ours = context_of(context)
    with ours.store(create=False).reading() as reading:
        raise typer.Exit(print_way(reading, url, zone=ours.zone, as_json=as_json))
