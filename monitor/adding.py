"""Add sources by command: name them, refuse what is there already, write them into the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config import FILE
from monitor.config_sources import check_archive, check_id, make_id
from monitor.discovery import Choice, Standing, source_of_offer, standing_of, zone_of
from storage.errors import UsageError
from storage.items import Kind, Ownership, Source

if TYPE_CHECKING:
    from monitor.config import Config
    from spiders.discovery import Findings


def address_of(given: str) -> str:
    """Return what a person gave as an address of the web, https:// where they left it out.

    Raises:
        UsageError: it is none.
    """
    url = given.strip()
    if "://" not in url:
        url = f"https://{url}"
    try:
        check_archive(url)
    except UsageError as error:
        said = "the address" if "@" in url else repr(url)
        raise UsageError(f"{said} {error}", hint="give the address of a site or of a feed: https://example.org/") from None
    return url


def refuse_known(url: str, standing: Standing | None) -> None:
    """Refuse an address that is a source in force.

    Raises:
        UsageError: it is one; says which.
    """
    if standing is not None and not standing.off:
        raise UsageError(
            f"{url} is a source already: {standing.source.id}", hint=f"try it with `monitor sources check {standing.source.id}`"
        )


def refuse_nothing(url: str, found: Findings) -> None:
    """Refuse an address where nothing can be watched.

    Raises:
        UsageError: says why.
    """
    if found.offers:
        return
    if found.error:
        raise UsageError(
            f"{url} could not be read: {found.error}",
            hint="correct the address, or add it as it is with --no-check (and --kind, where it is no feed)",
        )
    why = f" ({found.no_list})" if found.no_list else ""
    raise UsageError(
        f"{url} names no feed and no sitemap of news, and {found.asked} likely addresses hold none{why}",
        hint="--browser draws the page first"
        if "script" in found.no_list
        else "name the page that lists its news, or a feed's address; --no-check --kind listing adds the page as it is",
    )


def chosen(choices: Sequence[Choice], *, everything: bool, numbers: Sequence[int]) -> list[Choice]:
    """Return what is to be added: what was named by number, all that is good, or the best.

    Raises:
        UsageError: a number that nothing has, or of what is a source already; nothing is left to add.
    """
    if numbers:
        by_number = {choice.number: choice for choice in choices}
        for number in numbers:
            if number not in by_number:
                raise UsageError(f"--choose {number}: there is no such number", hint=f"choose among 1 to {len(choices)}")
            refuse_known(by_number[number].offer.url, by_number[number].standing)
        return [by_number[number] for number in dict.fromkeys(numbers)]
    good = [choice for choice in choices if choice.good]
    if everything:
        if not good:
            raise UsageError("nothing of it is new and alive", hint="--choose N adds one of them all the same")
        return good
    known = next((choice for choice in choices if not choice.new), None)
    # What serves best is watched already: a section of it would bring nothing new.
    if known is not None and (not good or known.number < good[0].number):
        assert known.standing is not None
        hint = "--choose N adds another of these, too" if good else None
        raise UsageError(f"{known.offer.url} is a source already: {known.standing.source.id}", hint=hint)
    if not good:
        raise UsageError("nothing of it is alive", hint="--choose N adds one of them all the same")
    return good[:1]


def numbers_of(text: str) -> list[int]:
    """Read numbers as a person writes them: "2", "1,3", "1 3".

    Raises:
        UsageError: something else stands there.
    """
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    if not parts or not all(part.isdecimal() and len(part) < 4 for part in parts):
        raise UsageError(f"{text!r} is no list of numbers", hint="write the numbers in front of what is offered: 1,3")
    return [int(part) for part in parts]


def add(config: Config, wanted: Source, picked: Sequence[Choice], *, known: Sequence[Source]) -> list[str]:
    """Write what was chosen into the configuration file; returns a sentence for each.

    Args:
        wanted: what the person said of it; its id serves only where one thing was chosen.

    Raises:
        UsageError: the id is taken or is none.
    """
    if wanted.id and len(picked) > 1:
        raise UsageError("--id names one source, and several were chosen", hint="leave out --id, or choose one")
    return _write(config, [(source_of_offer(wanted, one.offer), one.standing) for one in picked], known)


def add_unread(config: Config, wanted: Source, *, known: Sequence[Source]) -> list[str]:
    """Write an address into the configuration file as it is; returns a sentence.

    Raises:
        UsageError: it is a source already.
    """
    standing = standing_of(wanted.url, config, known)
    refuse_known(wanted.url, standing)
    return _write(config, [(wanted, standing)], known)


def _write(config: Config, wanted: Sequence[tuple[Source, Standing | None]], known: Sequence[Source]) -> list[str]:
    from monitor.config_edit import switched_on, with_sources

    path = config.path or Path(FILE)
    new = not path.exists()
    taken = {source.id for source in known}
    said: list[str] = []
    made: list[Source] = []
    for source, standing in wanted:
        if standing is not None and standing.source.id in config.packs.off and switched_on(path, standing.source, config.packs):
            said.append(f"{standing.source.id} ({standing.source.url}) was switched off in {path}; it is on again")
            continue
        one = _named(source if standing is None else _of_pack(source, standing.source), taken)
        taken.add(one.id)
        made.append(one)
        if standing is not None:
            said.append(f"{standing.source.id} is in the pack, and off there ({standing.off}): it serves by itself now")
    if made:
        with_sources(path, [(source, {}) for source in made])
    where = f"{path}, a new file" if new else str(path)
    kinds = {Kind.FEED: ""}
    said += [f"added {one.id} ({kinds.get(one.kind, f'{one.kind.value}: ')}{one.url}) to {where}" for one in made]
    return said


def _of_pack(source: Source, known: Source) -> Source:
    """A source of the pack whose group is off, written as one of the user's own; what they said of it goes first."""
    return replace(
        known,
        id=source.id or known.id,
        outlet=source.outlet or known.outlet,
        language=source.language or known.language,
        country=source.country or known.country,
        timezone=source.timezone or known.timezone,
        groups=source.groups,
        origin="config",
    )


def _named(source: Source, taken: set[str]) -> Source:
    """The source with an id and a zone, and with what the pack's table of outlets knows of its host."""
    if source.id:
        check_id(source.id)
        if source.id in taken:
            raise UsageError(f"a source is called {source.id!r} already", hint=f"give another name: --id {make_id(source.url, taken)}")
    source = with_outlet(replace(source, id=source.id or make_id(source.url, taken)))
    return replace(source, timezone=source.timezone or zone_of(source.url, source.country))


def with_outlet(source: Source) -> Source:
    """Return the source with what the pack's table of outlets knows of its host, where nothing was said."""
    from monitor.packs import outlet_of
    from storage.identity import outlet_host

    outlet = outlet_of(outlet_host(source.url))
    if outlet is None:
        return source
    return replace(
        source,
        outlet=source.outlet or outlet.name,
        language=source.language or outlet.language,
        country=source.country or outlet.country,
        ownership=outlet.ownership if source.ownership is Ownership.EARNED else source.ownership,
    )
