"""Poll feeds: conditional GET, read, hand over what is new with its page, and only then remember the validators.

state -> fetch -> (304 or same body: done) -> read -> sift -> pages -> take -> polled
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from scrapy.http import Response

from spiders.base import MonitorSpider
from spiders.fetching import Answer, fetch
from spiders.hosts import max_age, retry_after
from spiders.intake import intake_failure
from spiders.readers.alternates import find_feeds
from spiders.readers.feed import Reading, read_feed, read_quickly
from spiders.settings import LARGEST_FEED
from spiders.workers import WorkerFailed, what_failed
from storage.errors import ReadError
from storage.items import Poll, PollOutcome, Source, SourceState, Validators

FULL_READ = timedelta(days=3)  # so long a server's "unchanged" is believed before the whole feed is asked for again
_HERE = 512 * 1024  # bytes; a larger feed is read in a worker however well-formed it looks
_END = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|rdf|feed|channel)\s*>", re.I)
_CHALLENGE = (b"just a moment", b"cf-chl", b"challenge-platform", b"captcha", b"access denied", b"attention required")


class FeedSpider(MonitorSpider):
    """Reads RSS, Atom and JSON feeds, and the search engines that answer with one.

    Args:
        sources: what to read.
        url: one address instead, for `scrapy crawl feed -a url=...`.
        name_feeds: where a page answers, its poll names the feed that the page names (`moved_to`); for checking addresses.
    """

    name = "feed"

    def __init__(self, *, sources: Sequence[Source] = (), url: str | None = None, name_feeds: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sources = list(sources)
        self.name_feeds = name_feeds
        if url:
            self.sources.append(Source(id=url, url=url, origin="once"))

    async def work(self) -> None:
        """Read all sources, and ask again the pages that failed at earlier crawls."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.ask_again())
            group.create_task(self.in_turns([(source, partial(self.poll, source)) for source in self.sources]))

    async def poll(self, source: Source) -> None:
        """Read one source to its end and say what became of it."""
        self.intake.polled(await self.read(source))

    async def read(self, source: Source) -> Poll:
        """Read one source and hand over what it brings.

        Raises:
            IntakeFailed: nothing else; whatever the source does is told in the poll.
        """
        started = self.now()
        state = self.intake.state(source)
        # A moved feed that fails is looked for where it used to be, every other time.
        url = source.url if not state.url or state.error_streak % 2 else state.url
        conditions = self._conditions(state, started)
        answer = await fetch(self.crawler, url, most=LARGEST_FEED, robots=source.robots, headers=conditions)
        # One that answers at its old address again has moved back.
        moved_to = answer.moved_to or (url if state.url and url != state.url else None)
        poll = Poll(
            source_id=source.id,
            started=started,
            finished=started,
            outcome=PollOutcome.FAILED,
            url=url,
            status=answer.status,
            moved_to=moved_to,
            retry_after=answer.until,
        )
        try:
            poll = await self._read(source, state, answer, poll, asked_for_changes=bool(conditions))
        except ReadError as error:
            poll = replace(poll, **self._unreadable(answer, error))
        except Exception as error:
            if intake_failure(error):
                raise
            poll = replace(poll, error_kind="unreadable", error=what_failed(error), moved_to=None)
        return replace(poll, finished=self.now())

    def _conditions(self, state: SourceState, now: datetime) -> dict[str, str]:
        """The headers that ask "changed since?", left out now and then: some servers say "unchanged" for good."""
        validators = state.validators
        if state.last_full is None or now - state.last_full > FULL_READ or state.error_streak:
            return {}
        headers = {}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        return headers

    async def _read(self, source: Source, state: SourceState, answer: Answer, poll: Poll, *, asked_for_changes: bool) -> Poll:
        response = answer.response
        if response is None:
            outcome = PollOutcome.BLOCKED if answer.error_kind == "robots" else PollOutcome.FAILED
            return replace(poll, outcome=outcome, error_kind=answer.error_kind, error=answer.error, moved_to=None)
        poll = replace(poll, retry_after=retry_after(response, poll.started), ttl=max_age(response))
        if response.status == 304 and asked_for_changes:
            return replace(poll, outcome=PollOutcome.UNCHANGED)
        if response.status != 200:
            return replace(poll, moved_to=None, **_refusal(response))
        body_hash = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        validators = Validators(etag=_header(response, "ETag"), last_modified=_header(response, "Last-Modified"), body_hash=body_hash)
        if body_hash == state.validators.body_hash:
            return replace(poll, outcome=PollOutcome.UNCHANGED, validators=validators)
        reading = await self._reading(source, response, poll.started)
        fresh = self.intake.sift(source, reading.entries)
        kept = await self.take_entries(source, fresh)
        known_before = state.last_ok is not None and state.entries_total > 0
        return replace(
            poll,
            outcome=PollOutcome.CHANGED,
            # What was cut off is asked for again as a whole at the next poll.
            validators=None if reading.by == "feedparser" and not _has_end(response.body) else validators,
            entries=len(reading.entries),
            new=len(fresh),
            kept=kept,
            shared=not (known_before and reading.entries and len(fresh) == len(reading.entries)),
            newest=reading.newest,
            ttl=max(filter(None, (poll.ttl, reading.ttl)), default=None),
        )

    async def _reading(self, source: Source, response: Response, now: datetime) -> Reading:
        given: dict[str, Any] = {"source": source, "url": response.url, "content_type": _header(response, "Content-Type"), "now": now}
        if len(response.body) <= _HERE:
            with suppress(Exception):  # a document that it falls over is a worker's work
                if (found := read_quickly(response.body, **given)) is not None:
                    return found
        return await self.workers.run(read_feed, response.body, **given)

    def _unreadable(self, answer: Answer, error: ReadError) -> dict[str, Any]:
        response = answer.response
        assert response is not None
        head = response.body[:20_000].lower()
        if any(sign in head for sign in _CHALLENGE) and b"<html" in head:
            return {
                "outcome": PollOutcome.BLOCKED,
                "error_kind": "challenge",
                "error": "a check for humans stands before the feed",
                "moved_to": None,
            }
        named = find_feeds(response.body, response.url) if self.name_feeds else []
        return {
            "outcome": PollOutcome.FAILED,
            "error_kind": "unreadable" if isinstance(error, WorkerFailed) else "not-a-feed",
            "error": str(error),
            "moved_to": named[0].url if named else None,
        }


def _has_end(body: bytes) -> bool:
    """Whether a document's root is closed. A body without a stated length, or packed, may end early without anybody noticing."""
    return _END.search(body[-4_096:].replace(b"\0", b"")) is not None


def _header(response: Response, name: str) -> str | None:
    value = (response.headers.get(name) or b"").decode("latin-1").strip()
    return value[:1_000] or None


def _refusal(response: Response) -> dict[str, Any]:
    """What an error status says of a feed."""
    status = response.status
    if status in {404, 410}:
        return {
            "outcome": PollOutcome.GONE,
            "error_kind": f"http-{status}",
            "error": f"the address answers {status}: there is no feed any more",
        }
    if status in {401, 403, 407, 451}:
        return {"outcome": PollOutcome.BLOCKED, "error_kind": f"http-{status}", "error": f"the host refuses to answer us ({status})"}
    head = response.body[:20_000].lower()
    if status in {429, 503} and any(sign in head for sign in _CHALLENGE):
        return {"outcome": PollOutcome.BLOCKED, "error_kind": "challenge", "error": f"a check for humans stands before the feed ({status})"}
    return {"outcome": PollOutcome.FAILED, "error_kind": f"http-{status}", "error": f"the host answers {status}"}
