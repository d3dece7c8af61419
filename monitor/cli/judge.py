"""What a reader says of a hit or an outlet: `verdict`, `mute`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from monitor.cli.context import context_of, now
from storage.errors import UsageError


class Verdict(StrEnum):
    """What a reader says of a hit."""

    NOT_US = "not-us"
    IS_US = "is-us"


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(verdict)
    app.command()(mute)


def verdict(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="URL|STORY", help="An article's address, or a story such as s12.")],
    said: Annotated[Verdict, typer.Argument(metavar="not-us|is-us", help="What it is.")],
    topic: Annotated[str | None, typer.Option("--topic", "-t", help="For this topic only.")] = None,
) -> None:
    """Say that a hit is not us, or that it is; remembered and obeyed by later runs, for later copies too."""
    from monitor.verdicts import judge

    ours = context_of(context)
    name = ours.watchlist.named(topic) if topic else None
    print(judge(ours.store(create=False), ours.matcher, target, said.value, name, now()))


def mute(
    context: typer.Context,
    outlet: Annotated[str, typer.Argument(help="An outlet's name, or its host.")] = "",
    topic: Annotated[str | None, typer.Option("--topic", "-t", help="The topic on which it is not to be heard.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Hear it again.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show what is muted.")] = False,
) -> None:
    """Keep what an outlet says of a topic out of the digest; it is stored all the same, and counted as suppressed.

    A verdict "is-us" on one of its articles is stronger.
    """
    from monitor.cli.show import local, table
    from monitor.verdicts import mute as silence
    from monitor.verdicts import unmute

    ours = context_of(context)
    if list_:
        with ours.store(create=False).reading() as reading:
            rows = [(one.host, one.topic, local(one.at, ours.zone)) for one in reading.verdicts.mutes()]
        table(("outlet", "topic", "since"), rows, wide=0)
        return
    if not outlet or topic is None:
        raise UsageError("mute wants an outlet and a topic", hint="monitor mute news.example --topic FPT; --list shows what is muted")
    named = ours.watchlist.named(topic)
    store = ours.store(create=False)
    print(unmute(store, ours.matcher, outlet, named, now()) if undo else silence(store, outlet, named, now()))
