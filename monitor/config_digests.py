"""`[digest]`, or several `[[digest]]`: what each tells, when it is due, where it goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from typing import Annotated

import msgspec
from msgspec import Meta

from monitor.config_errors import Document, Keys, shown

FORMATS = ("html", "txt", "md", "json", "atom")
LANGUAGES = ("en", "vi", "fr")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_NAME = "daily"
_TIMES = 'a time such as "07:00", or a list of times'
_DAYS = '"daily", "weekdays", "weekly" (Mondays) or a list out of ' + ", ".join(WEEKDAYS)

Names = Annotated[tuple[str, ...], Meta(description='a list of names, such as ["one", "two"]')]


class DigestTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One digest: `[digest]` where there is one, `[[digest]]` where there are several."""

    name: Annotated[str, Meta(description='a name for files, such as "daily"')] = DEFAULT_NAME
    topics: Annotated[tuple[str, ...], Meta(description='a list of topics, such as ["FPT"]')] = ()
    language: Annotated[str, Meta(description='"en", "vi" or "fr"')] = ""
    at: Annotated[str | tuple[str, ...], Meta(description=_TIMES)] = "07:00"
    timezone: Annotated[str, Meta(description='a time zone, such as "America/Toronto"')] = ""
    days: Annotated[str | tuple[str, ...], Meta(description=_DAYS)] = "daily"
    deliver: Names = ()
    empty: Annotated[bool, Meta(description="true or false")] = True
    folder: Annotated[str, Meta(description='the name of a folder, such as "digests"')] = ""
    formats: Annotated[tuple[str, ...], Meta(description=f"a list out of {', '.join(FORMATS)}")] = ("html", "txt", "json")
    link: Annotated[
        str, Meta(description='the web address of your archive, "{day}" for the day, such as "https://press.example/{day}.html"')
    ] = ""
    baseline_hours: Annotated[int, Meta(ge=1, le=720, description="a whole number of hours from 1 to 720")] = 48

    @property
    def times(self) -> tuple[time, ...]:
        """The local times at which it is due, each once, earliest first."""
        written = (self.at,) if isinstance(self.at, str) else self.at
        return tuple(sorted({_time(one) for one in written}))

    @property
    def weekdays(self) -> frozenset[int]:
        """The days of the week on which it is due, as ISO 8601 counts them: Monday is 1."""
        if isinstance(self.days, str):
            return {"daily": frozenset(range(1, 8)), "weekdays": frozenset(range(1, 6)), "weekly": frozenset({1})}[self.days]
        return frozenset(WEEKDAYS.index(one) + 1 for one in self.days)


def resolve(tables: DigestTable | Sequence[DigestTable], *, language: str, timezone: str) -> tuple[DigestTable, ...]:
    """Return the digests with what they leave open filled in from the file as a whole."""
    several = (tables,) if isinstance(tables, DigestTable) else tuple(tables)
    return tuple(
        msgspec.structs.replace(
            one, language=one.language or language, timezone=one.timezone or timezone, folder=one.folder or _folder(one.name)
        )
        for one in several
    )


def check_digests(document: Document, tables: DigestTable | Sequence[DigestTable], deliveries: Sequence[str]) -> None:
    """Check all digests.

    Raises:
        ConfigError: a value that will not do, or two digests that would overwrite each other.
    """
    if not isinstance(tables, DigestTable) and not tables:
        raise document.error(("digest",), "there is no digest at all", hint="write [digest], or leave the key out")
    single = isinstance(tables, DigestTable)
    names: set[str] = set()
    folders: dict[str, str] = {}
    for number, one in enumerate((tables,) if isinstance(tables, DigestTable) else tables):
        keys: Keys = ("digest",) if single else ("digest", number)
        _check_digest(document, keys, one, deliveries)
        if one.name.casefold() in names:
            raise document.error(
                (*keys, "name"), f"two digests are called {shown(one.name)}", hint="give each [[digest]] a name of its own"
            )
        names.add(one.name.casefold())
        folder = one.folder or _folder(one.name)
        if folder in folders:
            raise document.error((*keys, "folder"), f"{shown(folder)} is the folder of the digest {shown(folders[folder])} already")
        folders[folder] = one.name


def _check_digest(document: Document, keys: Keys, one: DigestTable, deliveries: Sequence[str]) -> None:
    label = "digest" if len(keys) == 1 else f"[[digest]] {shown(one.name)}"
    check_name(document, keys, one.name)
    if one.language and one.language not in LANGUAGES:
        raise document.wrong((*keys, "language"), one.language, '"en", "vi" or "fr"')
    if one.timezone:
        from monitor.config_sources import check_timezone

        check_timezone(document, (*keys, "timezone"), one.timezone)
    times = (one.at,) if isinstance(one.at, str) else one.at
    if not times or not all(re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text, re.ASCII) for text in times):
        raise document.wrong((*keys, "at"), one.at, _TIMES)
    days = one.days
    if (days not in {"daily", "weekdays", "weekly"}) if isinstance(days, str) else (not days or any(day not in WEEKDAYS for day in days)):
        raise document.wrong((*keys, "days"), days, _DAYS)
    check_known(document, (*keys, "deliver"), one.deliver, deliveries)
    for number, text in enumerate(one.formats):
        if text not in FORMATS or text in one.formats[:number]:
            said = "twice in the list" if text in FORMATS else f"no format; there are {', '.join(FORMATS)}"
            raise document.error((*keys, "formats"), f"{label}.formats: {shown(text)} is {said}")
    if one.link and not re.fullmatch(r"https?://[^\s{}]+(\{day\}[^\s{}]*)?", one.link):
        raise document.wrong((*keys, "link"), one.link, 'a web address, such as "https://press.example/{day}.html"')
    if (one.folder and not one.folder.strip()) or "\0" in one.folder:
        raise document.wrong((*keys, "folder"), one.folder, 'the name of a folder, such as "digests"')


def check_name(document: Document, keys: Keys, name: str) -> None:
    """Check a name that becomes part of files, mail headers and the ledger.

    Raises:
        ConfigError: it is empty, too long, or holds more than letters, digits, blanks, dots, underscores and hyphens.
    """
    if not re.fullmatch(r"\w(?:[\w .-]{0,46}[\w-])?", name):
        raise document.wrong((*keys, "name"), name, "a name of at most 48 letters, digits, blanks, dots, underscores and hyphens")


def check_known(document: Document, keys: Keys, wanted: Sequence[str], deliveries: Sequence[str]) -> None:
    """Check that each name is that of a `[[delivery]]`.

    Raises:
        ConfigError: one is not; suggests the nearest.
    """
    from difflib import get_close_matches

    for number, name in enumerate(wanted):
        if name in wanted[:number]:
            raise document.error(keys, f"deliver: {shown(name)} is twice in the list")
        if name in deliveries:
            continue
        near = get_close_matches(name, deliveries, n=1, cutoff=0.6)
        known = f"there are {', '.join(deliveries)}" if deliveries else f'write one: [[delivery]] with name = "{name}"'
        raise document.error(keys, f"deliver: no [[delivery]] is called {shown(name)}; {f'did you mean {near[0]}?' if near else known}")


def _folder(name: str) -> str:
    return "digests" if name == DEFAULT_NAME else f"digests/{name}"


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))
