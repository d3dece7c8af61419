"""Add a source by command: name it, refuse what is there already, read it once, write it into the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config import FILE, add_source
from monitor.config_sources import check_address, check_id, make_id, same_address
from storage.errors import UsageError
from storage.items import Ownership, Poll, PollOutcome, Source

if TYPE_CHECKING:
    from monitor.config import Config

READ = frozenset({PollOutcome.CHANGED, PollOutcome.UNCHANGED})


def add(config: Config, wanted: Source, *, known: Sequence[Source], check: bool, now: datetime) -> Iterator[str]:
    """Add `wanted` to the configuration file, after reading it once if `check`; yields sentences for the person.

    Where the address is a page that names its feed, that feed is added; where it has moved for good, its new address.

    Raises:
        UsageError: no address, a source that is known, or one that cannot be read.
    """
    source = _named(wanted, wanted.url, known)
    if check:
        poll = _check(source, config, now)
        if poll.error_kind == "not-a-feed" and poll.moved_to:
            # Not read in its turn: a process can crawl only once. The next crawl will tell.
            yield f"{source.url} is a page; its feed is {poll.moved_to}"
            source = _named(wanted, poll.moved_to, known)
        elif poll.outcome not in READ:
            raise UsageError(
                f"{source.url} could not be read as a feed: {poll.error or poll.error_kind or poll.outcome.value}",
                hint="correct the address, or add it as it is with --no-check",
            )
        else:
            if poll.moved_to:
                yield f"{source.url} has moved to {poll.moved_to}"
                source = _named(wanted, poll.moved_to, known)
            newest = f", the newest of {poll.newest:%Y-%m-%d}" if poll.newest else ""
            yield f"read: {poll.entries} {'entry' if poll.entries == 1 else 'entries'}{newest}"
    yield add_source(config.path or Path(FILE), source)


def _named(wanted: Source, url: str, known: Sequence[Source]) -> Source:
    """Return the source at `url` with an id, and with what the pack's table of outlets knows of its host."""
    url = url.strip()
    if "://" not in url:
        url = f"https://{url}"
    try:
        check_address(url)
    except UsageError as error:
        said = "the address" if "@" in url else repr(url)
        raise UsageError(f"{said} {error}", hint="give the address of a feed: https://example.org/feed.xml") from None
    address = same_address(url)
    for source in known:
        if same_address(source.url) == address:
            raise UsageError(f"{url} is a source already: {source.id}", hint=f"try it with `monitor sources check {source.id}`")
    taken = {source.id for source in known}
    if wanted.id:
        check_id(wanted.id)
        if wanted.id in taken:
            raise UsageError(f"a source is called {wanted.id!r} already", hint=f"give another name: --id {make_id(url, taken)}")
    return with_outlet(replace(wanted, id=wanted.id or make_id(url, taken), url=url, timezone=wanted.timezone or "UTC"))


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


def _check(source: Source, config: Config, now: datetime) -> Poll:
    from monitor.crawl import check

    poll = check([source], config, clock=lambda: now, progress=None).get(source.id)
    if poll is None:
        raise UsageError(f"{source.url} was not asked", hint="try again, or add it as it is with --no-check")
    return poll
