"""The small port through which a crawl asks and hands over; `monitor.intake` fills it, tests record with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from storage.items import Arrival, Entry, Outcome, Poll, Source, SourceState


class Intake(Protocol):
    """What a spider may ask and tell. All calls are short, synchronous and made from the crawl's event loop."""

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source: validators, where it moved to, when it last failed."""
        ...

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """Note a sighting of each entry that is known and return the others, and the known ones whose words changed."""
        ...

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether these bytes can hold any alias: a page that cannot needs no extraction. May say yes wrongly, never no."""
        ...

    def take(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Match, compare and store; one outcome for each arrival, in order. Storage errors are raised, not counted."""
        ...

    def unfinished(self, now: datetime) -> list[tuple[Source, Entry]]:
        """Entries whose page failed for now at an earlier crawl and which are to be asked again."""
        ...

    def polled(self, poll: Poll) -> None:
        """A source has been read and all of it is stored (or it failed): save validators, health, next poll."""
        ...
