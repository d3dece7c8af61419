"""Print what commands found: tables on a terminal, plain lines in a pipe, JSON lines or CSV where asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from monitor import health
from monitor.cli.story_lines import print_story_lines
from monitor.cli.terminal import put, terminal_of
from monitor.export import article_record, csv_lines, inert, iso, jsonl, source_record, story_record
from monitor.shapes import render
from storage.condition import Ailment
from storage.items import Source, SourceState, StoredArticle, Story

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.checking import Checked
    from monitor.digest.record import Digest
    from monitor.rematch import Line
    from monitor.subscriptions import Imported
    from storage.reading import Reading


def show(digest: Digest, shape: str, out: TextIO | None = None) -> None:
    """Render a digest in one of its shapes onto `out` (stdout if None)."""
    out = out or sys.stdout
    able = terminal_of(out)
    text = render(digest, shape, width=able.width, color=able.color, hyperlinks=able.hyperlinks)
    put(text, out)


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """Write a moment in the reader's zone, to the minute; "-" where it is unknown."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, wide: int) -> int:
    """Print rows: a table on a terminal (column `wide` takes the room), tab-separated in a pipe. Returns how many."""
    if not sys.stdout.isatty():
        lines = 0
        for row in rows:
            print("\t".join(" ".join(cell.split()) for cell in row))
            lines += 1
        return lines
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for number, name in enumerate(head):
        shown.add_column(
            name, overflow="fold" if number == wide else "ellipsis", no_wrap=number != wide, ratio=1 if number == wide else None
        )
    count = 0
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
        count += 1
    if count:
        console = Console()
        with console.pager() if count > 3 * console.height else _nothing():
            console.print(shown)
    else:
        print("nothing found", file=sys.stderr)
    return count


class _nothing:  # noqa: N801 - stands where a context manager is optional
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def labels(stored: StoredArticle) -> str:
    """The topics and units of an article, as shown to people."""
    return ", ".join(dict.fromkeys(mention.unit or mention.topic for mention in stored.mentions))


def print_articles(found: Iterable[StoredArticle], *, zone: ZoneInfo, as_json: bool, as_csv: bool, suppressed: bool) -> None:
    """Print articles, or the hits that were not told with the rule that decided."""
    if as_json or as_csv:
        for line in csv_lines(found) if as_csv else jsonl(found):
            print(line)
        return
    last = "rule" if suppressed else "labels"

    def rows() -> Iterator[Sequence[str]]:
        for stored in found:
            article = stored.article
            about = "; ".join(f"{hit.topic}: {hit.rule}" for hit in stored.suppressions) if suppressed else labels(stored)
            yield local(stored.first_seen, zone), article.outlet, f"{article.title}\n{article.url}", about

    table(("first seen", "outlet", "headline", last), rows(), wide=2)


def print_changes(lines: Iterable[Line], *, zone: ZoneInfo) -> None:
    """Print the topics that articles gain and lose."""

    def rows() -> Iterator[Sequence[str]]:
        for line in lines:
            article = line.stored.article
            about = line.mention.unit or line.topic if line.mention is not None else line.topic
            seen = local(line.stored.first_seen, zone)
            yield "+" if line.gained else "-", about, seen, article.outlet, f"{article.title}\n{article.url}", line.why()

    table(("", "topic", "first seen", "outlet", "headline", "why"), rows(), wide=4)


def print_stories(found: Iterable[Story], *, zone: ZoneInfo, as_json: bool, as_csv: bool) -> None:
    """Print stories, one line each."""
    if as_json:
        for story in found:
            print(json.dumps(story_record(story), ensure_ascii=False))
        return
    if as_csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        columns = ("id", "headline", "url", "topics", "outlets", "languages", "first_seen", "told_on")
        writer.writerow(columns)
        for story in found:
            record = story_record(story)
            cells = ("; ".join(value) if isinstance(value, list) else value for value in (record[column] for column in columns))
            writer.writerow([inert(cell) for cell in cells])
        return

    print_story_lines(found, zone=zone)


def print_hits(found: Iterable[tuple[StoredArticle, str]], *, zone: ZoneInfo, as_json: bool) -> int:
    """Print what a search found; returns how many."""
    if as_json:
        count = 0
        for stored, snippet in found:
            print(json.dumps(article_record(stored) | {"snippet": snippet}, ensure_ascii=False))
            count += 1
        return count
    rows = (
        (local(stored.first_seen, zone), stored.article.outlet, f"{stored.article.title}\n{snippet}\n{stored.article.url}", labels(stored))
        for stored, snippet in found
    )
    return table(("first seen", "outlet", "article", "labels"), rows, wide=2)


def print_story(reading: Reading, story_id: int, *, zone: ZoneInfo, as_json: bool) -> None:
    """Print one story: its articles, where each was seen, why it joined."""
    from storage.errors import UsageError

    today = reading.articles.story_now(story_id)
    stories = reading.articles.stories_by_id([today])
    if not stories:
        raise UsageError(f"there is no story s{story_id}", hint="`monitor stories` lists them")
    if today != story_id:
        print(f"s{story_id} is part of s{today} now", file=sys.stderr)
    (story,) = stories
    if as_json:
        print(json.dumps(story_record(story), ensure_ascii=False, indent=2))
        return
    record = story_record(story)
    print(f"{record['id']}  {record['headline']}")
    told = f"told on {story.told_on}" if story.told_on else "not told yet"
    print(
        f"{len(story.articles)} articles, {len(record['outlets'])} outlets, languages {', '.join(record['languages']) or 'unknown'}; {told}"
    )
    for stored in story.articles:
        article, evidence = stored.article, stored.evidence
        copy = f", copy of a{stored.copy_id}" if stored.copy_id != stored.id else ""
        headline_only = ", headline only" if article.body_from.value == "feed" else ""
        print(f"\na{stored.id}  {article.outlet}  {local(article.published or stored.first_seen, zone)}{copy}{headline_only}")
        print(f"    {article.title}\n    {article.url}")
        parts = ", ".join(f"{name} {value:.2f}" for name, value in evidence.parts)
        print(f"    here because: {evidence.rule} ({evidence.score:.2f}){': ' + parts if parts else ''}")
        print(f"    seen at: {', '.join(stored.sources) or '-'}")


def print_sources(
    sources: Sequence[Source], states: Mapping[str, SourceState], ailing: Mapping[str, Ailment], *, now: datetime, as_json: bool
) -> None:
    """Print the configured sources with their health."""

    def habit(state: SourceState | None) -> str:
        return f"new {health.age(now, state.last_new)} ago" if state and state.last_new else ""

    if as_json:
        for source in sources:
            state, ailment = states.get(source.id), ailing.get(source.id)
            record = source_record(source, state) | {
                "health": health.word_of(state, ailment), "why": health.sentence(ailment, now) if ailment else None,
            }  # fmt: skip
            print(json.dumps(record, ensure_ascii=False))
        return

    def rows() -> Iterator[Sequence[str]]:
        for source in sources:
            state, ailment = states.get(source.id), ailing.get(source.id)
            said = f"{health.word_of(state, ailment)}: {health.sentence(ailment, now)}" if ailment else health.word_of(state, None)
            yield (
                source.id,
                source.outlet,
                source.language,
                ",".join(source.groups),
                ", ".join(filter(None, (said, habit(state)))),
                source.url,
            )

    table(("id", "outlet", "lang", "groups", "health", "address"), rows(), wide=4)
    print(f"{len(sources)} sources", file=sys.stderr)


def print_checks(found: Sequence[Checked], *, zone: ZoneInfo, as_json: bool) -> int:
    """Print what trying each source found, and what to do; returns the exit code."""
    good = sum(one.good for one in found)
    if as_json:
        for one in found:
            poll = one.poll
            record = source_record(one.source, None) | {
                "outcome": poll.outcome.value if poll else None, "status": poll.status if poll else None, "error": poll.error if poll else "not asked",
                "error_kind": poll.error_kind if poll else None, "entries": poll.entries if poll else 0, "dated": one.dated, "mentions": one.mentions,
                "newest": iso(poll.newest) if poll else None, "moved_to": poll.moved_to if poll else None, "advice": one.advice or None,
            }  # fmt: skip
            print(json.dumps(record, ensure_ascii=False))
    else:
        rows = (
            (
                one.source.id, one.poll.outcome.value if one.poll else "-", local(one.poll.newest if one.poll else None, zone),
                f"{one.found}{f' -> {one.advice}' if one.advice else ''}", (one.poll.moved_to if one.poll else None) or one.source.url,
            )
            for one in found
        )  # fmt: skip
        table(("source", "outcome", "newest", "found", "address"), rows, wide=3)
    print(f"{good} of {len(found)} sources could be read", file=sys.stderr)
    return 0 if good == len(found) else 3 if good else 1


def print_imported(result: Imported, *, path: Path, dry: bool, as_json: bool) -> int:
    """Print what became of an OPML file's entries; returns the exit code."""
    if as_json:
        for source in result.added:
            print(json.dumps(source_record(source, None) | {"added": not dry}, ensure_ascii=False))
    else:
        rows = [(one.id, one.outlet, one.language, ",".join(one.groups), one.url) for one in result.added]
        if rows:
            table(("id", "outlet", "lang", "labels", "address"), rows, wide=4)
    for url, id_ in result.known:
        print(f"a source already: {url} ({id_})", file=sys.stderr)
    for one in result.unusable:
        print(f"left out: line {one.line}{f' ({one.name})' if one.name else ''}: {one.why}", file=sys.stderr)
    counts = [
        f"{len(result.added)} {'would be added' if dry else 'added'} to {path}",
        f"{len(result.known)} known already",
        f"{result.repeated} more than once in the file" if result.repeated else "",
        f"{len(result.unusable)} left out" if result.unusable else "",
    ]
    print(", ".join(filter(None, counts)), file=sys.stderr)
    if not result.unusable:
        return 0
    return 3 if result.added or result.known else 1
