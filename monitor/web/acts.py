"""What a reader may say, from a form or as JSON: "not us", "is us", "same story", "not the same", an outlet muted for a topic."""

from __future__ import annotations

from collections.abc import Mapping

from monitor import verdicts
from monitor.web.hall import Hall
from storage.errors import UsageError

SAYINGS = ("not-us", "is-us", "same-story", "not-same", "mute", "unmute")


def obey(hall: Hall, asked: Mapping[str, str]) -> str:
    """Do what a reader says; returns a sentence about it.

    Args:
        asked: `said` (one of `SAYINGS`), and what it wants: `target` (an address, s12 or a34), `topic`, `other` (a story), `outlet`.

    Raises:
        UsageError: something is missing or wrong.
    """
    said, target, now = asked.get("said", ""), asked.get("target", "").strip(), hall.clock()
    topic = hall.watchlist.named(asked["topic"]) if asked.get("topic") else None
    if said in {"not-us", "is-us"}:
        return verdicts.judge(hall.store, hall.matcher, _given(target, "target"), said, topic, now)
    if said == "same-story":
        return verdicts.merge(hall.store, _story(target, "target"), _story(asked.get("other", ""), "other"), now)
    if said == "not-same":
        return verdicts.split(hall.store, _given(target, "target"), now)
    if said in {"mute", "unmute"}:
        outlet = _given(asked.get("outlet", ""), "outlet")
        if topic is None:
            raise UsageError("topic is missing", hint="an outlet is muted for one topic")
        if said == "mute":
            return verdicts.mute(hall.store, outlet, topic, now)
        return verdicts.unmute(hall.store, hall.matcher, outlet, topic, now)
    raise UsageError(f"said: {said[:40]!r} is none of {', '.join(SAYINGS)}")


def _given(text: str, name: str) -> str:
    if not text.strip():
        raise UsageError(f"{name} is missing")
    return text.strip()


def _story(text: str, name: str) -> int:
    digits = text.strip().lower().removeprefix("s")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise UsageError(f"{name}: {text[:40]!r} is no story", hint="write it as s12")
    return int(digits)
