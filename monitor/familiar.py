"""What every article on a watched topic may say: no evidence that two of them tell one story. Pure.

Left out are people and the words round a name: they come and go with the news ("nvidia", "scholarship"), and the store itself tells how
common they are.
"""

from __future__ import annotations

from monitor.watchlist import Topic, Watchlist
from storage.fingerprints import terms_of


def familiar_terms(watchlist: Watchlist) -> frozenset[int]:
    """Return the terms that the watchlist's names, units, places and sorts of institution give rise to."""
    return terms_of(word for topic in watchlist.topics for word in _words(topic))


def _words(topic: Topic) -> tuple[str, ...]:
    return (topic.name, *topic.aliases, *(unit.path for unit in topic.units), *topic.places, *topic.kinds)
