"""The source pack: ready sources by group, outlets by host, and search feeds made for a topic.

Tab-separated tables stand behind it in `monitor/pack/`: `sources.tsv`, `outlets.tsv` and `reach.tsv`, read once, when first asked.
`left_out.tsv` beside them names the addresses that were looked at and do not serve, each with the reason; no code reads it.
Reach is our judgement of how far an outlet is read, not a measured figure; hosts without a row are of no known reach.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from storage.identity import outlet_host
from storage.items import Kind, Ownership, Source
from storage.text import fold

GROUPS: tuple[str, ...] = ("vietnam", "quebec-canada", "ai-tech", "asia", "edtech", "wires", "own")
"""Groups of the pack. Search feeds carry `SEARCHES`, which is none of these: they are made for a topic."""

SEARCHES = "searches"
MORE = "more"
"""Label of what serves only where it is wished for: further sections of an outlet that is read anyway, and second roads to them."""
ARCHIVE = "archive"
"""Label of what only a crawl of the past asks: sitemaps and paged lists that reach back for years."""


_ZONES_OF_COUNTRIES = {
    "vn": "Asia/Ho_Chi_Minh", "quebec": "America/Toronto", "fr": "Europe/Paris", "be": "Europe/Brussels", "ch": "Europe/Zurich",
    "de": "Europe/Berlin", "at": "Europe/Vienna", "it": "Europe/Rome", "nl": "Europe/Amsterdam", "uk": "Europe/London", "gb": "Europe/London",
    "ie": "Europe/Dublin", "jp": "Asia/Tokyo", "kr": "Asia/Seoul", "cn": "Asia/Shanghai", "tw": "Asia/Taipei", "hk": "Asia/Hong_Kong",
    "sg": "Asia/Singapore", "my": "Asia/Kuala_Lumpur", "th": "Asia/Bangkok", "ph": "Asia/Manila", "in": "Asia/Kolkata",
}  # fmt: skip


@dataclass(frozen=True)
class Outlet:
    """One publisher, known by its host."""

    host: str  # as storage.identity.outlet_host gives it
    name: str
    language: str
    country: str
    ownership: Ownership = Ownership.EARNED


@dataclass(frozen=True)
class _Edition:
    """What the search engines call one language in one country."""

    language: str  # BCP 47 primary tag
    country: str
    hl: str  # Google's interface language
    ceid: str  # Google's edition, without the country
    setlang: str  # Bing's interface language


def _edition(language: str, country: str, *, hl: str = "", ceid: str = "", setlang: str = "") -> _Edition:
    return _Edition(language, country, hl or language, ceid or language, setlang or language)


_EDITIONS = {
    "vi": _edition("vi", "VN"),
    "en": _edition("en", "US", hl="en-US"),
    "en-CA": _edition("en", "CA", hl="en-CA"),
    "en-SG": _edition("en", "SG", hl="en-SG"),
    "en-GB": _edition("en", "GB", hl="en-GB"),
    "en-IN": _edition("en", "IN", hl="en-IN"),
    "en-AU": _edition("en", "AU", hl="en-AU"),
    "fr": _edition("fr", "CA", hl="fr-CA"),
    "fr-FR": _edition("fr", "FR"),
    "ja": _edition("ja", "JP"),
    "ko": _edition("ko", "KR"),
    "zh": _edition("zh", "CN", hl="zh-CN", ceid="zh-Hans", setlang="zh-hans"),
    "zh-TW": _edition("zh", "TW", hl="zh-TW", ceid="zh-Hant", setlang="zh-hant"),
    "de": _edition("de", "DE"),
    "es": _edition("es", "ES"),
    "it": _edition("it", "IT"),
    "nl": _edition("nl", "NL"),
    "pt": _edition("pt", "BR", hl="pt-BR", ceid="pt-419", setlang="pt-br"),
    "pl": _edition("pl", "PL"),
    "sv": _edition("sv", "SE"),
    "th": _edition("th", "TH"),
    "id": _edition("id", "ID"),
}


@cache
def pack_sources() -> tuple[Source, ...]:
    """Return all sources of the pack, in the order of the table; `serving` says which of them a crawl asks."""
    return tuple(
        Source(
            id=slug,
            url=url,
            kind=Kind(kind),
            outlet=outlet,
            language=language,
            country=country,
            timezone=timezone,
            ownership=Ownership(ownership),
            groups=tuple(groups.split(",")),
            pages=pages == "yes",
            origin="pack",
        )
        for slug, url, kind, outlet, language, country, timezone, ownership, groups, pages in _rows("sources.tsv")
    )


def serving(groups: Collection[str], *, more: bool = False) -> Iterator[Source]:
    """Yield the sources of the pack that a crawl asks.

    Args:
        groups: the groups that are switched on.
        more: with further sections and second roads.
    """
    for source in pack_sources():
        if ARCHIVE not in source.groups and (more or MORE not in source.groups) and set(groups) & set(source.groups):
            yield source


def archives(groups: Collection[str]) -> Iterator[Source]:
    """Yield the sources of the pack that reach into the past, of the groups that are switched on."""
    return (source for source in pack_sources() if ARCHIVE in source.groups and set(groups) & set(source.groups))


def sitemaps_by_host() -> dict[str, tuple[str, ...]]:
    """Return the sitemaps that the pack knows, by host without "www.", those that reach far into the past last."""
    found: dict[str, list[str]] = {}
    for source in sorted(pack_sources(), key=lambda one: ARCHIVE in one.groups):
        if source.kind is Kind.SITEMAP:
            found.setdefault(outlet_host(source.url), []).append(source.url)
    return {host: tuple(urls) for host, urls in found.items()}


def zones_by_host() -> dict[str, str]:
    """Return the zones of dates without one, by host as the pack knows it, and by the top-level domains of countries with one zone."""
    return _ZONES_OF_COUNTRIES | {outlet_host(source.url): source.timezone for source in pack_sources() if source.timezone != "UTC"}


def outlet_of(host: str) -> Outlet | None:
    """Return the outlet that a host belongs to: its own row, else that of the nearest parent domain; None where none is known."""
    outlets = _outlets()
    while "." in host:
        found = outlets.get(host)
        if found is not None:
            return found
        host = host.partition(".")[2]
    return None


def host_named(outlet: str) -> str | None:
    """Return the host of the outlet of this name, capitals and tone marks aside; None where the pack knows none."""
    return _hosts().get(fold(outlet.strip()))


def reach_of(host: str) -> int:
    """Return how far an outlet reaches: 1 national or international, 2 known beyond its town or trade, 0 where the pack does not say."""
    tiers = _reach()
    while "." in host:
        if host in tiers:
            return tiers[host]
        host = host.partition(".")[2]
    return 0


def searches(topic: str, queries: Mapping[str, str]) -> tuple[Source, ...]:
    """Return search feeds of Google News and Bing News for a topic.

    Args:
        topic: name of the topic; the sources bear it, and their ids a slug of it.
        queries: language to query, as the engines take it ('"FPT Software" OR chungta'). A key may name a country ("en-SG").
            Plain "en" asks the American edition, but the Canadian one where French is asked and Vietnamese is not.
            Blank queries are left out.
    """
    slug = _slug(topic)
    made = []
    for key, query in queries.items():
        query = " ".join(query.split())
        if not query:
            continue
        edition = _choose(key, queries)
        for engine, name, url in (
            ("google", "Google News", _google(query, edition)),
            ("bing", "Bing News", _bing(query, edition)),
        ):
            made.append(
                Source(
                    id=f"{engine}-{slug}-{_slug(key)}",
                    url=url,
                    kind=Kind.SEARCH,
                    outlet=name,
                    language=edition.language,
                    country=edition.country,
                    groups=(SEARCHES,),
                    topic=topic,
                    origin="pack",
                )
            )
    return tuple(made)


def _google(query: str, edition: _Edition) -> str:
    country = edition.country or "US"
    asked = quote(f"{query} when:3d", safe="")
    return f"https://news.google.com/rss/search?q={asked}&hl={edition.hl}&gl={country}&ceid={country}:{edition.ceid}"


def _bing(query: str, edition: _Edition) -> str:
    url = f"https://www.bing.com/news/search?q={quote(query, safe='')}&format=rss&setlang={edition.setlang}"
    if edition.country:
        url += f"&cc={edition.country}&mkt={edition.language}-{edition.country}"
    return url


def _choose(key: str, queries: Mapping[str, str]) -> _Edition:
    primary, _, country = key.strip().replace("_", "-").partition("-")
    primary, country = primary.lower(), country.upper()
    if primary == "en" and not country and "fr" in queries and "vi" not in queries:
        country = "CA"
    known = _EDITIONS.get(f"{primary}-{country}") if country else None
    known = known or _EDITIONS.get(primary)
    if known is None or (country and country != known.country):
        return _edition(primary, country)
    return known


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-") or "topic"


@cache
def _outlets() -> dict[str, Outlet]:
    return {
        host: Outlet(host, name, language, country, Ownership(ownership))
        for host, name, language, country, ownership in _rows("outlets.tsv")
    }


@cache
def _hosts() -> dict[str, str]:
    return {fold(one.name): one.host for one in reversed(_outlets().values())}  # of several the first


@cache
def _reach() -> dict[str, int]:
    return {host: int(tier) for host, tier in _rows("reach.tsv")}


def _rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of a table of the pack, without its header."""
    from importlib.resources import files  # here: start-up of commands that need no pack stays free of it

    text = files("monitor.pack").joinpath(name).read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        if line:
            yield line.split("\t")
