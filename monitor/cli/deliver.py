"""Commands about what goes out: `deliver`, `alerts`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.context import Context, context_of, now
from storage.errors import UsageError

if TYPE_CHECKING:
    from monitor.delivery.dispatch import DeliveryReport

LISTED = 50


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(deliver)
    app.command()(alerts)


def deliver(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these deliveries; none: all.")] = None,
    test: Annotated[bool, typer.Option("--test", help="Send a sample to yourself instead; nothing is counted as told.")] = False,
    to: Annotated[str | None, typer.Option("--to", help="With --test: the address for mail (default: the sender's own).")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only list the latest deliveries and how they went.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Try once more what was given up or never confirmed, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: one JSON object a line.")] = False,
) -> None:
    """Send what waits: digests and alerts that are queued, those whose last try failed when their pause is over.

    Exit code 0: all went, or nothing waits; 3: some did not; 1: none went.

    \b
    monitor deliver --test team-mail
    monitor deliver --list
    """
    ours = context_of(context)
    known = [one.name for one in ours.config.deliveries]
    for name in names or []:
        if name not in known:
            hint = f"there are: {', '.join(known)}" if known else "write a [[delivery]] into the configuration: `monitor init` shows how"
            raise UsageError(f"no delivery is called {name!r}", hint=hint)
    if sum((test, listed, again)) > 1:
        raise UsageError("--test, --list and --again exclude one another", hint="choose one")
    if to and not test:
        raise UsageError("--to goes with --test", hint="who gets a digest stands in the configuration")
    if listed:
        _list(ours, names or [], as_json=as_json)
        return
    if not known:
        raise UsageError("no delivery is configured", hint="write a [[delivery]] into the configuration: `monitor init` shows how")
    if test:
        _test(ours, names or known, to)
        return
    from monitor.delivery.service import deliver_due

    store = ours.store(create=False)
    if again:
        with store.transaction() as transaction:
            print(f"opened again: {transaction.deliveries.revive(now())}", file=sys.stderr)
    report = deliver_due(store, ours.config, now, only=names or ())
    tell(report, ours)
    raise typer.Exit(report.exit_code)


def tell(report: DeliveryReport, ours: Context) -> None:
    """Say on stderr what a round of deliveries came to; nothing where nothing waited."""
    from monitor.cli.show import local

    for line in report.lines:
        ours.log.say("delivery", line, level="warning")
    counted = [(report.sent, "sent"), (report.failed, "to be tried again"), (report.unsure, "unconfirmed"), (report.given_up, "given up")]
    counted.append((report.dropped, "no longer wanted"))
    said = [f"{count} {word}" for count, word in counted if count]
    if report.waiting:
        said.append(f"{report.waiting} waiting, the next from {local(report.next_due, ours.zone)}")
    if said:
        ours.log.say("delivery", f"deliveries: {', '.join(said)}", sent=report.sent, waiting=report.waiting)


def _list(ours: Context, names: list[str], *, as_json: bool) -> None:
    from monitor.cli.show import local, table
    from monitor.export import iso

    with ours.store(create=False).reading() as reading:
        rows = [row for row in reading.deliveries.latest(LISTED) if not names or row.delivery in names]
    if as_json:
        import json

        for row in rows:
            record: dict[str, Any] = {
                name: getattr(row, name) for name in ("series", "period", "delivery", "recipient", "state", "attempts")
            }
            record |= {"message_id": row.message_id, "created": iso(row.created), "ended": iso(row.ended), "error": row.error or None}
            print(json.dumps(record | {"next_try": None if row.ended else iso(row.due)}, ensure_ascii=False))
        return
    head = ("queued", "what", "delivery", "to", "state", "tries", "next try", "said")
    lines = (
        (
            local(row.created, ours.zone),
            f"{row.series.removeprefix('digest:')} {row.period}",
            row.delivery,
            row.recipient or "-",
            row.state,
            str(row.attempts),
            "-" if row.ended else local(row.due, ours.zone),
            row.error or "-",
        )
        for row in rows
    )
    table(head, lines, wide=7)


def _test(ours: Context, names: list[str], to: str | None) -> None:
    from monitor.delivery.parcel import DeliveryError, InDoubt
    from monitor.delivery.sample import send_sample

    failed = 0
    for delivery in ours.config.deliveries:
        if delivery.name not in names:
            continue
        try:
            for line in send_sample(ours.desk(), ours.config, delivery, to=to):
                print(f"{delivery.name}: {line}", file=sys.stderr)
        except (DeliveryError, InDoubt) as error:
            failed += 1
            print(f"{delivery.name}: {error}", file=sys.stderr)
            if error.hint:
                print(f"  -> {error.hint}", file=sys.stderr)
    raise typer.Exit(0 if not failed else 3 if failed < len(names) else 1)


def alerts(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell and write nothing; print what would be told.")] = False,
) -> None:
    """Look for what cannot wait: stories of the rules under [[alert]], each told once, and send them.

    `monitor daily` and `monitor run` do this after each crawl. A rule begins with what is seen after its first look;
    --dry-run shows for a new rule what it would have told of the last two days.
    """
    from monitor.alerts import evaluate
    from monitor.cli.show import local

    ours = context_of(context)
    if not ours.config.alert:
        raise UsageError("no alert is configured", hint="write an [[alert]] into the configuration: `monitor init` shows how")
    store = ours.store(create=False)
    found = evaluate(store, ours.config, now, dry_run=dry_run)
    for one in found:
        held = f", held until {local(one.due, ours.zone)}" if one.due > now() else ""
        burst = f" {one.topic}: {one.count} within an hour, usually {one.usual:.1f};" if one.usual is not None else ""
        print(f"{one.rule}:{burst} {', '.join(f's{story}' for story in one.stories)}{held}")
    if dry_run:
        return
    from monitor.delivery.service import deliver_due

    report = deliver_due(store, ours.config, now)
    tell(report, ours)
    raise typer.Exit(report.exit_code)
