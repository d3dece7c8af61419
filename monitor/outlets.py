"""Who published it, and whose words it is told in: names, countries and ownership by host."""

from __future__ import annotations

from dataclasses import replace

from monitor import packs
from spiders.articles import speaks_for
from storage.identity import outlet_host, same_site
from storage.items import Article, BodyFrom, Kind, Ownership, Source

_OF_ONE_OUTLET = {Kind.FEED, Kind.SITEMAP, Kind.LISTING, Kind.JSON}


def with_outlet(article: Article, source: Source, owned: frozenset[str] = frozenset()) -> Article:
    """Return the article with its outlet's proper name, country and ownership where the pack knows the host.

    Args:
        owned: hosts of the watched organisations (and all below them).
    """
    host = article.outlet_host or outlet_host(article.url)
    if article.body_from is BodyFrom.FEED and not speaks_for(source, article.url) and _bears_its_name(source, article.url):
        host = outlet_host(article.url)  # its feed stands on another host than its articles
        article = replace(article, outlet_host=host)
    known = packs.outlet_of(host) if host else None
    ownership = article.ownership
    if known is not None and ownership is Ownership.EARNED:
        ownership = known.ownership
    if _below(host, owned):
        ownership = Ownership.OWNED
    another = article.body_from is BodyFrom.PAGE and known is not None and not is_of_site(source, article.url)
    if source.kind in _OF_ONE_OUTLET and source.origin in {"pack", "config", "added"} and article.outlet == source.outlet and not another:
        return article if ownership is article.ownership else replace(article, ownership=ownership)
    # Who calls himself as an outlet that is known is that outlet on its own hosts alone.
    borrowed = known is None and host and source.kind is not Kind.IMPORT and packs.host_named(article.outlet) is not None
    return replace(
        article,
        outlet=known.name if known is not None else host if borrowed else article.outlet or host,
        outlet_host=host,
        country=article.country or (known.country if known is not None else ""),
        language=article.language or (known.language if known is not None else ""),
        ownership=ownership,
    )


def is_of_site(source: Source, url: str) -> bool:
    """Whether a source is one of the very outlet that an address belongs to: no search, and on its site or known under its name."""
    return source.kind is not Kind.SEARCH and (source.kind is Kind.SPIDER or same_site(source.url, url) or _bears_its_name(source, url))


def _bears_its_name(source: Source, url: str) -> bool:
    known = packs.outlet_of(outlet_host(url)) if source.outlet else None
    return known is not None and known.name == source.outlet


def _below(host: str, owned: frozenset[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in owned for start in range(len(labels)))
