"""The reading room as JSON: the same questions as the pages, the same verdicts. What each answers is written down in `openapi`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from monitor.digest.render_json import render_json
from monitor.editions import of_day, preview_edition
from monitor.export import article_record, iso, source_record, story_record
from monitor.trends import trend_of
from monitor.web.asked import cursor_of, cursor_text, filter_of, number_of
from monitor.web.hall import Counter, Hall
from monitor.web.pages import Moved, NotFound, Pages
from storage import search
from storage.errors import UsageError

_MOST = 200


class Api:
    """Answers questions with values that JSON can hold."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._pages = Pages(hall)

    def next_digest(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """What the next digest will tell."""
        return json.loads(render_json(preview_edition(counter.desk).digest))

    def digests(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """The days that have a digest."""
        with self._hall.store.reading() as reading:
            return {"digests": [{"day": day, "stories": n} for day, n in reading.ledger.told_by_day(counter.desk.name)]}

    def digest(self, counter: Counter, asked: Mapping[str, str], day: str) -> Any:
        """A day's digest."""
        try:
            return json.loads(render_json(of_day(counter.desk, date.fromisoformat(day)).digest))
        except (ValueError, UsageError):
            raise NotFound from None

    def stories(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """Stories, newest first."""
        wanted = filter_of(asked, self._hall.watchlist, counter.desk.zone)
        limit = max(number_of(asked, "limit", 40, _MOST), 1)
        with self._hall.store.reading() as reading:
            page = reading.browse.stories(self._hall.resolved(reading, wanted), cursor_of(asked.get("after", "")), limit)
        return {"stories": [story_record(one) for one in page.stories], "after": cursor_text(page.after) if page.after else None}

    def story(self, counter: Counter, asked: Mapping[str, str], number: int) -> Any:
        """One story."""
        with self._hall.store.reading() as reading:
            found = reading.articles.stories_by_id([number])
            today = number if found else reading.articles.story_now(number)
        if not found:
            raise Moved(f"/api/v1/stories/{today}") if today != number else NotFound
        return story_record(found[0])

    def topics(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """The watched topics, with the articles of the last thirty days."""
        now = self._hall.clock()
        with self._hall.store.reading() as reading:
            counted = dict(reading.trends.topics(now - timedelta(days=30), now))
        units = {topic.name: [unit.path for unit in topic.units] for topic in self._hall.watchlist.topics}
        return {"topics": [{"name": name, "units": units[name], "articles": counted.get(name, 0)} for name in self._hall.watchlist.names]}

    def outlets(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """The outlets of the last days."""
        days = number_of(asked, "days", 90, 3_650)
        with self._hall.store.reading() as reading:
            found = reading.browse.outlets(self._hall.clock() - timedelta(days=days), _MOST)
        return {"outlets": [{"host": one.host, "name": one.name, "articles": one.articles, "last_seen": iso(one.last)} for one in found]}

    def search(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """Articles that hold some words."""
        words = asked.get("q", "")
        if not words.strip():
            raise UsageError("q is missing", hint="give the words to look for")
        at, limit = number_of(asked, "page", 0, 500), max(number_of(asked, "limit", 30, _MOST), 1)
        found = self._pages.found(asked, counter, at, limit)
        return {
            "hits": [article_record(one) | {"snippet": search.snippet(one.article, words)} for one in found.articles],
            "total": found.total,
            "more": found.more,
            "order": "best" if found.best else "newest",
        }

    def trends(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """Figures over some days."""
        days = max(number_of(asked, "days", 30, 365), 1)
        topic = self._hall.watchlist.named(asked["topic"]) if asked.get("topic") else None
        now, today = self._hall.clock(), self._hall.today(counter)
        with self._hall.store.reading() as reading:
            trend = trend_of(
                reading,
                day=today,
                since=now - timedelta(days=days),
                until=now,
                zone=counter.desk.zone,
                topics=[topic] if topic else None,
                length=days,
            )
        return {
            "days": [{"day": day.isoformat(), "articles": n} for day, n in trend.days],
            "topics": [{"name": one.name, "articles": one.n} for one in trend.topics],
            "languages": [{"name": one.name, "articles": one.n} for one in trend.languages],
            "new_outlets": list(trend.outlets),
            "suppressed": [{"rule": one.name, "articles": one.n} for one in trend.hidden],
        }

    def sources(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """The sources and their health."""
        now = self._hall.clock()
        with self._hall.store.reading() as reading:
            states = reading.sources.states()
        return {
            "sources": [
                source_record(one, states.get(one.id)) | {"health": self._pages.health(states.get(one.id), now)}
                for one in self._hall.sources
            ]
        }

    def suppressed(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """Articles whose hits were not told."""
        wanted = filter_of(asked, self._hall.watchlist, counter.desk.zone, suppressed=True)
        limit = max(number_of(asked, "limit", 40, _MOST), 1)
        with self._hall.store.reading() as reading:
            page = reading.browse.articles(self._hall.resolved(reading, wanted), cursor_of(asked.get("after", "")), limit)
        return {"articles": [article_record(one) for one in page.articles], "after": cursor_text(page.after) if page.after else None}

    def verdicts(self, counter: Counter, asked: Mapping[str, str]) -> Any:
        """What people decided last, and the muted outlets."""
        with self._hall.store.reading() as reading:
            said, mutes = reading.verdicts.latest(_MOST), reading.verdicts.mutes()
        return {
            "verdicts": [
                {"at": iso(one.at), "said": one.kind, "topic": one.topic or None, "article": one.article_id, "other": one.other_id}
                for one in said
            ],
            "muted": [{"topic": one.topic, "outlet": one.host, "since": iso(one.at)} for one in mutes],
        }
