"""The watchlist: topics as data, built in or the user's own, checked when read."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from storage.errors import ConfigError, UsageError
from storage.text import fold

BUILT_IN = ("fpt", "mila", "funix")
_NAME = re.compile(r"[^\W_]{2}|[^\W_]\W?[^\W_]")  # "F.Studio", "3M", "AT&T"
_ALONE = 0.6  # where a lone name begins; 0.5 is told
_SHORT = 5  # letters; a shorter name of one word is short for many things


@dataclass(frozen=True, kw_only=True)
class Rival:
    """Another sense of a topic's name."""

    name: str
    phrases: tuple[str, ...] = ()  # the rival by its full name
    cues: tuple[str, ...] = ()  # words that go with it
    person: bool = False  # somebody, not something: grammar that makes the name an organisation speaks against it


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A part of a topic with names of its own."""

    path: str  # "FPT Education › FPT University"
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()  # need the unit's own context
    context: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A watched name.

    `prior` is the score (0 to 1) that an ambiguous alias starts from; 0.5 is told.
    """

    name: str
    distinctive: tuple[str, ...] = ()  # stand alone
    ambiguous: tuple[str, ...] = ()  # need evidence
    short_for: tuple[str, ...] = ()  # what an abbreviation among the names stands for; spelled out as anything else it is another's
    alone: bool = False  # the ambiguous names came without any context: told unless the text speaks against them
    any_case: bool = False
    prior: float = 0.5
    languages: tuple[str, ...] = ()
    home_languages: Mapping[str, float] = field(default_factory=dict)  # added to the prior in texts of that language
    home_outlets: Mapping[str, float] = field(default_factory=dict)  # host or its end ("vn") -> added to the prior
    context: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()  # context that counts twice
    # Words of whole fields (profiles/words.toml), which a profile names: `fields = ["ai", "research"]`.
    fields: tuple[str, ...] = ()  # what it is about
    fields_strong: tuple[str, ...] = ()
    around: tuple[str, ...] = ()  # what goes with any organisation of its sort
    other_fields: tuple[str, ...] = ()  # what others of its name are about
    regions: tuple[str, ...] = ()  # whose places and people's names count as its places: "vietnam"
    people: tuple[str, ...] = ()  # as strong as that
    places: tuple[str, ...] = ()  # count little: many people live there
    at: tuple[str, ...] = ()  # words right before the name that nobody says of its rivals: "at"
    before: tuple[str, ...] = ()  # words right before the name that fit the topic better than its rivals: "of"
    articles: tuple[str, ...] = ()  # right before the name they make it an institution: "le Mila", "am Mila"
    not_before: tuple[str, ...] = ()  # right before the name they make it a given name: "called Mila"
    kinds: tuple[str, ...] = ()  # what the topic is called beside its name: "institute", "group"
    against: tuple[str, ...] = ()
    rivals: tuple[Rival, ...] = ()
    units: tuple[Unit, ...] = ()
    passing_near: tuple[str, ...] = ()  # words of sponsors' lines and market reports
    passing_before: tuple[str, ...] = ()  # words right before the name, in a headline too: "đường", "ký túc xá"
    list_of: tuple[str, ...] = ()
    queries: Mapping[str, str] = field(default_factory=dict)  # language -> what a news search is asked
    owned_domains: tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """All names of the topic and of its units."""
        return (*self.distinctive, *self.ambiguous, *(name for unit in self.units for name in (*unit.aliases, *unit.ambiguous)))


@dataclass(frozen=True)
class Watchlist:
    """The topics that are watched, in the order in which a digest shows them."""

    topics: tuple[Topic, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The topics' names, in order."""
        return tuple(topic.name for topic in self.topics)

    def named(self, name: str) -> str:
        """Return the topic's name as the watchlist spells it; case and tone marks do not matter.

        Raises:
            UsageError: no topic is called so; names the nearest.
        """
        known = {fold(topic.name): topic.name for topic in self.topics}
        found = known.get(fold(name.strip()))
        if found is None:
            near = difflib.get_close_matches(fold(name), known, n=2, cutoff=0.5)
            hint = f"did you mean {', '.join(known[one] for one in near)}?" if near else f"topics: {', '.join(self.names)}"
            raise UsageError(f"no topic is called {name!r}", hint=hint)
        return found

    def topic(self, name: str) -> Topic:
        """Return a topic by its name (see `named`)."""
        wanted = self.named(name)
        return next(topic for topic in self.topics if topic.name == wanted)


@cache
def _words() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The words of whole fields: name -> "strong" or "context" -> words."""
    text = (resources.files(__package__) / "profiles" / "words.toml").read_text("utf-8")
    return {name: {kind: tuple(words) for kind, words in table.items()} for name, table in tomllib.loads(text).items()}


@cache
def builtin_watchlist() -> Watchlist:
    """Return the built-in topics: FPT, Mila, FUNiX."""
    folder = resources.files(__package__) / "profiles"
    return Watchlist(tuple(_profile(tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))) for name in BUILT_IN))


def watchlist_from_tables(tables: Sequence[Mapping[str, Any]], *, builtin: bool = True, where: str = "monitor.toml") -> Watchlist:
    """Return a watchlist out of `[[topic]]` tables, after the built-in topics; one of the same name extends the built-in topic.

    Raises:
        ConfigError: a table is wrong; names `where`, the topic, the key, what was found and what would be right.
    """
    topics = {fold(topic.name): topic for topic in (builtin_watchlist().topics if builtin else ())}
    for number, table in enumerate(tables, 1):
        topic = _topic(table, f"{where}: [[topic]] number {number}")
        key = fold(topic.name)
        topics[key] = _joined(topics[key], topic, table) if key in topics else topic
    if not topics:
        raise ConfigError(f"{where}: nothing is watched", hint='add [[topic]] with name = "...", or leave builtin_topics on')
    return Watchlist(tuple(topics.values()))


_TEXTS = (
    "aliases", "distinctive", "ambiguous", "context", "strong", "fields", "around", "other_fields", "regions", "against", "people", "places", "at", "before", "articles", "not_before", "kinds", "short_for", "languages", "owned_domains",
)  # fmt: skip
_KEYS = {
    "name",
    "any_case",
    "capitals",
    "prior",
    "queries",
    "home_languages",
    "home_outlets",
    "rival",
    "rivals",
    "unit",
    "units",
    "passing",
    *_TEXTS,
}


def _topic(table: Mapping[str, Any], where: str) -> Topic:
    _only(table, _KEYS, where)
    name = table.get("name")
    if not isinstance(name, str) or not _NAME.search(name):
        raise ConfigError(f"{where}: name is missing or too short", hint='write name = "Vingroup"')
    where = f"{where} ({name})"
    texts = {key: _texts(table, key, where) for key in _TEXTS}
    prior = table.get("prior", None)
    if prior is not None and (isinstance(prior, bool) or not isinstance(prior, int | float) or not 0 <= prior <= 1):
        raise ConfigError(f"{where}: prior is {prior!r}", hint="write a number from 0 to 1")
    queries = table.get("queries", {})
    if not isinstance(queries, Mapping) or not all(isinstance(one, str) for one in queries.values()):
        raise ConfigError(f"{where}: queries is {queries!r}", hint='write queries = { en = "words", vi = "words" }')
    for key in ("aliases", "distinctive", "ambiguous"):
        _names_checked(texts[key], f"{where}, {key}")
    aliases = (name.strip(), *texts["aliases"])
    # A name of one word may be somebody else's, too; one of two words stands alone.
    evidence = any(texts[key] for key in ("context", "people", "places", "strong", "fields", "regions"))
    weak = tuple(alias for alias in aliases if " " not in alias)
    strong = tuple(alias for alias in aliases if alias not in weak)
    capitals = table.get("capitals", table.get("any_case") is not True and len(name) <= _SHORT)
    if not isinstance(capitals, bool):
        raise ConfigError(f"{where}: capitals is {capitals!r}", hint="write true or false")
    if not queries:
        queries = dict.fromkeys(texts["languages"] or ("vi", "en"), f'"{name}"' if " " in name else name)
    profile = dict(table) | {
        "name": name.strip(),
        "distinctive": [*strong, *texts["distinctive"]],
        "ambiguous": [*weak, *texts["ambiguous"]],
        "any_case": not capitals,
        "prior": prior if prior is not None else 0.42 if evidence else _ALONE,
        "alone": not evidence,
        "queries": queries,
        "rival": [*table.get("rivals", []), *table.get("rival", [])],
        "unit": [*table.get("units", []), *table.get("unit", [])],
    }
    return _profile(profile, where)


def _profile(table: Mapping[str, Any], where: str = "profile") -> Topic:
    passing = table.get("passing", {})
    _only(passing, {"near", "before", "list_of"}, f"{where}, passing")
    return Topic(
        name=table["name"],
        distinctive=tuple(table.get("distinctive", ())),
        ambiguous=tuple(table.get("ambiguous", ())),
        short_for=tuple(table.get("short_for", ())),
        alone=table.get("alone", False) is True,
        any_case=bool(table.get("any_case", False)),
        prior=float(table.get("prior", 0.5)),
        languages=tuple(table.get("languages", ())),
        home_languages=_numbers(table, "home_languages", where),
        home_outlets=_numbers(table, "home_outlets", where),
        context=tuple(table.get("context", ())),
        strong=tuple(table.get("strong", ())),
        fields=_of_fields(table, "fields", where),
        fields_strong=_of_fields(table, "fields", where, "strong"),
        around=_of_fields(table, "around", where),
        other_fields=_of_fields(table, "other_fields", where),
        regions=_of_fields(table, "regions", where),
        people=tuple(table.get("people", ())),
        places=tuple(table.get("places", ())),
        at=tuple(table.get("at", ())),
        before=tuple(table.get("before", ())),
        articles=tuple(table.get("articles", ())),
        not_before=tuple(table.get("not_before", ())),
        kinds=tuple(table.get("kinds", ())),
        against=tuple(table.get("against", ())),
        rivals=tuple(_rival(one, where) for one in table.get("rival", ())),
        units=tuple(_unit(one, where) for one in table.get("unit", ())),
        passing_near=_texts(passing, "near", where),
        passing_before=_texts(passing, "before", where),
        list_of=_texts(passing, "list_of", where),
        queries=dict(table.get("queries", {})),
        owned_domains=tuple(table.get("owned_domains", ())),
    )


def _rival(table: Any, where: str) -> Rival:
    if isinstance(table, str):
        return Rival(name=table, phrases=(table,))
    _only(table, {"name", "phrases", "cues", "person"}, f"{where}, rival")
    if not isinstance(table.get("name"), str):
        raise ConfigError(f"{where}: a rival has no name", hint='write { name = "Mila Kunis", cues = ["actress"] }')
    person = table.get("person", False)
    if not isinstance(person, bool):
        raise ConfigError(f"{where}: rival {table['name']}: person is {person!r}", hint="write true or false")
    phrases = _texts(table, "phrases", where) or (table["name"],)
    return Rival(name=table["name"], phrases=phrases, cues=_texts(table, "cues", where), person=person)


def _unit(table: Any, where: str) -> Unit:
    if isinstance(table, str):
        return Unit(path=table, aliases=(table,))
    _only(table, {"path", "name", "aliases", "ambiguous", "context", "against"}, f"{where}, unit")
    path = table.get("path") or table.get("name")
    if not isinstance(path, str):
        raise ConfigError(f"{where}: a unit has no name", hint='write { name = "VinFast", aliases = ["Vin Fast"] }')
    own = () if "path" in table else (path,)
    texts = {key: _texts(table, key, where) for key in ("aliases", "ambiguous", "context", "against")}
    _names_checked((*own, *texts["aliases"], *texts["ambiguous"]), f"{where}, unit {path}")
    return Unit(
        path=path, aliases=(*own, *texts["aliases"]), ambiguous=texts["ambiguous"], context=texts["context"], against=texts["against"]
    )


def _joined(known: Topic, more: Topic, table: Mapping[str, Any]) -> Topic:
    """A user's table about a built-in topic adds to it; a prior, capitals or queries that it states count instead."""
    lists = (
        "context",
        "strong",
        "fields",
        "fields_strong",
        "around",
        "other_fields",
        "regions",
        "people",
        "places",
        "at",
        "before",
        "articles",
        "not_before",
        "kinds",
        "short_for",
        "against",
        "rivals",
        "units",
        "owned_domains",
        "languages",
        "passing_near",
        "passing_before",
        "list_of",
    )
    added: dict[str, Any] = {name: (*getattr(known, name), *getattr(more, name)) for name in lists}
    aliases = {fold(alias) for alias in (*known.distinctive, *known.ambiguous)}
    weak = {fold(alias) for alias in table.get("ambiguous", ())}
    new = [alias for alias in dict.fromkeys((*more.distinctive, *more.ambiguous)) if fold(alias) not in aliases]
    for name in ("home_languages", "home_outlets", "queries"):
        added[name] = {**getattr(known, name), **(getattr(more, name) if name in table else {})}
    return replace(
        known,
        distinctive=(*known.distinctive, *(alias for alias in new if fold(alias) not in weak)),
        ambiguous=(*known.ambiguous, *(alias for alias in new if fold(alias) in weak)),
        prior=more.prior if "prior" in table else known.prior,
        any_case=more.any_case if "capitals" in table or "any_case" in table else known.any_case,
        **added,
    )


def _of_fields(table: Mapping[str, Any], key: str, where: str, kind: str = "context") -> tuple[str, ...]:
    """The words of the fields that a table names under a key."""
    named = _texts(table, key, where)
    for name in named:
        if name not in _words():
            raise ConfigError(f"{where}: {key} has no {name!r}", hint=f"fields: {', '.join(sorted(_words()))}")
    return tuple(word for name in named for word in _words()[name][kind])


def _only(table: Any, keys: set[str], where: str) -> None:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {table!r} is no table", hint="write key = value lines below it")
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]!r}?" if near else f"keys: {', '.join(sorted(keys))}"
            raise ConfigError(f"{where}: there is no key {key!r}", hint=hint)


def _numbers(table: Mapping[str, Any], key: str, where: str) -> dict[str, float]:
    value = table.get(key, {})
    good = isinstance(value, Mapping) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and -1 <= one <= 1 for one in value.values()
    )
    if not good:
        raise ConfigError(f"{where}: {key} is {value!r}", hint=f"write {key} = {{ vi = 0.4 }}, numbers from -1 to 1")
    return {name.lower(): float(one) for name, one in value.items()}


def _names_checked(names: Sequence[str], where: str) -> None:
    for name in names:
        if not _NAME.search(name):
            raise ConfigError(f"{where}: {name!r} is too short to be looked for", hint="a name has at least two letters")


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(one, str) and one.strip() for one in value):
        raise ConfigError(f"{where}: {key} is {value!r}", hint=f'write {key} = ["one", "another"]')
    return tuple(one.strip() for one in value)
