"""Crawls of the past: which sources reach back, and an intake whose finds are no news of today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitor.budgets import HostBudget
from monitor.intake import PAST, StoreIntake
from storage.items import Arrival, Kind, Outcome, Poll, Source, SourceState

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.matching import Matcher
    from storage.store import Store

SHARE = 0.8  # of the pages that a host may be asked for in a day; the rest is for the news of that day
_ALGOLIA = (("items", "hits"), ("url", "url"), ("title", "title"), ("id", "objectID"))
"""Its date is when somebody posted the link, not when the article was published: left out."""


class PastIntake(StoreIntake):
    """Takes what a crawl of the past brings.

    Sources are read as if for the first time, and their health and next poll stay as they were. What is older than two days, or says
    nothing of its age, is baseline: stored, searchable, never told. Its own date is its clock, so that it stands in the figures of its time.
    That holds for pages which fail for the moment and come at a later crawl, too: their source says where they come from.

    Args:
        pages_a_day: as for all intakes. Four fifths of it are for the past, and that they are used up is no news for a digest: the person
            who waits for the crawl is told.
    """

    def __init__(
        self, store: Store, matcher: Matcher, *, clock: Callable[[], datetime], pages_a_day: int | None = None, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(store, matcher, clock=clock, **kwargs)
        most = None if pages_a_day is None else max(int(pages_a_day * SHARE), 1)
        self._hosts = HostBudget(store, clock=clock, most=most, tells=False)

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source: no more than where it has moved to; a search is asked at addresses of its own."""
        known = super().state(source)
        return SourceState(source_id=source.id, url=known.url if source.kind is not Kind.SEARCH else None)

    def take(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """As all intakes, with the mark of the past."""
        return super().take([replace(one, source=replace(one.source, origin=PAST)) for one in arrivals])

    def polled(self, poll: Poll) -> None:
        """Keep the poll for the report; the source's health is not touched."""
        self.polls[poll.source_id] = poll


def reaching_back(config: Config, chosen: Sequence[Source], *, named: bool) -> tuple[list[Source], list[str]]:
    """Return the sources that a crawl of the past asks, and the ids of those that cannot be asked for it.

    These are the chosen ones, and archives of their outlets. Searches that know no windows of time (Bing, Reddit) are left out.

    Args:
        named: the person named them; then a site without a known archive is asked for the sitemaps that its robots.txt names.
    """
    from monitor.packs import archives
    from spiders.past import GUESSED
    from spiders.readers.past import hacker_news, has_windows

    known: list[Source] = []
    silent: list[str] = []
    for source in chosen:
        if source.kind is not Kind.SEARCH or has_windows(source.url):
            known.append(source)
        elif addresses := hacker_news(source.url):
            known += [replace(source, id=f"{source.id}~{number}", url=url, fields=_ALGOLIA) for number, url in enumerate(addresses, 1)]
        else:
            silent.append(source.id)
    hosts = {urlsplit(source.url).hostname for source in chosen}
    more = [one for one in archives(config.packs.groups) if not named or urlsplit(one.url).hostname in hosts]
    if named:
        covered = {urlsplit(one.url).hostname for one in (*known, *more) if one.kind is Kind.SITEMAP}
        for source in chosen:
            host = urlsplit(source.url).hostname
            if source.kind in {Kind.FEED, Kind.LISTING} and host not in covered:
                covered.add(host)
                address = urlsplit(source.url)._replace(path="/robots.txt", query="", fragment="").geturl()
                more.append(replace(source, id=f"{source.id[:110]}{GUESSED}", url=address, kind=Kind.SITEMAP))
    ids = {source.id for source in known}
    return known + [one for one in more if one.id not in ids and one.id not in config.packs.off], silent
