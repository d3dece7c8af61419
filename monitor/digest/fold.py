"""Fold a long day into a page of limited size: which stories are told in full, which by their headline, which are only counted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Shown(Enum):
    """How much of a story is shown."""

    FULL = "full"
    BRIEF = "brief"
    LEFT = "left"


@dataclass(frozen=True)
class Piece:
    """One story, ready in both forms."""

    full: int  # bytes; the same as `brief` where there is no longer form
    brief: int
    weight: float


_FIRST = 12  # stories that are told in full before others get a line


def fold(pieces: Sequence[Piece], room: int) -> list[Shown]:
    """Return how each piece is shown, so that all together take at most `room` bytes.

    What weighs more is never shown less than what weighs less, unless it is so long that it does not fit where the other one does.
    """
    order = sorted(range(len(pieces)), key=lambda at: (-pieces[at].weight, at))
    shown = [Shown.LEFT] * len(pieces)
    for at in order[:_FIRST]:
        if pieces[at].full <= room:
            shown[at] = Shown.FULL
            room -= pieces[at].full
    for at in order:
        if shown[at] is Shown.LEFT and pieces[at].brief <= room:
            shown[at] = Shown.BRIEF
            room -= pieces[at].brief
    for at in order:
        more = pieces[at].full - pieces[at].brief
        if shown[at] is Shown.BRIEF and more <= room:
            shown[at] = Shown.FULL
            room -= more
    return shown
