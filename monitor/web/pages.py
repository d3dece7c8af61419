"""The reading room's pages: each takes what was asked for and returns HTML. Runs in threads; each call is one reading of the store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from monitor.digest.record import Digest
from monitor.editions import of_day, preview_edition
from monitor.room.links import WebLinks
from monitor.room.press import Frame
from monitor.room.view import marked, tag
from monitor.trends import trend_of
from monitor.web.asked import FIELDS, cursor_of, cursor_text, filter_of, number_of
from monitor.web.hall import Counter, Hall
from storage import search
from storage.browse import MANY, Cursor, Hits
from storage.errors import UsageError
from storage.filters import ArticleFilter
from storage.habits import GOOD, is_silent
from storage.items import Ownership, SourceState, StoredArticle, Story
from storage.reading import Reading

SPANS = (30, 90, 365)
_RECENT = timedelta(days=90)
_OUTLETS = 200


class Moved(Exception):
    """What was asked for stands elsewhere by now; its argument is the path."""


class NotFound(Exception):
    """There is no such page."""


class Pages:
    """Makes pages out of a hall."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def frame(self, counter: Counter, **values: Any) -> Frame:
        """Return what stands round a page."""
        names = self._hall.digests
        links = WebLinks(counter.name)
        digests: list[dict[str, Any]] = []
        if len(names) > 1:
            for name in names:
                other = self._hall.counter(name)
                digests.append({"name": name, "href": WebLinks(other.name).home(), "here": other.name == counter.name})
        return Frame(links=links, now=self._hall.clock(), live=True, digest_name=counter.name, digests=digests, **values)

    # ------------------------------------------------------------------ digests

    def home(self, counter: Counter, frame: Frame) -> str:
        """What the next digest will tell, and the way to the last one."""
        made = preview_edition(counter.desk)
        say = counter.press.room.phrases.say
        last = None
        if made.last_told:
            day = counter.press.room.calendar.long(date.fromisoformat(made.last_told))
            last = {"href": frame.links.day(made.last_told), "title": say("last_digest", day=day)}
        return counter.press.digest(frame, made.digest, self._stories_of(made.digest), here="home", about=say("about_next"), last=last)

    def day(self, counter: Counter, frame: Frame, day: date) -> str:
        """A day's digest, all its editions together."""
        with self._hall.store.reading() as reading:
            days = reading.ledger.days(counter.desk.name)
        name = day.isoformat()
        if name not in days:
            raise NotFound
        at = days.index(name)
        digest = of_day(counter.desk, day).digest
        more = {
            "newer": frame.links.day(days[at + 1]) if at + 1 < len(days) else frame.links.home(),
            "older": frame.links.day(days[at - 1]) if at else "",
        }
        return counter.press.digest(replace(frame, more=more), digest, self._stories_of(digest))

    def days(self, counter: Counter, frame: Frame) -> str:
        """All days that have a digest."""
        room = counter.press.room
        with self._hall.store.reading() as reading:
            told = reading.ledger.told_by_day(counter.desk.name)
        rows = [
            ({"text": room.calendar.full(date.fromisoformat(day)), "href": frame.links.day(day)}, room.words.count("stories", n))
            for day, n in told
        ]
        head = (room.phrases.say("day"), room.words.say("c_stories"))
        tables = [{"title": "", "head": head, "numbers": True, "rows": rows}] if rows else []
        return counter.press.table(frame, here="days", heading=room.phrases.say("days"), tables=tables)

    def _stories_of(self, digest: Digest) -> Sequence[Story]:
        with self._hall.store.reading() as reading:
            return reading.articles.stories_by_id([int(line.id[1:]) for line in digest.lines])

    # ------------------------------------------------------------------ stories

    def story(self, counter: Counter, frame: Frame, story_id: int) -> str:
        """A story with its copies and its timeline."""
        with self._hall.store.reading() as reading:
            found = reading.articles.stories_by_id([story_id])
            today = story_id if found else reading.articles.story_now(story_id)
            told = {day for name, day, baseline in reading.ledger.told(story_id) if name == counter.desk.name and not baseline}
        if not found:
            raise Moved(frame.links.story(today)) if today != story_id else NotFound
        (story,) = found
        link = frame.links.day(story.told_on) if story.told_on in told else ""
        return counter.press.story(frame, story, self._hall.today(counter), link)

    def after(self, back: str) -> str:
        """Return where a reader goes after a verdict: back, but to what is left out where that was a story of which nothing is left."""
        found = re.match(r"/story/s(\d{1,15})(?:\?|$)", back)
        if not found:
            return back
        with self._hall.store.reading() as reading:
            return back if reading.articles.stories_by_id([int(found[1])]) else "/suppressed"

    def topics(self, counter: Counter, frame: Frame) -> str:
        """The watched topics with the articles of a month."""
        room, now = counter.press.room, self._hall.clock()
        with self._hall.store.reading() as reading:
            counted = dict(reading.trends.topics(now - timedelta(days=30), now))
        rows = [({"text": name, "href": frame.links.topic(name)}, room.words.number(counted.get(name, 0))) for name in counter.desk.topics]
        head = (room.phrases.say("topic"), room.phrases.say("last_days", n=30))
        tables = [{"title": "", "head": head, "numbers": True, "rows": rows}]
        return counter.press.table(frame, here="topics", heading=room.phrases.say("topics"), tables=tables)

    def topic(self, counter: Counter, frame: Frame, name: str, asked: Mapping[str, str]) -> str:
        """The stories of a topic, newest first."""
        try:
            topic = self._hall.watchlist.topic(name)
        except UsageError:
            raise NotFound from None
        unit = asked.get("unit", "")
        links, say = frame.links, counter.press.room.phrases.say
        here = links.topic(topic.name)
        units = dict.fromkeys(one.path.partition(" › ")[0] for one in topic.units)
        chips = [{"title": say("any"), "href": here, "here": not unit}]
        chips += [{"title": one, "href": _with(here, unit=one), "here": one == unit} for one in units]
        wanted = ArticleFilter(topic=topic.name, unit=unit or None)
        stories, older = self._stories(wanted, asked)
        more = {
            "older": _with(here, unit=unit, after=older) if older else "",
            "newer": _with(here, unit=unit) if asked.get("after") else "",
        }
        framed = replace(frame, more=more)
        return counter.press.stories(
            framed,
            stories,
            here="topics",
            heading=unit or topic.name,
            eyebrow=topic.name if unit else say("topic"),
            chips=chips if units else (),
        )

    def outlets(self, counter: Counter, frame: Frame) -> str:
        """The outlets of three months, most articles first."""
        room = counter.press.room
        with self._hall.store.reading() as reading:
            found = reading.browse.outlets(self._hall.clock() - _RECENT, _OUTLETS)
        rows = [
            ({"text": one.name or one.host, "href": frame.links.outlet(one.host)}, room.words.number(one.articles), room.local(one.last))
            for one in found
        ]
        say = room.phrases.say
        tables = [{"title": "", "head": (say("outlet"), say("articles"), say("last_seen")), "numbers": True, "rows": rows}] if rows else []
        return counter.press.table(frame, here="outlets", heading=say("outlets"), about=say("last_days", n=_RECENT.days), tables=tables)

    def outlet(self, counter: Counter, frame: Frame, host: str, asked: Mapping[str, str]) -> str:
        """The stories of an outlet, newest first, and the ways to mute it."""
        with self._hall.store.reading() as reading:
            name = reading.browse.outlet_name(host)
            muted = {one.topic for one in reading.verdicts.mutes() if one.host == host}
        if name is None:
            raise NotFound
        stories, older = self._stories(ArticleFilter(outlet=host), asked)
        say, here = counter.press.room.phrases.say, frame.links.outlet(host)
        told = {topic for story in stories for one in story.articles if one.article.outlet_host == host for topic in one.topics}
        mutes = [
            {
                "said": "unmute" if topic in muted else "mute",
                "topic": topic,
                "host": host,
                "title": self._mute_title(say, topic, name or host, muted),
            }
            for topic in counter.desk.topics
            if topic in told | muted
        ]
        more = {"older": _with(here, after=older) if older else "", "newer": here if asked.get("after") else ""}
        return counter.press.stories(
            replace(frame, more=more), stories, here="outlets", heading=name or host, eyebrow=say("outlet"), about=host, mutes=mutes
        )

    @staticmethod
    def _mute_title(say: Any, topic: str, name: str, muted: set[str]) -> str:
        return f"{say('unmute')} · {topic}" if topic in muted else str(say("mute", outlet=name, topic=topic))

    def _stories(self, wanted: ArticleFilter, asked: Mapping[str, str]) -> tuple[Sequence[Story], str]:
        with self._hall.store.reading() as reading:
            page = reading.browse.stories(wanted, cursor_of(asked.get("after", "")))
        return page.stories, cursor_text(page.after) if page.after else ""

    # ------------------------------------------------------------------ search

    def search(self, counter: Counter, frame: Frame, asked: Mapping[str, str]) -> str:
        """The search form, and what was found."""
        room, say = counter.press.room, counter.press.room.phrases.say
        at = number_of(asked, "page", 0, 500)
        fields = {name: asked.get(name, "") for name in FIELDS}
        hits, said, more = [], "", {"newer": "", "older": ""}
        if fields["q"].strip():
            found = self.found(asked, counter, at)
            terms = [phrase for group in search.parse(fields["q"]) for phrase, _, without in group if not without]
            hits = [self._hit(one, fields["q"], terms, counter) for one in found.articles]
            said = self._said(found, say, room.words.number)
            given = {name: value for name, value in fields.items() if value}
            more = {
                "newer": frame.links.page("search", **given, page=str(at - 1) if at > 1 else "") if at else "",
                "older": frame.links.page("search", **given, page=str(at + 1)) if found.more else "",
            }
        return counter.press.page(
            "search.j2", replace(frame, more=more), here="search", title=say("search"), asked=fields, options=self._options(counter, fields["topic"]),
            hint=say("words_hint"), said=said, hits=hits, scripts=(), data={},
        )  # fmt: skip

    def found(self, asked: Mapping[str, str], counter: Counter, page: int, limit: int = 30) -> Hits:
        """Return what a search finds."""
        wanted = filter_of(asked, self._hall.watchlist, counter.desk.zone)
        with self._hall.store.reading() as reading:
            return reading.browse.search(asked.get("q", ""), self._hall.resolved(reading, wanted), page, limit)

    @staticmethod
    def _said(found: Hits, say: Any, number: Any) -> str:
        if found.total is None:
            return str(say("found_many", n=number(MANY)) if found.articles else say("nothing"))
        return str(say("nothing") if not found.total else say("found_one") if found.total == 1 else say("found", n=number(found.total)))

    def _hit(self, stored: StoredArticle, words: str, terms: Sequence[str], counter: Counter) -> dict[str, Any]:
        room = counter.press.room
        shown = room.article(stored, room.facts(self._hall.today(counter)))
        return shown | {
            "title": marked(shown["headline"], terms),
            "snippet": marked(search.snippet(stored.article, words), terms),
            "lang": tag(stored.article.language),
        }

    def _options(self, counter: Counter, topic: str) -> dict[str, Any]:
        room = counter.press.room
        try:
            units = [one.path.rpartition("› ")[2] for one in self._hall.watchlist.topic(topic).units] if topic else []
        except UsageError:
            units = []
        return {
            "topic": [(name, name) for name in self._hall.watchlist.names],
            "unit": [(name, name) for name in dict.fromkeys(units)],
            "lang": [(code, room.words.language_name(code)) for code in self._hall.languages()],
            "ownership": [(one.value, room.ownership(one.value)) for one in Ownership],
        }

    # ------------------------------------------------------------------ the watch

    def trends(self, counter: Counter, frame: Frame, asked: Mapping[str, str]) -> str:
        """Charts over a month, three, or a year."""
        span = number_of(asked, "days", SPANS[0], SPANS[-1])
        topic = self._hall.watchlist.named(asked["topic"]) if asked.get("topic") else ""
        room, now, today = counter.press.room, self._hall.clock(), self._hall.today(counter)
        say, page = room.phrases.say, frame.links.page
        begin = datetime.combine(today - timedelta(days=max(span, 1) - 1), time(), counter.desk.zone)
        topics = [topic] if topic else counter.desk.topics if counter.desk.only else None
        with self._hall.store.reading() as reading:
            trend = trend_of(reading, day=today, since=begin, until=now, zone=counter.desk.zone, topics=topics, length=max(span, 1))
            outlets = reading.browse.outlets(begin, 20, topic or None)
        rows = [({"text": one.name or one.host, "href": frame.links.outlet(one.host)}, room.words.number(one.articles)) for one in outlets]
        chips = [{"title": say("last_days", n=n), "href": page("trends", days=str(n), topic=topic), "here": n == span} for n in SPANS]
        chips += [{"title": say("all_topics"), "href": page("trends", days=str(span)), "here": not topic}]
        chips += [{"title": one, "href": page("trends", days=str(span), topic=one), "here": one == topic} for one in counter.desk.topics]
        return counter.press.trends(frame, trend, today, rows, chips)

    def sources(self, counter: Counter, frame: Frame) -> str:
        """The sources' health, those that fail first."""
        room, now = counter.press.room, self._hall.clock()
        say = room.phrases.say
        with self._hall.store.reading() as reading:
            states = reading.sources.states()
        judged = [(self.health(states.get(source.id), now), source, states.get(source.id)) for source in self._hall.sources]
        order = {"fails": 0, "silent": 1, "not_asked": 2, "fine": 3}
        rows = []
        for health, source, state in sorted(judged, key=lambda one: (order[one[0]], one[1].outlet.lower(), one[1].id)):
            said = say(health)
            if health == "fails" and state is not None:
                reason = room.words.reason(
                    state.error_kind or (f"http-{state.status}" if (state.status or 0) >= 400 else ""), state.error or ""
                )
                said = f"{said}{room.words.say('colon')}{reason}, {room.words.say('since', when=room.local(state.failing_since))}"
            rows.append(
                (
                    f"{source.outlet or source.id} ({source.id})",
                    {"text": said, "href": "", "warn": health in {"fails", "silent"}},
                    room.local(state.last_poll if state else None),
                    room.local(state.last_new if state else None),
                    f"{state.new_per_day:.1f}" if state and state.new_per_day is not None else "–",
                    room.local(state.next_poll if state else None),
                )
            )
        head = tuple(map(say, ("source", "state", "last_poll", "last_new", "per_day", "next_poll")))
        tables = [{"title": "", "head": head, "numbers": False, "rows": rows}] if rows else []
        read = sum(one[0] in {"fine", "silent"} for one in judged)
        about = room.words.count("read", read, due=room.words.number(len(judged)))
        return counter.press.table(frame, here="sources", heading=say("sources"), about=about, tables=tables)

    @staticmethod
    def health(state: SourceState | None, now: datetime) -> str:
        """Return "fine", "fails", "silent" or "not_asked"."""
        if state is None or state.outcome is None:
            return "not_asked"
        if state.outcome not in GOOD:
            return "fails"
        return "silent" if is_silent(state, now) else "fine"

    def suppressed(self, counter: Counter, frame: Frame, asked: Mapping[str, str]) -> str:
        """Hits that were not told, each with the rule that decided, and the muted outlets."""
        wanted = filter_of(asked, self._hall.watchlist, counter.desk.zone, suppressed=True)
        after: Cursor | None = cursor_of(asked.get("after", ""))
        room, page = counter.press.room, frame.links.page
        with self._hall.store.reading() as reading:
            found = reading.browse.articles(self._outlet(reading, wanted), after)
            mutes = [{"host": one.host, "topic": one.topic} for one in reading.verdicts.mutes()]
        facts = room.facts(self._hall.today(counter))
        topic = wanted.topic or ""
        chips = [{"title": room.phrases.say("all_topics"), "href": page("suppressed"), "here": not topic}]
        chips += [{"title": one, "href": page("suppressed", topic=one), "here": one == topic} for one in self._hall.watchlist.names]
        more = {
            "older": page("suppressed", topic=topic, after=cursor_text(found.after)) if found.after else "",
            "newer": page("suppressed", topic=topic) if after else "",
        }
        return counter.press.page(
            "suppressed.j2", replace(frame, more=more), here="suppressed", title=room.phrases.say("suppressed"), chips=chips, mutes=mutes,
            articles=[room.article(one, facts) for one in found.articles],
        )  # fmt: skip

    def _outlet(self, reading: Reading, wanted: ArticleFilter) -> ArticleFilter:
        return self._hall.resolved(reading, wanted)


def _with(path: str, **query: str) -> str:
    from urllib.parse import urlencode

    given = {name: value for name, value in query.items() if value}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}" if given else path
