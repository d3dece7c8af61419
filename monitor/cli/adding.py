"""`sources add`: look round at an address, show what it offers, add the best or what is chosen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli.context import Context, context_of, now
from storage.errors import UsageError
from storage.items import Kind, Ownership, Source

if TYPE_CHECKING:
    from monitor.discovery import Choice
    from spiders.discovery import Findings

_ADDED_KINDS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)
_SHOWN_BROKEN = 3
_SAMPLE = 3  # headlines of a list that are shown, so that a person sees whether it was read rightly


def add_sources(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The address of a site, of a page that lists its news, or of a feed or sitemap.")],
    everything: Annotated[bool, typer.Option("--all", help="Add all that is alive and not the same twice, not only the best.")] = False,
    choose: Annotated[str | None, typer.Option("--choose", help="Add these, by their numbers: 1,3.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; only show what there is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each thing offered.")] = False,
    id_: Annotated[str | None, typer.Option("--id", help="A short name; made from the address if left out.")] = None,
    outlet: Annotated[str | None, typer.Option("--outlet", help="The outlet's name; from the pack or the feed if left out.")] = None,
    language: Annotated[str | None, typer.Option("--lang", help="Its language (vi, en, fr, ...).")] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", help="For dates without a zone, e.g. Asia/Ho_Chi_Minh.")] = None,
    country: Annotated[str | None, typer.Option("--country", help="Two letters, e.g. VN.")] = None,
    ownership: Annotated[Ownership, typer.Option("--ownership", help="Whose words it prints.")] = Ownership.EARNED,
    label: Annotated[list[str] | None, typer.Option("--label", "-l", help="A label of yours, for --group.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only what is of this kind: feed, sitemap or listing.")] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Let a browser draw its pages: where they are empty without scripts.")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Look first; --no-check adds the address as it is.")] = True,
) -> None:
    """Find what an address offers (feeds, news sitemaps, lists of articles), and add the best to the configuration file.

    A site's home page will do: its feeds are looked for in it, on pages about feeds, in its sections and at the usual addresses, its
    sitemaps in robots.txt; each is read once and shown with entries a week, the newest, and how many mention a topic. At a terminal you
    choose. The address of a feed or a sitemap is simply added.

    \b
    monitor sources add https://example.org/
    monitor sources add https://example.org/ --dry-run
    monitor sources add https://example.org/ --choose 1,3 --label partners
    """
    from monitor import adding

    ours = context_of(context)
    numbers = adding.numbers_of(choose) if choose is not None else []
    if numbers and everything:
        raise UsageError("--all and --choose do not go together", hint="leave out one of them")
    wanted = Source(
        id=id_ or "",
        url=adding.address_of(url),
        kind=_kind(kind) or Kind.FEED,
        outlet=outlet or "",
        language=language or "",
        timezone=timezone or "",
        country=(country or "").upper(),
        ownership=ownership,
        groups=tuple(label or ()),
        browser=browser,
        origin="config",
    )
    if not check:
        said = [] if dry_run else adding.add_unread(ours.config, wanted, known=ours.sources)
    else:
        said = _look_and_add(
            ours, wanted, only=_kind(kind), everything=everything, numbers=numbers, dry_run=dry_run, as_json=as_json
        )  # fmt: skip
    for line in said:
        print(line, file=sys.stderr)


def _kind(name: str | None) -> Kind | None:
    if name is None:
        return None
    if name not in _ADDED_KINDS:
        raise UsageError(f"--kind: {name!r} is not looked for", hint=f"choose {', '.join(_ADDED_KINDS[:-1])} or {_ADDED_KINDS[-1]}")
    return Kind(name)


def _look_and_add(
    ours: Context, wanted: Source, *, only: Kind | None, everything: bool, numbers: Sequence[int], dry_run: bool, as_json: bool
) -> list[str]:
    from monitor import adding
    from monitor.cli.crawl_view import watch
    from monitor.crawl import check_browser
    from monitor.discovery import choices_of, look_round, on_same_host, standing_of, zone_of
    from spiders.readers.archives import is_monthly, of_month

    standing = standing_of(wanted.url, ours.config, ours.sources)
    adding.refuse_known(wanted.url, standing)
    check_browser([replace(wanted, id=wanted.url)])
    zone = wanted.timezone or zone_of(wanted.url, wanted.country)
    _check_zone(zone)
    with watch(sys.stderr) as progress:
        found = look_round(
            of_month(wanted.url, now(), zone),
            ours.config,
            zone=zone,
            clock=now,
            progress=progress,
            browser=wanted.browser,
            verbose=ours.verbose,
        )
    if is_monthly(wanted.url):
        # The archive is watched, not its file of this month.
        found.offers = [replace(offer, url=wanted.url) for offer in found.offers if offer.kind is Kind.SITEMAP]
    if only is not None:
        found.offers = [offer for offer in found.offers if offer.kind is only]
    adding.refuse_nothing(wanted.url, found)
    choices = choices_of(found.offers, lambda url: standing_of(url, ours.config, ours.sources), ours.matcher, now())
    if found.moved_to and found.direct:
        print(f"{wanted.url} has moved to {found.moved_to}", file=sys.stderr)
    picked: list[Choice] = []
    try:
        if not as_json:
            if found.direct:
                print(_read(choices[0]), file=sys.stderr)
            else:
                print_choices(choices, zone=ours.zone)
                _say_more(found, sorted(source.id for source in on_same_host(wanted.url, ours.sources)))
        if found.direct:
            adding.refuse_known(choices[0].offer.url, choices[0].standing)
            picked = choices
        elif not numbers and not everything and not dry_run and not as_json and len(choices) > 1 and _at_terminal():
            picked = _ask(choices)
        elif not dry_run or numbers or everything:
            picked = adding.chosen(choices, everything=everything, numbers=numbers)
        said = adding.add(ours.config, wanted, picked, known=ours.sources) if not dry_run else []
    finally:
        if as_json:
            for choice in choices:
                print(json.dumps(choice.record(added=choice in picked and not dry_run), ensure_ascii=False))
    if not (dry_run or as_json or found.direct) and (
        others := [choice.number for choice in choices if choice.good and choice not in picked]
    ):
        said.append(f"{len(others)} more could serve: --choose {','.join(map(str, others))}, or --all")
    return said


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        raise UsageError(f"--timezone: there is no time zone {zone!r}", hint="write it as Asia/Ho_Chi_Minh") from None


def _read(choice: Choice) -> str:
    """What was found at the address itself."""
    offer = choice.offer
    newest = f", the newest of {offer.newest:%Y-%m-%d}" if offer.newest else ""
    pace = f", {_number(offer.a_week)} a week" if offer.a_week is not None else ""
    told = f", {choice.mentions} mention a topic" if choice.mentions else ""
    kind = "" if offer.kind is Kind.FEED else "news sitemap, " if offer.news else f"{offer.kind.value}, "
    return f"read: {kind}{offer.shown} {'entry' if offer.shown == 1 else 'entries'}{pace}{newest}{told}"


def print_choices(choices: Sequence[Choice], *, zone: ZoneInfo) -> None:
    """Print what is offered: a table on a terminal, tab-separated in a pipe."""
    from monitor.cli.show import local, table

    wide = sys.stdout.isatty()

    def rows() -> Iterator[tuple[str, ...]]:
        for choice in choices:
            offer = choice.offer
            kind = "news map" if offer.news else offer.kind.value
            figures = (
                offer.language or "-",
                "-" if offer.a_week is None else _number(offer.a_week),
                local(offer.newest, zone)[:10],
                "-" if choice.mentions is None else f"{choice.mentions}/{len(offer.entries)}",
            )
            if not wide:
                yield str(choice.number), kind, offer.url, offer.title, *figures, choice.note
                continue
            lines = [offer.title, offer.url] if offer.title else [offer.url]
            if offer.kind is Kind.LISTING:
                lines += [f"· {entry.title}" for entry in offer.entries[:_SAMPLE]]
            if choice.note:
                lines.append(f"({choice.note})")
            yield str(choice.number), kind, "\n".join(lines), *figures

    table(("", "kind", "what", "lang", "a week", "newest", "named"), rows(), wide=2)


def _say_more(found: Findings, watched: Sequence[str]) -> None:
    """Say on stderr what the table cannot show."""
    if found.error:
        print(f"the page itself could not be read: {found.error}", file=sys.stderr)
    if watched:
        named = ", ".join(watched[:6]) + (f" and {len(watched) - 6} more" if len(watched) > 6 else "")
        print(f"sources of this host already: {named}", file=sys.stderr)
    for address, why in found.broken[:_SHOWN_BROKEN]:
        print(f"named, but not to be read: {address}: {why}", file=sys.stderr)
    if found.passed_over:
        print(f"{found.passed_over} further addresses are named there and were not tried; give one of them by itself", file=sys.stderr)


def _number(pace: float) -> str:
    return f"{pace:.1f}" if pace < 10 else f"{pace:.0f}"


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and sys.stdout.isatty()


def _ask(choices: Sequence[Choice]) -> list[Choice]:
    """Ask which are to be added; the best where the answer is empty."""
    from monitor import adding

    try:
        best = adding.chosen(choices, everything=False, numbers=[])
        said = str(best[0].number)
    except UsageError as error:
        best, said = [], "none"
        print(error, file=sys.stderr)
    while True:
        print(f"Add which? Numbers (1,3), all or none [{said}]: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        word = answer.strip().lower()
        if not answer or word in {"none", "no", "n", "0", "q"}:
            return []
        try:
            if not word:
                return best
            if word in {"all", "a"}:
                return adding.chosen(choices, everything=True, numbers=[])
            return adding.chosen(choices, everything=False, numbers=adding.numbers_of(word))
        except UsageError as error:
            print(error, file=sys.stderr)
