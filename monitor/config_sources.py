"""Sources out of the configuration: check the user's own tables, name them, put them together with the pack's."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import msgspec

from monitor.config_errors import Document, Keys
from storage.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from monitor.config import Config, SourceTable
    from monitor.watchlist import Watchlist
    from storage.items import Source

KINDS = ("feed", "search", "sitemap", "listing", "json", "spider")
_DATED = {"sitemap"}  # kinds whose address may have places for a year and a month
_PLACES = re.compile(r"\{(?:yyyy|mm|m)\}")
OWNERSHIPS = ("earned", "release", "affiliated", "owned")
LONGEST_ID = 60
_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
# Words of a feed's address that tell nothing of what it is about.
_NOISE = frozenset({"rss", "feed", "feeds", "atom", "xml", "index", "www", "default", "home"})
_ENDINGS = re.compile(r"\.(?:rss|xml|atom|rdf|json|php|aspx?|html?|feed)$", re.IGNORECASE)


def check_address(url: str) -> SplitResult:
    """Return the parts of an address that can be asked.

    Raises:
        UsageError: it is none; says why.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError("is no address") from None
    if parts.scheme not in {"http", "https"}:
        raise UsageError("is no address of the web: it has to begin with https:// or http://")
    if not host or re.search(r"[\s\x00-\x1f\x7f\"<>\\^`{|}]", url):
        raise UsageError("is no address" if host else "names no host")
    if parts.username is not None or parts.password is not None:
        raise UsageError("holds a name or a password, and secrets are not kept in the configuration")
    return parts


def check_archive(url: str) -> SplitResult:
    """Check an address as `check_address` does; places for a year and a month may stand in it."""
    return check_address(_PLACES.sub("1", url))


def check_id(id_: str) -> None:
    """Refuse a name that cannot serve as a source's id.

    Raises:
        UsageError: says what would be right.
    """
    if not re.fullmatch(_ID, id_):
        raise UsageError(f"{id_!r} is no id for a source", hint="write letters without marks, digits, hyphens: my-source")


def same_address(url: str) -> str:
    """Return what two spellings of one feed's address have in common; the scheme, "www." and a last slash do not count."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return url
    place = host if port in {None, 80, 443} else f"{host}:{port}"
    return f"{place}{parts.path.rstrip('/')}" + (f"?{parts.query}" if parts.query else "")


def make_id(url: str, taken: Collection[str]) -> str:
    """Make a short name for a source out of its address, unlike all `taken` ones."""
    from storage.text import fold

    parts = urlsplit(url)
    words = [(parts.hostname or "").removeprefix("www.")]
    for segment in parts.path.split("/"):
        word = _ENDINGS.sub("", segment)
        if word and word.lower() not in _NOISE:
            words.append(word)
    words += [value for value in re.findall(r"=([^&]*)", parts.query) if value.lower() not in _NOISE]
    slug = re.sub(r"[^a-z0-9]+", "-", fold("-".join(words))).strip("-")[:LONGEST_ID].strip("-") or "source"
    name, number = slug, 1
    while name in taken:
        number += 1
        name = f"{slug}-{number}"
    return name


def check_tables(document: Document, tables: Sequence[SourceTable]) -> tuple[SourceTable, ...]:
    """Check the user's sources and give each an id.

    Raises:
        ConfigError: a value is wrong, or two sources are the same.
    """
    ids: dict[str, int] = {}
    addresses: dict[str, int] = {}
    zones: set[str] = set()
    for number, table in enumerate(tables):
        at: Keys = ("source", number)
        _check_values(document, at, table, zones)
        for name, key, seen in (("id", table.id, ids), ("url", same_address(table.url), addresses)):
            if key and key in seen:
                value = table.id if name == "id" else table.url
                raise document.error(
                    (*at, name),
                    f"{name} of [[source]] number {number + 1} is {value!r}, as that of number {seen[key] + 1} is already",
                    hint="remove one of them" if name == "url" else "give one of them another id",
                )
            if key:
                seen[key] = number
    taken = set(ids)
    named = []
    for table in tables:
        id_ = table.id or make_id(table.url, taken)
        taken.add(id_)
        named.append(msgspec.structs.replace(table, id=id_, country=table.country.upper(), language=table.language.lower()))
    return tuple(named)


def _check_values(document: Document, at: Keys, table: SourceTable, zones: set[str]) -> None:
    try:
        (check_archive if table.kind in _DATED else check_address)(table.url)
    except UsageError as error:
        # An address with a password is not repeated.
        said = "the address" if "@" in table.url else repr(table.url)
        raise document.error((*at, "url"), f"url of [[source]] number {int(at[1]) + 1}: {said} {error}", hint=_URL_HINT) from None
    if table.id and not re.fullmatch(_ID, table.id):
        raise document.wrong((*at, "id"), table.id, 'letters without marks, digits and hyphens, such as "my-source"')
    if table.kind not in KINDS:
        raise document.wrong((*at, "kind"), table.kind, one_of(KINDS))
    if table.ownership not in OWNERSHIPS:
        raise document.wrong((*at, "ownership"), table.ownership, '"earned", "release", "affiliated" or "owned"')
    if not re.fullmatch(r"(?:[A-Za-z]{2,3})?", table.language):
        raise document.wrong((*at, "language"), table.language, 'a language in two or three letters, such as "vi"')
    if not re.fullmatch(r"(?:[A-Za-z]{2})?", table.country):
        raise document.wrong((*at, "country"), table.country, 'a country in two letters, such as "VN"')
    if bool(table.spider) != (table.kind == "spider"):
        raise document.error(
            (*at, "spider" if table.spider else "kind"),
            f'[[source]] number {int(at[1]) + 1}: spider goes with kind = "spider"',
            hint='write kind = "spider" and spider = "my_spiders.py:MySpider"',
        )
    if table.spider and not re.fullmatch(r".+\.py:[^\W\d]\w*", table.spider):
        raise document.wrong((*at, "spider"), table.spider, 'a file and a class in it, such as "my_spiders.py:MySpider"')
    if table.browser and table.kind == "spider":
        raise document.error(
            (*at, "browser"),
            f"browser of [[source]] number {int(at[1]) + 1} is not for spiders of your own",
            hint="leave it out; it draws the pages of listings, feeds, sitemaps and interfaces",
        )
    if table.fields is not None and table.kind not in {"json", "search"}:
        raise document.error(
            (*at, "fields"), f'fields of [[source]] number {int(at[1]) + 1} go with kind = "json"', hint='add kind = "json"'
        )
    if table.fields is not None and not table.fields.url:
        said = f"fields of [[source]] number {int(at[1]) + 1} has no url: where the address of an item stands"
        raise document.error(
            (*at, "fields"), said, hint='write fields = { items = "data", url = "link", title = "title", date = "published" }'
        )
    if table.only:
        _check_pattern(document, (*at, "only"), table.only)
    for group in table.groups:
        if not group.strip() or group != group.strip() or not group.isprintable():
            raise document.wrong((*at, "groups"), group, 'labels in plain text, such as ["partners"]')
    if table.timezone not in zones:
        check_timezone(document, (*at, "timezone"), table.timezone)
        zones.add(table.timezone)


def _check_pattern(document: Document, keys: Keys, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise document.error(
            keys, f"{keys[-1]} is no regular expression: {error}", hint="write a part of the addresses that count, such as /news/"
        ) from None


def one_of(words: Sequence[str]) -> str:
    """Write a choice for a person: "feed", "search" or "sitemap"."""
    quoted = [f'"{word}"' for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


_URL_HINT = 'write url = "https://example.org/feed.xml"'


def check_timezone(document: Document, keys: Keys, name: str) -> None:
    """Refuse a time zone that nobody knows.

    Raises:
        ConfigError: no such zone; suggests the nearest.
    """
    try:
        check_zone(name)
    except UsageError:
        from difflib import get_close_matches
        from zoneinfo import available_timezones

        zones = {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones()) if "/" in zone}
        near = get_close_matches(name.rpartition("/")[2].lower().replace(" ", "_"), zones, n=1, cutoff=0.6)
        hint = f"did you mean {zones[near[0]]}?" if near else None
        raise document.wrong(keys, name, f'a time zone, such as "{zones[near[0]] if near else "Asia/Ho_Chi_Minh"}"', hint=hint) from None


def check_zone(name: str) -> None:
    """Refuse a time zone that nobody knows.

    Raises:
        UsageError: no such zone.
    """
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # not found, a folder of zones, a path out of the folder
        raise UsageError(f"there is no time zone {name!r}") from None


def assemble(config: Config, watchlist: Watchlist) -> list[Source]:
    """Return all sources in force: see `Config.sources`."""
    own = [source_of(table, config.path.parent if config.path else config.base) for table in config.source]
    ids = {source.id for source in own} | set(config.packs.off)
    addresses = {same_address(source.url) for source in own}
    pack: list[Source] = []
    groups = config.packs.groups
    if groups:
        from monitor.packs import serving

        pack += (source for source in serving(groups, more=config.packs.more) if source.kind.value in KINDS)
    if config.packs.searches:
        from monitor.packs import searches
        from monitor.searches import searches as other_searches

        for topic in watchlist.topics:
            pack += (one for one in searches(topic.name, topic.queries) if one.id.partition("-")[0] in config.packs.engines)
            pack += other_searches(topic, config.packs.engines)
    kept = [source for source in pack if source.id not in ids and same_address(source.url) not in addresses]
    off = set(config.packs.off)
    return kept + [source for source in own if source.id not in off]


def source_of(table: SourceTable, base: Path | None = None) -> Source:
    """Make a source out of a checked table; the file of a spider stands relative to `base`."""
    from storage.items import Kind, Ownership, Source

    return Source(
        id=table.id,
        url=table.url,
        kind=Kind(table.kind),
        outlet=table.outlet,
        language=table.language,
        country=table.country,
        timezone=table.timezone,
        ownership=Ownership(table.ownership),
        groups=tuple(table.groups),
        robots=table.robots,
        pages=table.pages,
        only=table.only,
        spider=str(Path(base or ".", table.spider)) if table.spider else "",
        fields=tuple(msgspec.structs.asdict(table.fields).items()) if table.fields is not None else (),
        verify_tls=table.verify_tls,
        browser=table.browser,
        interval=timedelta(minutes=table.interval_minutes) if table.interval_minutes else None,
        origin="config",
    )


__all__ = ["ConfigError", "assemble", "check_address", "check_id", "check_tables", "make_id", "same_address", "source_of"]
