"""The health of sources in plain English words, for commands; the digest says it in the reader's language. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.condition import Ail, Ailment
from storage.items import SourceState

WORDS = {
    Ail.FAILING: "failing",
    Ail.BLOCKED: "refused",
    Ail.GONE: "gone",
    Ail.SILENT: "silent",
    Ail.BARE: "headlines only",
}


def word_of(state: SourceState | None, ailment: Ailment | None) -> str:
    """Return one word for the health of a source."""
    if ailment is not None:
        return WORDS[ailment.kind]
    return "well" if state is not None and state.outcome is not None else "not yet"


def sentence(ailment: Ailment, now: datetime) -> str:
    """Say what is wrong with a source, and for how long."""
    if ailment.kind is Ail.SILENT:
        return f"answers, but nothing new for {age(now, ailment.since)}" if ailment.since else "answers, but has never shown anything"
    if ailment.kind is Ail.BARE:
        return f"its pages have given no text for {age(now, ailment.since)}: a redesign, or a wall?"
    said = ailment.detail or ailment.word
    return f"{said} (for {age(now, ailment.since)})" if ailment.since else said


def age(now: datetime, since: datetime | None) -> str:
    """Write how long ago a moment was: minutes, hours or days."""
    if since is None:
        return "ever"
    span = max(now - since, timedelta(0))
    if span < timedelta(hours=2):
        return f"{span // timedelta(minutes=1)} min"
    return f"{span // timedelta(hours=1)} h" if span < timedelta(days=2) else f"{span.days} days"
