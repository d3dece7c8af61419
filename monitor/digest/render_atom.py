"""The digest as an Atom feed (RFC 4287): one entry a story, with an id that never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from xml.etree import ElementTree

from monitor.digest.build import tag_of
from monitor.digest.dates import BabelCalendar
from monitor.digest.elements import add, rfc3339, watch_rows
from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Figures
from monitor.digest.record import Digest, Line, Span, Update
from monitor.digest.safe import LANGUAGE_TAG, plain, safe_url

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def render_atom(digest: Digest) -> str:
    """Render as an Atom feed; what the watch did stands in the subtitle, so that it is no entry of its own."""
    facts = Facts(digest, BabelCalendar(digest.language))
    # Written with plain names and a declared default namespace: the library would invent prefixes.
    feed = ElementTree.Element("feed", {"xmlns": _ATOM, _LANG: digest.language})
    add(feed, "id", tag_of(digest.name))
    add(feed, "title", digest.title)
    lead = Figures(digest, facts).lead()
    add(
        feed,
        "subtitle",
        " · ".join(
            (
                *facts.watch.alarms(),
                facts.day(),
                facts.sum(),
                *facts.watch.warnings(),
                *([lead] if lead else []),
                *watch_rows(facts),
                *filter(None, [facts.watch.road()]),
            )
        ),
    )
    add(feed, "updated", rfc3339(digest.until))
    add(ElementTree.SubElement(feed, "author"), "name", digest.title)
    for line in digest.lines:
        _entry(feed, facts, line)
    for one in digest.updates:
        _update(feed, facts, one)
    ElementTree.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(feed, encoding="unicode")}\n'


def render_feed(title: str, guid: str, lines: Sequence[Line], facts: Facts, updated: datetime, links: Mapping[str, str]) -> str:
    """Render stories as an Atom feed of their own.

    Args:
        guid: a tag: URI that never changes.
        updated: of the newest story.
        links: rel -> address, of the feed itself; none where nobody knows where it will stand.
    """
    feed = ElementTree.Element("feed", {"xmlns": _ATOM, _LANG: facts.words.language})
    add(feed, "id", guid)
    add(feed, "title", title)
    add(feed, "updated", rfc3339(updated))
    add(ElementTree.SubElement(feed, "author"), "name", title)
    for rel, href in links.items():
        ElementTree.SubElement(feed, "link", {"rel": rel, "href": href})
    for line in lines:
        _entry(feed, facts, line)
    ElementTree.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(feed, encoding="unicode")}\n'


def _entry(feed: ElementTree.Element, facts: Facts, line: Line) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    add(entry, "id", line.guid)
    title = add(entry, "title", line.headline)
    if LANGUAGE_TAG.match(line.language):
        title.set(_LANG, line.language)
    if line.published:
        add(entry, "published", rfc3339(line.published))
    add(entry, "updated", rfc3339(line.updated or line.first_seen))
    if url := safe_url(line.url):
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": url})
    for other in line.also:
        if url := safe_url(other.url):
            ElementTree.SubElement(entry, "link", {"rel": "related", "href": url, "title": facts.other(other, line)})
    add(ElementTree.SubElement(entry, "author"), "name", facts.meta(line)[0])
    for topic in line.topics:
        ElementTree.SubElement(entry, "category", {"term": plain(topic)})
    content = add(entry, "content", _content(facts, line))
    content.set("type", "html")


def _update(feed: ElementTree.Element, facts: Facts, one: Update) -> None:
    """Write a told story again under its own id, with the moment of the change: readers of feeds show it as changed."""
    entry = ElementTree.SubElement(feed, "entry")
    add(entry, "id", one.guid)
    title = add(entry, "title", one.headline)
    if LANGUAGE_TAG.match(one.language):
        title.set(_LANG, one.language)
    add(entry, "updated", rfc3339(one.at))
    if url := safe_url(one.url):
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": url})
    add(ElementTree.SubElement(entry, "author"), "name", one.outlet or facts.words.say("unknown_outlet"))
    for topic in one.topics:
        ElementTree.SubElement(entry, "category", {"term": plain(topic)})
    parts = (" · ".join(facts.update(one)), *facts.changes(one))
    content = add(entry, "content", "".join(f"<p>{escape(part)}</p>" for part in parts))
    content.set("type", "html")


def _content(facts: Facts, line: Line) -> str:
    """Return the entry's body as HTML of which every word is escaped."""
    parts = [" · ".join(escape(part) for part in (*facts.meta(line), *facts.badges(line)))]
    if line.excerpt:
        parts.append(_marked(line.excerpt))
    if line.also:
        others = []
        for other in line.also:
            name, url = escape(facts.other(other, line)), safe_url(other.url)
            others.append(f'<a rel="noopener" href="{escape(url)}">{name}</a>' if url else name)
        parts.append(f"{escape(facts.also(line))}{facts.colon}{facts.words.say('list').join(others)}")
    why = facts.why(line)
    parts.append(f"<small>{escape(f'{line.id} · {why}' if why else line.id)}</small>")
    return "".join(f"<p>{part}</p>" for part in parts)


def _marked(spans: Iterable[Span]) -> str:
    return "".join(f"<strong>{escape(span.text)}</strong>" if span.marked else escape(span.text) for span in clean_spans(spans))
