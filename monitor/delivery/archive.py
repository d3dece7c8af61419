"""Digests as files for people: a folder of pages with an index, and an Atom feed of digests.

Both are written anew from the ledger or from what lies in the folder, so writing twice is the same as writing once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import quote
from xml.etree import ElementTree

from monitor.config_delivery import AtomDelivery, FolderDelivery
from monitor.delivery.parcel import Attempt, DeliveryError, Parcel
from monitor.digest.build import tag_of
from monitor.digest.dates import BabelCalendar
from monitor.digest.elements import add, rfc3339, watch_rows
from monitor.digest.facts import Facts
from monitor.digest.record import Digest
from monitor.digest.safe import POLICY, plain, safe_url
from monitor.digest.words import words_of
from monitor.files import FileError, write_text

if TYPE_CHECKING:
    import jinja2

INDEX = "index.html"
_ATOM = "http://www.w3.org/2005/Atom"
_HEAD = 8_192  # bytes of a page in which its title stands


class _Page(NamedTuple):
    href: str
    title: str


class _FileSender:
    repeatable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


class FolderSender(_FileSender):
    """Writes FOLDER/NAME/2026-11-23.html with the whole day, and FOLDER/index.html with a link to each."""

    def __init__(self, settings: FolderDelivery, base: Path) -> None:
        self._folder = base / settings.folder

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """Write; raises as `parcel.Sender.send`."""
        from monitor.shapes import render

        whole = parcel.whole()
        page = self._folder / plain(whole.name) / f"{whole.day.isoformat()}.html"
        attempt.begin()
        try:
            write_text(page, render(whole, "html"))
            write_text(self._folder / INDEX, index_page(self._folder, whole.language))
        except (FileError, OSError) as error:
            raise DeliveryError(str(error), code="cannot be written", hint=getattr(error, "hint", None)) from error


def index_page(folder: Path, language: str) -> str:
    """Return the page that links each day's page in `folder`, newest first, by digest.

    Raises:
        OSError: the folder cannot be read.
    """
    series = []
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        days = sorted((page for page in inner.glob("*.html") if re.fullmatch(r"\d{4}-\d\d-\d\d", page.stem)), reverse=True)
        if days:
            pages = [_Page(href=f"{quote(inner.name)}/{quote(page.name)}", title=_title(page)) for page in days]
            series.append((inner.name, pages))
    return _template().render(language=language, policy=POLICY, title=words_of(language).say("archive"), series=series)


def _title(page: Path) -> str:
    with page.open("rb") as file:
        found = re.search(r"<title>(.*?)</title>", file.read(_HEAD).decode("utf-8", "replace"), re.DOTALL)
    return plain(unescape(found[1])).strip() if found else page.stem


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(Path(__file__).with_name("archive.html.j2").read_text(encoding="utf-8"))


class AtomSender(_FileSender):
    """Writes one feed with an entry for each of the latest days."""

    def __init__(self, settings: AtomDelivery, base: Path) -> None:
        self._settings = settings
        self._file = base / settings.file

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """Write; raises as `parcel.Sender.send`."""
        digests = parcel.archive(self._settings.entries)
        attempt.begin()
        try:
            write_text(self._file, feed_of(digests, link=self._settings.link))
        except FileError as error:
            raise DeliveryError(str(error), code="cannot be written", hint=error.hint) from error


def feed_of(digests: Sequence[Digest], *, link: str) -> str:
    """Render digests, newest first, as an Atom feed (RFC 4287): one entry a day, with an id that never changes.

    Args:
        digests: at least one, all of one series.
        link: where the archive stands; "" for nowhere.
    """
    newest = digests[0]
    # Written with plain names and a declared default namespace: the library would invent prefixes.
    feed = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": newest.language})
    add(feed, "id", f"{tag_of(newest.name)}/digests")
    add(feed, "title", newest.title)
    add(feed, "updated", rfc3339(newest.until))
    add(ElementTree.SubElement(feed, "author"), "name", newest.title)
    if link:
        ElementTree.SubElement(feed, "link", {"rel": "alternate", "href": link})
    for digest in digests:
        entry = ElementTree.SubElement(feed, "entry")
        add(entry, "id", f"{tag_of(digest.name)}/{digest.day.isoformat()}")
        add(entry, "title", digest.subject)
        add(entry, "updated", rfc3339(digest.until))
        add(entry, "content", _content(digest)).set("type", "html")
    ElementTree.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(feed, encoding="unicode")}\n'


def _content(digest: Digest) -> str:
    """Return the entry's body as HTML of which every word is escaped."""
    facts = Facts(digest, BabelCalendar(digest.language))
    parts = [f"<p>{escape(facts.sum())}</p>"]
    for section in digest.sections:
        parts.append(f"<h3>{escape(facts.topic(section.topic))}</h3><ul>")
        for line in section.lines:
            headline, url = escape(plain(line.headline).strip()), safe_url(line.url)
            linked = f'<a rel="noopener" href="{escape(url)}">{headline}</a>' if url else headline
            parts.append(f"<li>{linked}<br>{' · '.join(escape(one) for one in (*facts.meta(line), *facts.badges(line), line.id))}</li>")
        parts.append("</ul>")
    parts += [f"<p>{escape(text)}</p>" for text in watch_rows(facts)]
    return "".join(parts)
