"""Who published it: names, countries and ownership by host, for articles that come by a search, a file or a bare address."""

from __future__ import annotations

from dataclasses import replace

from monitor import packs
from storage.identity import outlet_host
from storage.items import Article, Kind, Ownership, Source

_OF_ONE_OUTLET = {Kind.FEED, Kind.SITEMAP, Kind.LISTING, Kind.JSON}


def with_outlet(article: Article, source: Source, owned: frozenset[str] = frozenset()) -> Article:
    """Return the article with its outlet's proper name, country and ownership where the pack knows the host.

    Args:
        owned: hosts of the watched organisations (and all below them).
    """
    host = article.outlet_host or outlet_host(article.url)
    known = packs.outlet_of(host) if host else None
    ownership = article.ownership
    if known is not None and ownership is Ownership.EARNED:
        ownership = known.ownership
    if _below(host, owned):
        ownership = Ownership.OWNED
    if source.kind in _OF_ONE_OUTLET and source.origin in {"pack", "config", "added"} and article.outlet == source.outlet:
        return article if ownership is article.ownership else replace(article, ownership=ownership)
    return replace(
        article,
        outlet=known.name if known is not None else article.outlet or host,
        outlet_host=host,
        country=article.country or (known.country if known is not None else ""),
        language=article.language or (known.language if known is not None else ""),
        ownership=ownership,
    )


def _below(host: str, owned: frozenset[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in owned for start in range(len(labels)))
