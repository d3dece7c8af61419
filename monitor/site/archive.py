"""Make the archive: read the store story by story, and have each page made that changed.

stories -> marks -> pages of stories, topics and outlets (by month), feeds, index of words;  editions -> pages of days
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from monitor.digest.build import tag_of
from monitor.digest.render_atom import render_feed
from monitor.digest.safe import plain, safe_url
from monitor.editions import Desk, of_day
from monitor.room.links import FileLinks, day_file, outlet_file, safe_name, story_file, topic_file
from monitor.room.press import ASSETS, TEMPLATES, Frame, Press
from monitor.room.view import tag
from monitor.site.folder import Folder, mark_of
from monitor.site.index import Entry, Index
from monitor.trends import trend_of
from monitor.watchlist import Watchlist
from storage.items import Ownership, Story
from storage.reading import Reading

PAGES = ("days", "topics", "outlets", "search", "trends")
_BATCH = 400
_IN_FEED = 50
_TABLE_DAYS = 90  # of the trends page


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a story while the pages are planned."""

    id: int
    mark: str
    newest: datetime
    topics: tuple[str, ...]
    outlets: tuple[tuple[str, str], ...]  # host and name
    told_on: str | None


@dataclass
class Plan:
    """Which stories stand on which pages."""

    stories: dict[int, Known] = field(default_factory=dict)
    topics: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    outlets: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, str] = field(default_factory=dict)  # host -> what the outlet is called


class Site:
    """The archive of one digest.

    Args:
        desk: whose digest, language and zone.
        press: prints its pages.
        folder: where they go.
        address: where the archive will stand on the web; "" where nobody knows.
        told: is told what is being made.
    """

    def __init__(
        self, desk: Desk, press: Press, watchlist: Watchlist, folder: Folder, *, address: str = "", told: Callable[[int, int, str], None]
    ) -> None:
        self._desk = desk
        self._press = press
        self._room = press.room
        self._watchlist = watchlist
        self._folder = folder
        self._address = address.rstrip("/")
        self._told = told

    def make(self) -> None:
        """Make all that changed.

        Raises:
            FileError: a file cannot be written; what was written stays, and the next run goes on.
        """
        for name in (*ASSETS, "search.js"):
            self._folder.put_text(f"assets/{name}", TEMPLATES.joinpath(name).read_text(encoding="utf-8"))
        plan = self._stories()
        self._lists("topic", plan.topics, {name: name for name in plan.topics}, topic_file)
        self._lists("outlet", plan.outlets, plan.names, outlet_file)
        self._feeds(plan)
        days = self._days(plan)
        self._tables(plan, days)
        self._folder.finish()

    # ------------------------------------------------------------------ stories

    def _stories(self) -> Plan:
        plan, index = Plan(), Index()
        with self._desk.store.reading() as reading:
            ids = reading.browse.story_ids()
            days = set(reading.ledger.days(self._desk.name))
            for start in range(0, len(ids), _BATCH):
                for story in reading.articles.stories_by_id(ids[start : start + _BATCH]):
                    if not self._desk.only or any(set(one.topics) & set(self._desk.topics) for one in story.articles):
                        self._story(story, plan, index, days)
                self._told(min(start + _BATCH, len(ids)), len(ids), "stories")
            onward = {left: now for left, now in reading.articles.left_stories().items() if now in plan.stories}
        for left, now in onward.items():
            self._onward(left, now)
        for name, text in index.files():
            self._folder.put_text(f"assets/search/{name}", text)
        return plan

    def _story(self, story: Story, plan: Plan, index: Index, days: set[str]) -> None:
        known = Known(
            id=story.id,
            mark=mark_of(self._print, story),
            newest=max(one.first_seen for one in story.articles),
            topics=tuple(dict.fromkeys(topic for one in story.articles for topic in one.topics)),
            outlets=tuple(
                dict.fromkeys(
                    (one.article.outlet_host, one.article.outlet or one.article.outlet_host)
                    for one in story.articles
                    if one.article.outlet_host
                )
            ),
            told_on=story.told_on,
        )
        plan.stories[story.id] = known
        for topic in known.topics:
            plan.topics[topic].append(known)
        for host, name in known.outlets:
            plan.outlets[host].append(known)
            plan.names.setdefault(host, name)
        for entry in self._entries(story):
            index.add(entry)

        def page() -> str:
            frame = self._frame(2)
            link = frame.links.day(story.told_on) if story.told_on in days else ""
            # As seen from the story's last day: a page that says "yesterday's" in other words every day would never be the same.
            return self._press.story(frame, story, known.newest.astimezone(self._desk.zone).date(), link)

        self._folder.put(story_file(story.id), mark_of(known.mark, story.told_on in days), page)

    def _onward(self, left: int, now: int) -> None:
        """Make a page where a story stood that is part of another one by now: mails and other sites still name it."""
        say = self._room.phrases.say
        target = {"text": say("read_there"), "href": self._frame(2).links.story(now)}
        self._folder.put(
            story_file(left),
            mark_of(self._print, "onward", now),
            lambda: self._press.message(self._frame(2), say("moved"), "", link=target),
        )

    def _entries(self, story: Story) -> Iterator[Entry]:
        for stored in story.articles:
            article = stored.article
            day = (article.published or stored.first_seen).astimezone(self._desk.zone).date()
            best = min(stored.mentions, key=lambda one: (one.passing, -one.score), default=None)
            snippet = plain(best.snippet).strip() if best else ""
            headline = plain(article.title).strip() or self._room.words.say("untitled")
            outlet = plain(article.outlet or article.outlet_host).strip()
            units = list(dict.fromkeys(one.unit for one in stored.mentions if one.unit))
            shown = [
                headline, safe_url(article.url), outlet, article.outlet_host, tag(article.language), article.ownership.value, day.isoformat(), story.id,
                list(stored.topics), units, "" if snippet in headline else snippet, outlet_file(article.outlet_host) if article.outlet_host else "",
            ]  # fmt: skip
            words = " ".join((headline, outlet, *stored.topics, *units, *(plain(one.snippet) for one in stored.mentions)))
            yield Entry(id=stored.id, year=day.year, words=words, shown=shown)

    # ------------------------------------------------------------------ topics, outlets

    def _lists(self, kind: str, groups: Mapping[str, list[Known]], names: Mapping[str, str], file: Callable[[str], str]) -> None:
        """Make each topic's (outlet's) pages: a month each, the newest month under the plain name."""
        for key, stories in groups.items():
            months: dict[str, list[Known]] = defaultdict(list)
            for known in sorted(stories, key=lambda one: (one.newest, one.id), reverse=True):
                months[f"{known.newest.astimezone(self._desk.zone):%Y-%m}"].append(known)
            order = list(months)
            files = [file(key)] + [file(key).removesuffix(".html") + f"/{month}.html" for month in order[1:]]
            for at, month in enumerate(order):
                self._month(kind, key, names[key], at, order, files, months[month])

    def _month(self, kind: str, key: str, name: str, at: int, order: Sequence[str], files: Sequence[str], stories: Sequence[Known]) -> None:
        depth = files[at].count("/")
        up = "../" * depth
        newer = up + files[at - 1] if at else ""
        older = up + files[at + 1] if at + 1 < len(files) else ""

        def page() -> str:
            with self._desk.store.reading() as reading:
                found = [one for start in range(0, len(stories), _BATCH) for one in self._load(reading, stories[start : start + _BATCH])]
            chips = [
                {"title": self._month_name(month), "href": up + files[number], "here": number == at} for number, month in enumerate(order)
            ]
            return self._press.stories(
                self._frame(depth, more={"newer": newer, "older": older}), found, here=f"{kind}s", heading=name, eyebrow=self._room.phrases.say(kind),
                about=key if kind == "outlet" and key != name else "", chips=chips if len(chips) > 1 else (),
            )  # fmt: skip

        self._folder.put(files[at], mark_of(self._print, name, files, at, order, [one.mark for one in stories]), page)

    @staticmethod
    def _load(reading: Reading, stories: Sequence[Known]) -> Sequence[Story]:
        return reading.articles.stories_by_id([one.id for one in stories])

    def _month_name(self, month: str) -> str:
        from babel.dates import format_date

        return str(format_date(date.fromisoformat(f"{month}-01"), "LLL y", locale=self._room.language))

    # ------------------------------------------------------------------ feeds

    def _feeds(self, plan: Plan) -> None:
        every = sorted(plan.stories.values(), key=lambda one: (one.newest, one.id), reverse=True)
        groups = {"": every} | {
            name: sorted(stories, key=lambda one: (one.newest, one.id), reverse=True) for name, stories in plan.topics.items()
        }
        for topic, stories in groups.items():
            self._feed(topic, stories[:_IN_FEED])

    def _feed(self, topic: str, stories: Sequence[Known]) -> None:
        name = feed_file(topic)
        links = (
            {"self": f"{self._address}/{name}", "alternate": f"{self._address}/{topic_file(topic) if topic else 'index.html'}"}
            if self._address
            else {}
        )

        def feed() -> str:
            with self._desk.store.reading() as reading:
                found = self._load(reading, stories)
            facts = self._room.facts(stories[0].newest.astimezone(self._desk.zone).date() if stories else date(1970, 1, 1))
            title = topic or self._room.phrases.say("brand")
            updated = stories[0].newest if stories else datetime(1970, 1, 1, tzinfo=UTC)
            guid = f"{tag_of(self._desk.name)}/topic/{safe_name(topic)}" if topic else f"{tag_of(self._desk.name)}/stories"
            return render_feed(title, guid, [self._room.record(one) for one in found], facts, updated, links)

        self._folder.put(name, mark_of(self._print, links, [one.mark for one in stories]), feed)

    # ------------------------------------------------------------------ days

    def _days(self, plan: Plan) -> list[tuple[str, int]]:
        """Make a page for each day with a digest, and the front page, which is the newest day's; returns days with their stories."""
        with self._desk.store.reading() as reading:
            days = reading.ledger.told_by_day(self._desk.name)
            held = {day: self._editions(reading, day) for day, _ in days}
        for at, (day, _) in enumerate(days):
            newer = days[at - 1][0] if at else ""
            older = days[at + 1][0] if at + 1 < len(days) else ""
            marks = [plan.stories[one].mark if one in plan.stories else "" for one in held[day][1]]
            mark = mark_of(self._print, held[day][0], marks, newer, older)
            self._folder.put(day_file(day), mark, lambda day=day, newer=newer, older=older: self._day(day, newer, older, 1))  # type: ignore[misc]
            if not at:
                self._folder.put("index.html", mark, lambda day=day, older=older: self._day(day, "", older, 0))  # type: ignore[misc]
            self._told(at + 1, len(days), "days")
        if not days:
            say = self._room.phrases.say
            self._folder.put_text("index.html", self._press.message(self._frame(0), say("brand"), say("nothing_here")))
        return days

    def _editions(self, reading: Reading, day: str) -> tuple[list[int], list[int]]:
        editions = [one.id for one in reading.ledger.editions(self._desk.name, day)]
        return editions, reading.ledger.stories_of(editions)

    def _day(self, day: str, newer: str, older: str, depth: int) -> str:
        digest = of_day(self._desk, date.fromisoformat(day)).digest
        with self._desk.store.reading() as reading:
            stories = reading.articles.stories_by_id([int(line.id[1:]) for line in digest.lines])
        links = FileLinks(depth)
        more = {"newer": links.day(newer) if newer else "", "older": links.day(older) if older else ""}
        return self._press.digest(self._frame(depth, more=more), digest, stories, here="days" if depth else "home")

    # ------------------------------------------------------------------ tables

    def _tables(self, plan: Plan, days: Sequence[tuple[str, int]]) -> None:
        room, say, number, links = self._room, self._room.phrases.say, self._room.words.number, FileLinks(0)

        def table(name: str, head: Sequence[str], rows: Sequence[Sequence[Any]], about: str = "") -> None:
            tables = [{"title": "", "head": head, "numbers": True, "rows": rows}] if rows else []
            self._folder.put_text(
                f"{name}.html", self._press.table(self._frame(0), here=name, heading=say(name), tables=tables, about=about)
            )

        stories = room.words.say("c_stories")
        table(
            "days",
            (say("day"), stories),
            [
                ({"text": room.calendar.full(date.fromisoformat(day)), "href": links.day(day)}, room.words.count("stories", n))
                for day, n in days
            ],
        )
        ordered = [*(name for name in self._desk.topics if name in plan.topics), *sorted(set(plan.topics) - set(self._desk.topics))]
        table(
            "topics",
            (say("topic"), stories, "Atom"),
            [
                ({"text": name, "href": links.topic(name)}, number(len(plan.topics[name])), {"text": "Atom", "href": feed_file(name)})
                for name in ordered
            ],
        )
        hosts = sorted(plan.outlets, key=lambda host: (-len(plan.outlets[host]), plan.names[host].lower(), host))
        table(
            "outlets",
            (say("outlet"), stories, say("last_seen")),
            [
                (
                    {"text": plan.names[host], "href": links.outlet(host)},
                    number(len(plan.outlets[host])),
                    room.local(max(one.newest for one in plan.outlets[host])),
                )
                for host in hosts
            ],
        )
        self._trends(days)
        self._search(ordered)

    def _trends(self, days: Sequence[tuple[str, int]]) -> None:
        if not days:
            self._folder.put_text(
                "trends.html", self._press.table(self._frame(0), here="trends", heading=self._room.phrases.say("trends"), tables=())
            )
            return
        day = date.fromisoformat(days[0][0])
        with self._desk.store.reading() as reading:
            until = reading.ledger.editions(self._desk.name, days[0][0])[-1].until
            topics = self._desk.topics if self._desk.only else None
            trend = trend_of(reading, day=day, since=None, until=until, zone=self._desk.zone, topics=topics, length=_TABLE_DAYS)
        self._folder.put_text("trends.html", self._press.trends(self._frame(0), trend, day, (), ()))

    def _search(self, topics: Sequence[str]) -> None:
        room, say = self._room, self._room.phrases.say
        page = self._press.page(
            "search.j2", self._frame(0), here="search", title=say("search"), asked=dict.fromkeys(("q", "topic", "unit", "outlet", "lang", "ownership", "since", "until"), ""),
            options={
                "topic": [(name, name) for name in topics],
                "unit": [],
                "lang": [(code, room.words.language_name(code)) for code in ("vi", "en", "fr", "zh", "ja", "ko", "de", "es")],
                "ownership": [(one.value, room.ownership(one.value)) for one in Ownership],
            },
            hint=say("words_hint_site"), said="", hits=(), scripts=("search.js",),
            data={
                "searching": say("searching"), "nothing": say("nothing"), "one": say("found_one"), "many": say("found", n="{n}"),
                "some": say("found_some", n="{n}"), "more": say("more_hits"), "story": say("story", id="{id}"),
            },
        )  # fmt: skip
        self._folder.put_text("search.html", page)

    # ------------------------------------------------------------------ frames

    def _frame(self, depth: int, more: Mapping[str, Any] | None = None) -> Frame:
        up = "../" * depth
        feeds = [{"title": self._room.phrases.say("feeds"), "href": up + feed_file("")}]
        return Frame(links=FileLinks(depth), now=datetime(1970, 1, 1, tzinfo=UTC), feeds=feeds, more=more or {})

    @cached_property
    def _print(self) -> str:
        """What every page is made from beside its stories: templates, words, language, zone, topics."""
        import monitor
        from monitor.room import phrases

        templates = [one.read_text(encoding="utf-8") for one in sorted(TEMPLATES.iterdir()) if one.suffix in {".j2", ".css"}]
        return mark_of(monitor.__version__, templates, phrases.PHRASES, self._room.language, str(self._desk.zone), self._desk.topics)


def feed_file(topic: str) -> str:
    """Return where a topic's feed lies in the folder; "" is the feed of all stories."""
    return f"feed/{safe_name(topic)}.xml" if topic else "feed/all.xml"
