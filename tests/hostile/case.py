"""One case of the hostile web, as data, and small makers of what cases serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.spiders.run_spider import page, rss
from tests.spiders.site import Page, Reply

OPEN = "45.33.32.10"  # the public address of most hosts; the network of the test leads it to the server
OPEN_SIX = "2606:4700::6810:84e5"
READ = "read"  # the source was read; anything else is the word for its failure


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a host serves, and what has to become of the source that reads it.

    Each case has a host of its own, NAME.example; `pages` are its paths, and the source reads /feed unless `url` says otherwise.
    """

    name: str
    pages: Mapping[str, Page] = field(default_factory=dict)
    feed: Page | None = None  # short for {"/feed": ...}
    expect: tuple[str, ...] = (READ,)  # any of these
    arrives: tuple[str, ...] = ()  # headlines that have to be stored, as they then stand
    hidden: tuple[str, ...] = ()  # headlines that have to be stored and suppressed
    never: tuple[str, ...] = ()  # words that may stand in nothing that is stored
    url: str = ""
    kind: str = "feed"
    dns: tuple[Any, ...] = (OPEN,)  # addresses; a number first: seconds that the answer takes; lists: another answer each time
    config: Mapping[str, Any] = field(default_factory=dict)  # further keys of its [[source]]
    tls: str = ""  # "good", "other" (another name's), "own" (nobody vouches)

    @property
    def host(self) -> str:
        """Its host."""
        return f"{self.name}.example"

    @property
    def address(self) -> str:
        """What its source reads."""
        return self.url or f"{'https' if self.tls else 'http'}://{self.host}/feed"

    @property
    def served(self) -> dict[str, Page]:
        """Its pages by path."""
        return dict(self.pages) | ({"/feed": self.feed} if self.feed is not None else {})


def named(title: str) -> str:
    """A headline that the watch keeps."""
    return f"FPT Software {title}"


def entry(host: str, number: int | str, title: str, *, cdata: bool = False, **fields: str) -> str:
    """An RSS item whose page stands on the host."""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    shown = f"<![CDATA[{title}]]>" if cdata else title
    return f"<item><title>{shown}</title><link>http://{host}.example/{number}</link>{rest}</item>"


def one(name: str, title: str, **fields: str) -> str:
    """A feed of one item that the watch keeps."""
    return rss(entry(name, 1, named(title), **fields))


def xml(body: str | bytes, kind: str = "application/xml") -> Reply:
    """An answer of a type."""
    return Reply(body, headers={"Content-Type": kind})


__all__ = ["OPEN", "OPEN_SIX", "READ", "Case", "entry", "named", "one", "page", "rss", "xml"]
