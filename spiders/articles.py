"""Make an article: out of a page and the entry that led to it, or out of the entry's own words. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from spiders.pages.generic import Extracted
from spiders.pages.language import guess
from spiders.zones import zone_at
from storage.identity import ENGINES, outlet_host, same_site, trusted_canonical
from storage.items import Article, BodyFrom, Entry, Kind, Ownership, Source

_FIRST_HAND = {Kind.FEED, Kind.JSON, Kind.SPIDER}  # made by the outlet from its own records; others show what they saw
_DAY = timedelta(days=1)
_OPENING = 120  # code points of a text that has no headline


def from_page(source: Source, entry: Entry | None, found: Extracted, *, asked: str, url: str) -> Article:
    """Return the article of a page.

    Args:
        entry: what led to the page; None for a one-off page.
        asked: the address that was asked for.
        url: where the answer came from, after redirects.
    """
    shown = url if _same_page(asked, url) else asked
    published, stated = _published(source, entry, found, url)
    named = entry.title if entry and (speaks_for(source, url) or not found.text) else found.text.partition("\n")[0][:_OPENING]
    return Article(
        url=shown,
        title=found.title or named,
        text=found.text,
        summary=_summary(source, entry, found, url),
        canonical_url=trusted_canonical(url, found.canonical or None),
        published=published,
        stated_date=stated,
        updated=found.updated or (entry.updated if entry else None),
        authors=found.authors or (entry.authors if entry else ()),
        outlet=_outlet(source, entry, url, found.outlet),
        outlet_host=outlet_host(url),
        language=found.language or (entry.language if entry else "") or _language(source, found.text),
        country=source.country if source.kind is not Kind.SEARCH else "",
        ownership=source.ownership if source.kind is not Kind.SEARCH else Ownership.EARNED,
        body_from=BodyFrom.PAGE,
    )


def from_entry(source: Source, entry: Entry, why: str) -> Article:
    """Return the article as the feed itself tells it; `why` says why its page does not serve ("" where none was to be asked).

    Of what stands on another site a feed might say anything: these are its own words, told under its own name and host.
    """
    own = speaks_for(source, entry.url)
    host = outlet_host(entry.outlet_url) if entry.opaque else outlet_host(entry.url)
    return Article(
        url=entry.url,
        title=entry.title,
        text=entry.content,
        summary=entry.summary,
        published=entry.published,
        stated_date=entry.stated_date,
        updated=entry.updated,
        authors=entry.authors,
        outlet=_outlet(source, entry, entry.url, "") if own else source.outlet or outlet_host(source.url),
        outlet_host=host if own else outlet_host(source.url),
        language=entry.language or _language(source, f"{entry.title}\n{entry.summary}"),
        country=source.country if source.kind is not Kind.SEARCH else "",
        ownership=source.ownership if source.kind is not Kind.SEARCH else Ownership.EARNED,
        body_from=BodyFrom.FEED,
        opaque=entry.opaque,
        why_no_page=why,
    )


def speaks_for(source: Source, url: str) -> bool:
    """Whether what a source says of an address is said by that address's own site, or by a search, which shows what the site says."""
    return _searches(source) or source.kind is Kind.SPIDER or same_site(source.url, url)


def _searches(source: Source) -> bool:
    return source.kind is Kind.SEARCH or outlet_host(source.url) in ENGINES  # whatever kind a user called it


def _summary(source: Source, entry: Entry | None, found: Extracted, url: str) -> str:
    """The feed's summary; of what stands on another site a feed might say anything, so its page speaks for itself."""
    said = entry.summary if entry else ""
    if source.kind is Kind.SEARCH:
        return found.summary or said
    return said or found.summary if same_site(source.url, url) or not found.text else found.summary


def _published(source: Source, entry: Entry | None, found: Extracted, url: str) -> tuple[datetime | None, str]:
    """When an article was published, and the date as written where it could not be taken as it is.

    The feed's date comes first, then what the page states for programs, then what lists, searches and other sites' feeds say, then what
    the page shows. Where the page states an earlier day than the feed, the feed dates an update; and where the feed knows only the day,
    the page has the hour. Nobody makes another site's article older than it shows itself, which would keep it from being told.
    """
    if entry is None or entry.published is None:
        return found.published, found.stated_date or ("" if found.published else (entry.stated_date if entry else ""))
    own = speaks_for(source, url)
    if found.published is None or (not found.sure_date and (own or found.published - entry.published < _DAY)):
        return entry.published, entry.stated_date
    earlier = entry.published - found.published
    if source.kind not in _FIRST_HAND or not own or earlier >= _DAY or (_is_day(entry.published, source) and abs(earlier) < _DAY):
        return found.published, found.stated_date
    return entry.published, entry.stated_date


def _is_day(moment: datetime, source: Source) -> bool:
    """Whether a date is a mere day: a midnight, there or in UTC."""
    return any((local.hour, local.minute, local.second) == (0, 0, 0) for local in (moment, moment.astimezone(ZoneInfo(source.timezone))))


def is_home(asked: str, url: str) -> bool:
    """Whether an article's address led to a home page: what many sites do instead of saying 404."""
    there, here = urlsplit(url), urlsplit(asked)
    return there.path in {"", "/"} and not there.query and here.path not in {"", "/"}


def _same_page(asked: str, url: str) -> bool:
    """Whether a redirect led to the article's own address, not to a consent or login page of another host."""
    return outlet_host(asked) == outlet_host(url) or not outlet_host(asked)


def _language(source: Source, words: str) -> str:
    """The source's language; a search in one language finds articles in any."""
    return guess(words) if source.kind is Kind.SEARCH else source.language


def _outlet(source: Source, entry: Entry | None, url: str, stated: str) -> str:
    """Who published it. Whom an entry names as that counts where a search says so: a feed could name anybody."""
    named = entry.outlet if entry and _searches(source) else ""
    if source.kind is Kind.SEARCH or not source.outlet:
        return named or stated or source.outlet or outlet_host(url)
    return named if named and outlet_host(url) != outlet_host(source.url) else source.outlet


def bare_source(address: str, zones: Mapping[str, str], *, browser: bool) -> Source:
    """Return the source, for once, that a bare address is.

    Args:
        zones: of dates without one; see `zones.zone_at`.
        browser: its pages are drawn.
    """
    return Source(
        id=_source_id(address), url=address, kind=Kind.PAGE, timezone=zone_at(address, zones, "UTC"), browser=browser, origin="once"
    )


def _source_id(address: str) -> str:
    """Return the id under which a bare address stands in the store: itself, or a short name for a long one."""
    if len(address) <= 120:
        return address
    return f"{address[:80]}#{hashlib.blake2b(address.encode(), digest_size=12).hexdigest()}"
