"""`monitor stories`: list them, show one, merge two, split one."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.context import context_of, now
from monitor.cli.options import AsCsv, AsJson, Language, Limit, OutletName, Since, Topic, Unit, Until, article_filter
from storage.errors import UsageError

stories_app = typer.Typer(invoke_without_command=True, help="List stories; show, merge or split one.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(stories_app, name="stories")


@stories_app.callback()
def stories(
    context: typer.Context,
    topic: Topic = None,
    unit: Unit = None,
    outlet: OutletName = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List stories, newest first: one line each, with the outlets that told it."""
    if context.invoked_subcommand:
        return
    from monitor.cli.show import print_stories

    ours = context_of(context)
    wanted = article_filter(ours, topic=topic, unit=unit, outlet=outlet, language=language, since=since, until=until, limit=limit)
    with ours.store(create=False).reading() as reading:
        print_stories(reading.articles.stories(wanted), zone=ours.zone, as_json=as_json, as_csv=as_csv)


@stories_app.command("show")
def show_story(
    context: typer.Context, story: Annotated[str, typer.Argument(help="A story's id, such as s12 or 12.")], as_json: AsJson = False
) -> None:
    """Show one story: every copy, every sighting, and why each article joined."""
    from monitor.cli.show import print_story

    ours = context_of(context)
    with ours.store(create=False).reading() as reading:
        print_story(reading, _story_id(story), zone=ours.zone, as_json=as_json)


@stories_app.command("merge")
def merge_stories(
    context: typer.Context,
    into: Annotated[str, typer.Argument(metavar="A", help="The story that stays.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The story that joins it.")],
) -> None:
    """Say that two stories are the same news; remembered, never undone by a later crawl."""
    from monitor.verdicts import merge

    ours = context_of(context)
    print(merge(ours.store(create=False), _story_id(into), _story_id(other), now()))


@stories_app.command("split")
def split_story(context: typer.Context, url: Annotated[str, typer.Argument(help="The article that is other news.")]) -> None:
    """Say that an article does not belong to its story; remembered, never undone by a later crawl."""
    from monitor.verdicts import split

    ours = context_of(context)
    print(split(ours.store(create=False), url, now()))


def _story_id(text: str) -> int:
    digits = text.strip().lower().removeprefix("s")
    if not digits.isdecimal():
        raise UsageError(f"{text!r} is no story", hint="`monitor stories` lists them with their ids")
    return int(digits)
