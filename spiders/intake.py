"""The small port through which a crawl asks and hands over; `monitor.intake` fills it, tests record with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Protocol

from storage.condition import Gap, GapState
from storage.items import Arrival, Entry, Outcome, Poll, Source, SourceState

_MOMENT_S = 0.01


class Intake(Protocol):
    """What a spider may ask and tell. All calls are short, synchronous and made from the crawl's event loop."""

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source: validators, where it moved to, when it last failed."""
        ...

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """Note a sighting of each entry that is known and return the others, and the known ones whose words changed."""
        ...

    def remember(self, source: Source, entries: Sequence[Entry]) -> None:
        """Note entries as known at this source without reading them: what an archive held before the watch began."""
        ...

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether these bytes can hold any alias: a page that cannot needs no extraction. May say yes wrongly, never no."""
        ...

    def may_ask(self, url: str) -> bool:
        """Whether one more page of an address's host may be asked today; if so, it counts."""
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

    def gaps(self, now: datetime) -> list[Gap]:
        """Return the gaps that are still to be looked for, those of this crawl's polls among them."""
        ...

    def looked(self, gap: Gap, *, state: GapState, found: int) -> None:
        """A gap has been looked for, and what was found handed over."""
        ...


class IntakeFailed(Exception):
    """An intake raised (its error is the cause): what the crawl brings is not kept, so the crawl ends."""


class MachineFailed(IntakeFailed):
    """This machine has no threads or open files left (its error is the cause): no fault of any source, so the crawl ends."""


class Handover:
    """An intake whose errors are told apart from those of a hostile document, which end with their source.

    Articles that come within moments of each other, from whatever sources, are handed over together: a database is as long about making
    thirty of them durable as one.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._waiting: list[tuple[Sequence[Arrival], asyncio.Future[list[Outcome]]]] = []

    def state(self, source: Source) -> SourceState:
        """See `Intake`; as all methods here, raises IntakeFailed."""
        with _told_apart():
            return self._intake.state(source)

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """See `Intake`."""
        with _told_apart():
            return self._intake.sift(source, entries)

    def remember(self, source: Source, entries: Sequence[Entry]) -> None:
        """See `Intake`."""
        with _told_apart():
            self._intake.remember(source, entries)

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """See `Intake`."""
        with _told_apart():
            return self._intake.may_mention(page, encoding)

    def may_ask(self, url: str) -> bool:
        """See `Intake`."""
        with _told_apart():
            return self._intake.may_ask(url)

    async def take(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """See `Intake`; returns when they are stored."""
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[list[Outcome]] = loop.create_future()
        self._waiting.append((arrivals, taken))
        if len(self._waiting) == 1:
            loop.call_later(_MOMENT_S, self._take)
        return await taken

    def _take(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            with _told_apart():
                outcomes = iter(self._intake.take([one for arrivals, _ in waiting for one in arrivals]))
        except IntakeFailed as error:
            for _, taken in waiting:
                if not taken.done():  # who waited may have been cancelled
                    taken.set_exception(error)
            return
        for arrivals, taken in waiting:
            ours = list(islice(outcomes, len(arrivals)))
            if not taken.done():
                taken.set_result(ours)

    def unfinished(self, now: datetime) -> list[tuple[Source, Entry]]:
        """See `Intake`."""
        with _told_apart():
            return self._intake.unfinished(now)

    def polled(self, poll: Poll) -> None:
        """See `Intake`."""
        with _told_apart():
            self._intake.polled(poll)

    def gaps(self, now: datetime) -> list[Gap]:
        """See `Intake`."""
        with _told_apart():
            return self._intake.gaps(now)

    def looked(self, gap: Gap, *, state: GapState, found: int) -> None:
        """See `Intake`."""
        with _told_apart():
            self._intake.looked(gap, state=state, found=found)


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise IntakeFailed(str(error)) from error


def intake_failure(error: BaseException) -> IntakeFailed | None:
    """Return the intake's failure among the errors of a group of tasks, None where they have another reason."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(intake_failure, error.exceptions)), None)
    return error if isinstance(error, IntakeFailed) else None
