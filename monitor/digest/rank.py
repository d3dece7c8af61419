"""How much a story weighs: what it earned, where it names us, how new it is. Pure.

    weight = log2(1 + sum of the outlets) x prominence x novelty

An outlet counts by its reach, and by whose words it prints: what the watched organisation wrote or paid for is no coverage earned.
The logarithm is there because the fortieth reprint tells less than the second. The factors are choices of ours, none is measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from storage.items import Mention, Ownership, StoredArticle
from storage.text import fold

Reach = Callable[[str], int]  # host -> tier: 1 national or international, 2 known beyond its town or trade, 0 not known

_OF_TIER = {1: 2.0, 2: 1.5}
_OF_OWNERSHIP = {Ownership.EARNED: 1.0, Ownership.RELEASE: 0.3, Ownership.AFFILIATED: 0.3, Ownership.OWNED: 0.15}
_OF_FIELD = {"title": 1.0, "summary": 0.8}
_LEAD_CHARACTERS, _IN_LEAD, _IN_TEXT = 500, 0.6, 0.4  # a headline anywhere before a text of national reach
_PASSING, _OLD = 0.1, 0.5


def unknown(host: str) -> int:
    """Return the tier of an outlet of which nothing is known."""
    return 0


def weigh(articles: Sequence[StoredArticle], *, old: bool, reach: Reach = unknown) -> float:
    """Return the weight of a story.

    Args:
        articles: of the story, at least one.
        old: whether it is old news seen late.
        reach: tells the tier of an outlet by its host.
    """
    outlets: dict[str, float] = {}
    for stored in articles:
        article = stored.article
        counts = _OF_TIER.get(reach(article.outlet_host), 1.0) * _OF_OWNERSHIP[article.ownership]
        name = fold(article.outlet or article.outlet_host)
        outlets[name] = max(outlets.get(name, 0.0), counts)
    prominence = max((_prominence(mention) for stored in articles for mention in stored.mentions), default=_PASSING)
    # Rounded, so that stories of one weight are told by time and not by the last bit of a logarithm.
    return round(math.log2(1 + sum(sorted(outlets.values()))) * prominence * (_OLD if old else 1.0), 4)


def _prominence(mention: Mention) -> float:
    if mention.passing:
        return _PASSING
    place = _OF_FIELD.get(mention.field) or (_IN_LEAD if mention.start < _LEAD_CHARACTERS else _IN_TEXT)
    return place * mention.score
