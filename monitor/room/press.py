"""Print the room's pages: one method a kind of page, the same for a server and for a folder of files. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from monitor.digest.dress import environment
from monitor.digest.record import Digest, Trend
from monitor.room.links import Links
from monitor.room.view import Room
from storage.items import Story

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = ("room.css", "icon.svg")
PAGES = ("days", "topics", "outlets", "search", "trends", "sources", "suppressed")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What stands round each page."""

    links: Links
    now: datetime
    live: bool = False  # a server answers: verdicts can be given
    csrf: str = ""
    back: str = "/"  # the page's own address, to come back to after a verdict
    notice: str = ""
    digest_name: str = ""  # where it has to be carried from page to page
    digests: Sequence[Mapping[str, Any]] = ()
    feeds: Sequence[Mapping[str, str]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


class Press:
    """Prints pages in one language."""

    def __init__(self, room: Room, pages: Sequence[str] = PAGES) -> None:
        self.room = room
        self._pages = pages

    def page(self, template: str, frame: Frame, *, here: str, title: str, **values: Any) -> str:
        """Print a page from its template."""
        room, links, say = self.room, frame.links, self.room.phrases.say
        menu = [{"name": "home", "title": say("next" if frame.live else "days_newest"), "href": links.home()}]
        menu += [{"name": name, "title": say(name), "href": links.page(name)} for name in self._pages]
        return _templates().get_template(template).render(
            say=say, frame=room.words, colon=room.words.say("colon"), comma=room.words.say("list"), language=room.language,
            zone=str(room.zone), asof=room.local(frame.now), links=links, live=frame.live, csrf=frame.csrf, back=frame.back,
            notice=frame.notice, digest_name=frame.digest_name, digests=frame.digests, feeds=frame.feeds, menu=menu, here=here, title=title,
            **({"newer": "", "older": ""} | dict(frame.more) | values),
        )  # fmt: skip

    def digest(self, frame: Frame, digest: Digest, stories: Sequence[Story], **values: Any) -> str:
        """Print a digest."""
        shown = self.room.digest(digest, {story.id: story for story in stories})
        return self.page("digest.j2", frame, title=shown["day"], page=shown, **({"about": "", "last": None, "here": "days"} | values))

    def story(self, frame: Frame, story: Story, today: date, told_link: str) -> str:
        """Print a story with its timeline."""
        shown = self.room.story(story, today)
        return self.page("story.j2", frame, here="", title=shown["text"], page=shown, told_link=told_link)

    def stories(self, frame: Frame, stories: Sequence[Story], *, here: str, heading: str, **values: Any) -> str:
        """Print a list of stories."""
        defaults = {"eyebrow": "", "about": "", "chips": (), "mutes": ()}
        return self.page(
            "stories.j2", frame, here=here, title=heading, heading=heading, listed=self.room.listed(stories), **(defaults | values)
        )

    def table(self, frame: Frame, *, here: str, heading: str, tables: Sequence[Mapping[str, Any]], **values: Any) -> str:
        """Print tables, and charts above them."""
        defaults = {"about": "", "chips": (), "charts": (), "note": None}
        return self.page("table.j2", frame, here=here, title=heading, heading=heading, tables=tables, **(defaults | values))

    def trends(self, frame: Frame, trend: Trend, day: date, outlets: Sequence[Sequence[Any]], chips: Sequence[Mapping[str, Any]]) -> str:
        """Print charts over some weeks, their figures, and the outlets with most articles."""
        say, words = self.room.phrases.say, self.room.words
        shown = self.room.trend(trend, day)
        tables = []
        if outlets:
            tables.append({"title": say("most_articles"), "head": (say("outlet"), say("articles")), "numbers": True, "rows": outlets})
        for chart in shown["charts"]:
            if "shares" in chart:
                rows = [(one["name"], words.number(one["n"]), one["said"]) for one in chart["shares"]]
                tables.append({"title": chart["label"], "head": ("", say("articles"), say("share")), "numbers": True, "rows": rows})
        if shown["charts"]:
            begin = next((at for at, one in enumerate(shown["days"]) if one["n"]), 0)  # what lies before the first article says nothing
            days = [(one["day"], words.number(one["n"])) for one in reversed(shown["days"][begin:])]
            tables.append({"title": words.say("per_day"), "head": (say("day"), say("articles")), "numbers": True, "rows": days})
        note = {"label": words.say("new_outlets"), "said": shown["outlets"]} if shown["outlets"] else None
        heading = shown["title"] or say("trends")
        return self.table(frame, here="trends", heading=heading, tables=tables, charts=shown["charts"], note=note, chips=chips)

    def message(
        self, frame: Frame, heading: str, about: str, hint: str = "", *, ask_token: bool = False, link: Mapping[str, str] | None = None
    ) -> str:
        """Print a sentence where a page is expected; a `link` (text, href) is where it stands, and the browser goes there by itself."""
        return self.page(
            "message.j2", frame, here="", title=heading, heading=heading, about=about, hint=hint, ask_token=ask_token, link=link
        )


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    made = environment(TEMPLATES)
    made.auto_reload = False
    return made
