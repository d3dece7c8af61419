"""Crawls of the past: which sources reach back, and an intake whose finds are no news of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.intake import StoreIntake
from storage.items import Article, Kind, Poll, Source, SourceState

if TYPE_CHECKING:
    from monitor.config import Config

NEWS = timedelta(hours=48)  # younger than this it is news, whatever road it came by


class PastIntake(StoreIntake):
    """Takes what a crawl of the past brings.

    Sources are read as if for the first time, and their health and next poll stay as they were. What is older than two days, or says
    nothing of its age, is baseline: stored, searchable, never told. Its own date is its clock, so that it stands in the figures of its time.
    """

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source: no more than where it has moved to."""
        return SourceState(source_id=source.id, url=super().state(source).url)

    def polled(self, poll: Poll) -> None:
        """Keep the poll for the report; the source's health is not touched."""
        self.polls[poll.source_id] = poll

    def is_baseline(self, source: Source, article: Article, now: datetime) -> bool:
        """Whether an article is too old to be told."""
        return article.published is None or now - article.published > NEWS

    def moment_of(self, article: Article, now: datetime, *, baseline: bool) -> datetime:
        """When an article counts as seen."""
        return min(article.published, now) if baseline and article.published else now


def reaching_back(config: Config, chosen: Sequence[Source], *, named: bool) -> list[Source]:
    """Return the sources that a crawl of the past asks: the chosen ones, and archives of their outlets.

    Args:
        named: the person named them; then a site without a known archive is asked for the sitemaps that its robots.txt names.
    """
    from monitor.packs import archives
    from spiders.readers.past import has_windows

    known = [source for source in chosen if source.kind is not Kind.SEARCH or has_windows(source.url)]
    hosts = {urlsplit(source.url).hostname for source in chosen}
    more = [one for one in archives(config.packs.groups) if not named or urlsplit(one.url).hostname in hosts]
    if named:
        covered = {urlsplit(one.url).hostname for one in (*known, *more) if one.kind is Kind.SITEMAP}
        for source in chosen:
            host = urlsplit(source.url).hostname
            if source.kind in {Kind.FEED, Kind.LISTING} and host not in covered:
                covered.add(host)
                address = urlsplit(source.url)._replace(path="/robots.txt", query="", fragment="").geturl()
                more.append(replace(source, id=f"{source.id}~sitemaps"[:128], url=address, kind=Kind.SITEMAP))
    ids = {source.id for source in known}
    return known + [one for one in more if one.id not in ids and one.id not in config.packs.off]
