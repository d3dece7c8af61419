"""Where each page stands: on a server, or in a folder of files that link each other relatively. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Protocol
from urllib.parse import quote, urlencode

from storage.text import fold


class Links(Protocol):
    """Addresses of pages, as they are written into a page."""

    def home(self) -> str:
        """The newest digest."""

    def page(self, name: str, **query: str) -> str:
        """A page of which there is one: "days", "topics", "outlets", "search", "trends", "sources", "suppressed"."""

    def day(self, day: str) -> str:
        """A day's digest."""

    def story(self, story_id: int) -> str:
        """A story."""

    def topic(self, name: str) -> str:
        """A topic."""

    def outlet(self, host: str) -> str:
        """An outlet."""

    def asset(self, name: str) -> str:
        """A style sheet, a picture, a script."""


class WebLinks:
    """Addresses on the server; the digest that is asked for stays the same from page to page."""

    def __init__(self, digest: str = "") -> None:
        self._digest = {"digest": digest} if digest else {}

    def home(self) -> str:
        """See `Links`."""
        return self._with("/")

    def page(self, name: str, **query: str) -> str:
        """See `Links`."""
        return self._with(f"/{name}", query)

    def day(self, day: str) -> str:
        """See `Links`."""
        return self._with(f"/day/{day}")

    def story(self, story_id: int) -> str:
        """See `Links`."""
        return self._with(f"/story/s{story_id}")

    def topic(self, name: str) -> str:
        """See `Links`."""
        return self._with(f"/topic/{quote(name, safe='')}")

    def outlet(self, host: str) -> str:
        """See `Links`."""
        return self._with(f"/outlet/{quote(host, safe='')}")

    def asset(self, name: str) -> str:
        """See `Links`."""
        return f"/static/{name}"

    def _with(self, path: str, query: dict[str, str] | None = None) -> str:
        asked = {name: value for name, value in {**(query or {}), **self._digest}.items() if value}
        return f"{path}?{urlencode(asked)}" if asked else path


class FileLinks:
    """Addresses from one file to another; `depth` folders lie between the page and the folder of all."""

    def __init__(self, depth: int) -> None:
        self._up = "../" * depth

    def home(self) -> str:
        """See `Links`."""
        return f"{self._up}index.html"

    def page(self, name: str, **query: str) -> str:
        """See `Links`."""
        return f"{self._up}{name}.html" + (f"?{urlencode(query)}" if query else "")

    def day(self, day: str) -> str:
        """See `Links`."""
        return f"{self._up}{day_file(day)}"

    def story(self, story_id: int) -> str:
        """See `Links`."""
        return f"{self._up}{story_file(story_id)}"

    def topic(self, name: str) -> str:
        """See `Links`."""
        return f"{self._up}{topic_file(name)}"

    def outlet(self, host: str) -> str:
        """See `Links`."""
        return f"{self._up}{outlet_file(host)}"

    def asset(self, name: str) -> str:
        """See `Links`."""
        return f"{self._up}assets/{name}"


def day_file(day: str) -> str:
    """Return where a day's page lies in the folder."""
    return f"day/{day}.html"


def story_file(story_id: int) -> str:
    """Return where a story's page lies in the folder: a thousand stories a folder, so that none grows without end."""
    return f"story/{story_id // 1000}/s{story_id}.html"


def topic_file(name: str) -> str:
    """Return where a topic's first page lies in the folder."""
    return f"topic/{safe_name(name)}.html"


def outlet_file(host: str) -> str:
    """Return where an outlet's first page lies in the folder."""
    return f"outlet/{safe_name(host)}.html"


def safe_name(text: str) -> str:
    """Return a file name that every file system takes and no two texts share: what is readable of the text, and a mark where that is not all."""
    plain = re.sub(r"[^a-z0-9.]+", "-", fold(text)).strip("-.")[:60].rstrip("-.")
    # A mark also keeps names apart that differ by capitals alone, and from those that Windows keeps for itself (con, nul, ...).
    if plain and plain == text and not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain):
        return plain
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain}-{mark}" if plain else mark
