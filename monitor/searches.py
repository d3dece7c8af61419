"""Searches beside the news engines: GDELT, Hacker News and Reddit, asked for a topic's own names. Sources as data.

Google News and Bing News stand in `monitor.packs`; they understand short queries. These want names that say by themselves who is meant.
Reddit's robots.txt refuses all programs, so it is asked only where somebody names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor.config import ENGINES
from monitor.packs import SEARCHES
from storage.items import Kind, Source
from storage.text import fold

if TYPE_CHECKING:
    from monitor.watchlist import Topic

__all__ = ["ENGINES", "names_of", "searches"]

_LONGEST_QUERY = 200  # characters; GDELT refuses queries of more than some 250
_MOST_NAMES = 8
_SHORTEST = 5  # letters; GDELT refuses very short words
_PLAIN = re.compile(r"[\w' ]+")  # no dashes and brackets, which engines take for something else
_GDELT_LANGUAGES = {
    "vi": "vietnamese", "en": "english", "fr": "french", "ja": "japanese", "ko": "korean", "zh": "chinese", "de": "german", "es": "spanish",
    "it": "italian", "nl": "dutch", "pt": "portuguese", "pl": "polish", "sv": "swedish", "th": "thai", "id": "indonesian",
}  # fmt: skip
_GDELT_FIELDS = (("items", "articles"), ("url", "url"), ("title", "title"))
"""Its date is when GDELT first saw the page, not when it was published: left out."""


def searches(topic: Topic, engines: Iterable[str]) -> tuple[Source, ...]:
    """Return the sources that search for a topic with these engines, GDELT once in each of the topic's languages."""
    names = names_of(topic)
    if not names or not topic.queries:
        return ()
    made = []
    for engine in engines:
        if engine == "gdelt":
            languages = dict.fromkeys(key.partition("-")[0].lower() for key in topic.queries)
            made += [_gdelt(topic.name, names, language) for language in languages if language in _GDELT_LANGUAGES]
        elif engine == "hackernews":
            query = quote(" OR ".join(f'"{name}"' for name in names), safe="")
            made.append(_source("hackernews", topic.name, "", "Hacker News", f"https://hnrss.org/newest?q={query}&count=50"))
        elif engine == "reddit":
            query = quote(" OR ".join(f'"{name}"' for name in names), safe="")
            made.append(_source("reddit", topic.name, "", "Reddit", f"https://www.reddit.com/search.rss?q={query}&sort=new&t=week"))
    return tuple(made)


def names_of(topic: Topic) -> list[str]:
    """Return the topic's names that a search of the whole world may be asked for: in Latin letters, long enough to say who is meant.

    Names and units in turn; one that holds another as a phrase is left out, since whoever finds the other finds it, too.
    """
    own = [topic.name, *topic.distinctive]
    parts = [alias for unit in topic.units for alias in unit.aliases]
    in_turn = [name for pair in zip_longest(own, parts) for name in pair if name]
    asked: dict[str, str] = {}
    for word in in_turn:
        name = " ".join(word.split())
        if (name == topic.name and _letters(name) >= _SHORTEST) or (" " in name and _letters(name) >= _SHORTEST and _PLAIN.fullmatch(name)):
            asked.setdefault(fold(name), name)
    names: list[str] = []
    size = 0
    for plain, name in asked.items():
        held = any(f" {other} " in f" {plain} " for other in asked if other != plain)
        if held or not plain.isascii() or size + len(name) + 6 > _LONGEST_QUERY or len(names) == _MOST_NAMES:
            continue
        names.append(name)
        size += len(name) + 6
    return names


def _letters(name: str) -> int:
    return sum(character.isalpha() for character in name)


def _gdelt(topic: str, names: Sequence[str], language: str) -> Source:
    # Of a single word in quotation marks GDELT says that the phrase is too short.
    quoted = [name if name.isalnum() else f'"{name}"' for name in names]
    either = f"({' OR '.join(quoted)})" if len(quoted) > 1 else quoted[0]
    asked = quote(f"{either} sourcelang:{_GDELT_LANGUAGES[language]}", safe="")
    url = f"https://api.gdeltproject.org/api/v2/doc/doc?query={asked}&mode=artlist&format=json&maxrecords=250&timespan=3d&sort=datedesc"
    return _source("gdelt", topic, language, "GDELT", url, fields=_GDELT_FIELDS)


def _source(engine: str, topic: str, language: str, name: str, url: str, fields: tuple[tuple[str, str], ...] = ()) -> Source:
    slug = re.sub(r"[^a-z0-9]+", "-", fold(topic)).strip("-") or "topic"
    return Source(
        id="-".join(filter(None, (engine, slug, language))),
        url=url,
        kind=Kind.SEARCH,
        outlet=name,
        language=language,
        groups=(SEARCHES,),
        topic=topic,
        fields=fields,
        origin="pack",
    )
