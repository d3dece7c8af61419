"""Poll pages that list articles and have no feed: the first page, further ones while everything on them is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrapy.http import Response

from spiders.fetching import Answer, charset
from spiders.pollers.base import Poller
from spiders.readers.listing import LARGEST_LISTING, Link, ListingBroken, ListingReading, read_listing
from storage.errors import ReadError
from storage.identity import RawKey, canonical_url, entry_keys
from storage.items import Entry, Poll, PollOutcome, Source, SourceState

if TYPE_CHECKING:
    from spiders.base import MonitorSpider

MOST_PAGES = 5  # of one poll: what is new reaches over the first page only after a pause
MOST_PAGES_SINCE = 1_000  # of a crawl of the past
BELIEVED_AFTER = timedelta(days=14)  # then what the page shows is how it looks now
_FEWEST_OF = 0.3  # of the links that the list used to have: fewer, and the page was redesigned


class ListingPoller(Poller):
    """Polls listing pages.

    Args:
        since: follow the pages back to this moment, known or not; None stops at the first page that shows something known.
    """

    NOUN = "listing"
    LARGEST = LARGEST_LISTING
    DRAWN = True

    def __init__(self, spider: MonitorSpider, *, since: datetime | None = None) -> None:
        super().__init__(spider)
        self.since = since

    async def taken(self, source: Source, state: SourceState, response: Response, poll: Poll) -> Poll:
        """Read a listing page and those after it, hand over what is new."""
        reading = await self._reading(source, response, poll.started)
        entries = entries_of(source, reading.links)
        fresh = self.spider.intake.sift(source, entries)
        everything, new = len(entries), list(fresh)
        if self._goes_on(state, entries, fresh):
            more, further = await self._further_pages(source, state, reading, {response.url}, entries, poll.started)
            everything, new = everything + more, new + further
        kept = await self.spider.take_entries(source, new)
        known_before = state.last_ok is not None and state.entries_total > 0
        poll = replace(
            poll,
            outcome=PollOutcome.CHANGED,
            entries=everything,
            new=len(new),
            kept=kept,
            shared=not (known_before and len(new) == everything),
            newest=max((entry.published for entry in entries if entry.published), default=None),
            shape=f"{len(entries)} {reading.shape}",
        )
        if said := _redesigned(state, reading, len(entries), poll.started, nothing_known=len(fresh) == len(entries)):
            # What looks like articles is kept all the same; the old shape stays expected until somebody looks or it fits again.
            return replace(poll, outcome=PollOutcome.FAILED, error_kind="listing-broken", error=said, validators=None)
        return poll

    def _goes_on(self, state: SourceState, entries: Sequence[Entry], fresh: Sequence[Entry]) -> bool:
        """Whether the next page may hold news, too: not at the first poll, since a list has no end to its past."""
        if self.since is not None:
            return True
        return state.last_ok is not None and state.entries_total > 0 and 0 < len(entries) == len(fresh)

    async def _further_pages(
        self, source: Source, state: SourceState, reading: ListingReading, asked: set[str], entries: Sequence[Entry], now: datetime
    ) -> tuple[int, list[Entry]]:
        """Follow a list to what is known, to its end, or until it goes round; returns entries seen and those that are new."""
        shown = {canonical_url(entry.url) for entry in entries}
        seen = 0
        new: list[Entry] = []
        most = MOST_PAGES if self.since is None else MOST_PAGES_SINCE
        while reading.next and reading.next not in asked and not self._past(reading.links):
            if len(asked) >= most:
                if self.since is not None:
                    self.spider.result.notes.append(f"{source.id}: {most:,} pages of the list were read; what is older was left")
                break
            if not self.spider.intake.may_ask(reading.next):
                self.spider.over_budget(reading.next)
                break
            asked.add(reading.next)
            answer = await self.fetch(source, reading.next)
            if answer.response is None or answer.status != 200:
                break  # past the last page many sites answer 404
            try:
                reading = await self._reading(source, answer.response, now)
            except ReadError:
                break
            entries = [entry for entry in entries_of(source, reading.links) if canonical_url(entry.url) not in shown]
            if not entries:
                break  # the same page again, under another number
            shown |= {canonical_url(entry.url) for entry in entries}
            fresh = self.spider.intake.sift(source, entries)
            seen, new = seen + len(entries), new + fresh
            if not self._goes_on(state, entries, fresh):
                break
        return seen, new

    def _past(self, links: Sequence[Link]) -> bool:
        """Whether a page is as a whole older than what is wanted."""
        dates = [link.published for link in links if link.published]
        return self.since is not None and bool(dates) and len(dates) == len(links) and max(dates) < self.since

    async def _reading(self, source: Source, response: Response, now: datetime) -> ListingReading:
        return await self.spider.workers.run(
            read_listing, response.body, url=response.url, encoding=charset(response), zone=source.timezone, now=now, only=source.only
        )

    def unreadable(self, answer: Answer, error: ReadError) -> dict[str, Any]:
        """As all polls; a page without its list was redesigned."""
        said = super().unreadable(answer, error)
        if isinstance(error, ListingBroken) and said["error_kind"] == "not-a-listing":
            said |= {"error_kind": "listing-broken"}
        return said


def _redesigned(state: SourceState, reading: ListingReading, found: int, now: datetime, *, nothing_known: bool) -> str:
    """Say why a page that shows something looks redesigned, "" where it looks as ever."""
    if reading.why:
        return f"{reading.why}; what looks like articles was taken all the same"
    if not state.shape:
        return ""
    number, _, shape = state.shape.partition(" ")
    before = int(number) if number.isdecimal() else 0
    if state.error_kind == "listing-broken" and state.failing_since is not None and now - state.failing_since > BELIEVED_AFTER:
        return ""
    if found < _FEWEST_OF * before:
        return f"the page shows {found} articles where there used to be {before}: it seems to be redesigned"
    if shape != reading.shape and nothing_known:
        return "the page lists its articles in another place, and none that was known: it seems to be redesigned"
    return ""


def entries_of(source: Source, links: Sequence[Link]) -> list[Entry]:
    """Make entries of what a page lists."""
    keys = entry_keys([RawKey(guid="", url=link.url, title="") for link in links])
    return [
        Entry(source_id=source.id, key=key[:255], url=link.url, title=link.title, published=link.published, stated_date=link.stated)
        for link, key in zip(links, keys, strict=True)
    ]
