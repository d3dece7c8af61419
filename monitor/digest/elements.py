"""Parts that all our Atom feeds have in common: feeds of stories, and feeds of digests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree

from monitor.digest.facts import Facts
from monitor.digest.safe import plain


def add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    """Put an element with a text, cleaned of what XML may not hold, into another one; returns it."""
    element = ElementTree.SubElement(parent, name)
    element.text = plain(text).strip()
    return element


def rfc3339(moment: datetime) -> str:
    """Write an aware moment as RFC 3339 wants it, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def watch_rows(facts: Facts) -> Iterable[str]:
    """Yield a line for each row of the coverage box, as plain text."""
    for row in facts.watch.rows():
        yield f"{row.label}{facts.colon}{'; '.join(row.items)}" if row.items else row.label
