"""What an address offers to be watched: look round, count what mentions a topic, put the best first, say what is a source already."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.config_sources import same_address
from monitor.export import iso
from storage.errors import MediaMonitorError
from storage.identity import ENGINES, outlet_host, url_key
from storage.items import Kind, Source

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.crawl import Progress
    from monitor.matching import Matcher
    from spiders.discovery import Findings, Offer

SECONDS = 180.0  # looking round takes no longer
STALE = timedelta(days=60)  # a feed without anything newer is no longer written
_SAME = 0.9  # of what a place shows stands in a better one: it adds nothing
_MORE = 2.0  # so many times a feed's entries in a news sitemap, and the feed misses most


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A source that an address is already."""

    source: Source
    off: str = ""  # why it is not asked, "" where it is
    by_name: bool = False  # it was switched off one by one, not with its group

    def __str__(self) -> str:
        return f"a source already: {self.source.id}" if not self.off else f"in the pack, off: {self.source.id}"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One place to look, as it is offered to a person."""

    number: int  # from 1, the best first
    offer: Offer
    mentions: int | None  # entries that mention a topic; None where it shows no headlines
    standing: Standing | None = None
    twin: int | None = None  # what it shows stands in this one, too
    stale: bool = False

    @property
    def new(self) -> bool:
        """Whether it can be added."""
        return self.standing is None or bool(self.standing.off)

    @property
    def good(self) -> bool:
        """Whether it is worth adding without being asked for by number."""
        offer = self.offer
        wanted = self.standing is None or (bool(self.standing.off) and not self.standing.by_name)
        return wanted and self.twin is None and not self.stale and not self.undated and not offer.comments and bool(offer.entries)

    @property
    def undated(self) -> bool:
        """Whether it is a sitemap that does not say what is new: read only for what was not there before."""
        return self.offer.kind is Kind.SITEMAP and self.offer.a_week is None

    @property
    def note(self) -> str:
        """What a person should know of it, a few words."""
        said = [
            str(self.standing) if self.standing else "",
            "readers' comments" if self.offer.comments else "",
            "empty" if not self.offer.entries else "",
            "nothing new for long" if self.stale else "",
            "without dates" if self.undated else "",
            f"shows what {self.twin} shows" if self.twin else "",
        ]
        return ", ".join(filter(None, said))

    def record(self, *, added: bool) -> dict[str, Any]:
        """Write it for a program."""
        offer = self.offer
        return {
            "number": self.number,
            "url": offer.url,
            "kind": offer.kind.value,
            "title": offer.title or None,
            "language": offer.language or None,
            "entries": offer.shown,
            "a_week": None if offer.a_week is None else round(offer.a_week, 1),
            "newest": iso(offer.newest),
            "mentions": self.mentions,
            "found": offer.by,
            "note": self.note or None,
            "source": self.standing.source.id if self.standing else None,
            "sample": [entry.title for entry in offer.entries[:3] if entry.title],
            "added": added,
        }


def look_round(
    url: str, config: Config, *, zone: str, clock: Callable[[], datetime], progress: Progress, browser: bool = False, verbose: int = 0
) -> Findings:
    """Look round at an address; a process of ours can do so once.

    Args:
        zone: IANA name, for dates without a zone.
        browser: let a browser draw the page first.

    Raises:
        MediaMonitorError: it could not be tried at all.
    """
    from monitor.crawl import CrawlOrder, process_of
    from spiders.base import Result
    from spiders.discovery import DiscoverySpider, Findings

    found, result = Findings(), Result()
    process = process_of(CrawlOrder(urls=(url,), verbose=verbose), config)
    common: dict[str, Any] = {"processes": config.crawl.processes, "document_s": config.crawl.document_seconds, "deadline_s": SECONDS}
    process.crawl(
        DiscoverySpider, url=url, zone=zone, findings=found, browser=browser, clock=clock, progress=progress, result=result, **common
    )
    process.start(install_signal_handlers=False)
    if result.failure is not None:
        raise MediaMonitorError(f"{url}: {result.failure}")
    if result.cut_short and not found.offers and not found.error:
        found.error_kind, found.error = "timeout", f"nothing was found within {SECONDS:.0f} s"
    return found


def choices_of(offers: Sequence[Offer], standing: Callable[[str], Standing | None], matcher: Matcher, now: datetime) -> list[Choice]:
    """Put offers in order, the best first, and say of each what speaks against it."""
    ordered = _ordered(offers, {offer.url: _mentions(offer, matcher) for offer in offers}, now)
    made: list[Choice] = []
    shown: list[set[str]] = []
    for number, (offer, mentions) in enumerate(ordered, 1):
        keys = {key for entry in offer.entries if (key := url_key(entry.url))}
        twin = next((at for at, others in enumerate(shown, 1) if keys and len(keys & others) >= _SAME * len(keys)), None)
        shown.append(keys)
        made.append(
            Choice(
                number=number, offer=offer, mentions=mentions, standing=standing(offer.url), twin=twin, stale=_is_stale(offer, now)
            )
        )  # fmt: skip
    return made


def _ordered(offers: Sequence[Offer], mentions: Mapping[str, int | None], now: datetime) -> list[tuple[Offer, int | None]]:
    """The best first: what is alive; feeds, news sitemaps, lists, other sitemaps; by entries a week; as found."""
    pace = max((offer.a_week or 0.0 for offer in offers if offer.kind is Kind.FEED and not offer.comments), default=0.0)

    def rank(offer: Offer) -> tuple[float, ...]:
        poor = offer.comments or not offer.entries or _is_stale(offer, now)
        if offer.kind is Kind.SITEMAP and offer.news:
            # It holds all of the last two days, where a feed may show the last ten entries.
            kind = 0.0 if (offer.a_week or 0.0) > _MORE * pace else 2.0
        else:
            kind = {Kind.FEED: 1.0, Kind.LISTING: 3.0}.get(offer.kind, 4.0)
        # Feeds of about the same pace stay in the page's own order.
        pace_step = -round(math.log1p(offer.a_week or 0.0) / math.log(1.2))
        return float(poor), kind, pace_step, -float(mentions[offer.url] or 0)

    return [(offer, mentions[offer.url]) for offer in sorted(offers, key=rank)]


def _is_stale(offer: Offer, now: datetime) -> bool:
    return offer.newest is not None and now - offer.newest > STALE


def _mentions(offer: Offer, matcher: Matcher) -> int | None:
    from monitor.matching import Document

    if offer.entries and not any(entry.title for entry in offer.entries):
        return None
    host = outlet_host(offer.url)
    return sum(
        bool(
            matcher.match(
                Document(
                    title=entry.title, text=entry.content, summary=entry.summary, url=entry.url, language=offer.language, outlet_host=host
                )
            ).mentions
        )
        for entry in offer.entries
    )


# ------------------------------------------------------------------ what is a source already


def standing_of(url: str, config: Config, known: Sequence[Source]) -> Standing | None:
    """Say which source an address is already, one of the pack that is switched off included; None where it is none.

    Args:
        known: the sources in force.
    """
    from monitor.packs import ARCHIVE, MORE, pack_sources

    address = same_address(url)
    for source in known:
        if same_address(source.url) == address:
            return Standing(source=source)
    for source in pack_sources():
        if same_address(source.url) == address:
            if source.id in config.packs.off:
                return Standing(source=source, off="packs.off names it", by_name=True)
            if ARCHIVE in source.groups:
                return Standing(source=source, off="only crawls of the past ask it")
            if MORE in source.groups and not config.packs.more:
                return Standing(source=source, off="it serves with `more = true` in [packs]")
            return Standing(source=source, off=f"[packs] {source.groups[0]} is off")
    return None


def source_of_offer(wanted: Source, offer: Offer) -> Source:
    """Return the source that an offer makes, with what the person said of it first."""
    kind = Kind.SEARCH if offer.kind is Kind.FEED and outlet_host(offer.url) in ENGINES else offer.kind
    return replace(wanted, url=offer.url, kind=kind, language=wanted.language or ("" if offer.guessed else offer.language))


def zone_of(url: str, country: str) -> str:
    """Return the time zone in which an address' dates without one are read, as far as the pack knows its host or country; else UTC."""
    from monitor.packs import zones_by_host
    from spiders.zones import zone_at

    zones = zones_by_host()
    return zone_at(url, zones, zones.get(country.lower(), "UTC"))


def on_same_host(url: str, known: Sequence[Source]) -> list[Source]:
    """Return the sources in force that stand on an address' host."""
    host = outlet_host(url)
    return [source for source in known if host and outlet_host(source.url) == host]
