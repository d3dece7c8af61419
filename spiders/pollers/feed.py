"""Poll feeds, and the search engines that answer with one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scrapy.http import Response

from spiders.fetching import Answer
from spiders.pollers.base import EngineSays, Poller, header
from spiders.readers.alternates import find_feeds
from spiders.readers.engines import most_results, notice_of
from spiders.readers.feed import Reading, read_feed, read_quickly
from spiders.readers.tolerant import has_end
from storage.errors import ReadError
from storage.items import Kind, Poll, PollOutcome, Source, SourceState

if TYPE_CHECKING:
    from spiders.base import MonitorSpider

_HERE = 512 * 1024  # bytes; a larger feed is read in a worker however well-formed it looks


class FeedPoller(Poller):
    """Polls RSS, Atom and JSON feeds.

    Args:
        name_feeds: where a page answers, its poll names the feed that the page names (`moved_to`); for checking addresses.
        in_windows: whoever asks a search looks himself whether it showed all that it has.
    """

    def __init__(self, spider: MonitorSpider, *, name_feeds: bool = False, in_windows: bool = False) -> None:
        super().__init__(spider)
        self.name_feeds = name_feeds
        self._in_windows = in_windows

    async def taken(self, source: Source, state: SourceState, response: Response, poll: Poll) -> Poll:
        """Read a feed and hand over what is new."""
        if notice := notice_of(response.url, response.body):
            raise EngineSays(notice)
        reading = await self._reading(source, response, poll.started)
        if not reading.entries and state.entries_total and source.kind is Kind.FEED:
            # Its validators are not kept: "unchanged since it was empty" is no answer either.
            said = "the feed is empty; it used to hold entries"
            return replace(poll, outcome=PollOutcome.FAILED, validators=None, moved_to=None, error_kind="empty", error=said)
        poll = await self.hand_over(source, state, poll, reading.entries)
        if source.kind is Kind.SEARCH and not self._in_windows:
            self._look_at_the_end(source, state, poll)
        return replace(
            poll,
            # What was cut off is asked for again as a whole at the next poll.
            validators=None if reading.by == "feedparser" and not has_end(response.body) else poll.validators,
            newest=reading.newest,
            ttl=max(filter(None, (poll.ttl, reading.ttl)), default=None),
            skip_hours=reading.skip_hours,
            skip_days=reading.skip_days,
        )

    def _look_at_the_end(self, source: Source, state: SourceState, poll: Poll) -> None:
        """Say of a search that shows no more than it may, and nothing that was known, that it may have more."""
        most = most_results(source.url)
        if poll.entries >= most and (state.last_ok is None or not poll.shared):
            self.spider.result.notes.append(
                f"{source.id}: {poll.entries} results, as many as this search gives at most; older ones may be missing"
            )

    async def _reading(self, source: Source, response: Response, now: datetime) -> Reading:
        given: dict[str, Any] = {"source": source, "url": response.url, "content_type": header(response, "Content-Type"), "now": now}
        if len(response.body) <= _HERE:
            with suppress(Exception):  # a document that it falls over is a worker's work
                if (found := read_quickly(response.body, **given)) is not None:
                    return found
        return await self.spider.workers.run(read_feed, response.body, **given)

    def unreadable(self, answer: Answer, error: ReadError) -> dict[str, Any]:
        """As all polls; a page that is no feed may name one."""
        said = super().unreadable(answer, error)
        if self.name_feeds and said["error_kind"] == "not-a-feed" and answer.response is not None:
            named = find_feeds(answer.response.body, answer.response.url)
            said["moved_to"] = named[0].url if named else None
        return said
