"""What is sent, and the words in which a sender says how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Protocol, Self

from monitor.digest.record import Digest
from storage.errors import MediaMonitorError

WHOLE = 10.0  # times `timeout_seconds`, which holds for each operation: so long may a whole delivery take


class DeliveryError(MediaMonitorError):
    """A delivery that surely did not happen; tried again later.

    `code` is a short word or number without addresses: it is told in the next digest, which others read, too.
    """

    def __init__(self, message: str, *, code: str = "", wait: timedelta | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.wait = wait  # as asked by the receiver


class Refused(DeliveryError):
    """The receiver said no for good: trying again would not help."""


class Unreachable(DeliveryError):
    """The receiver's server could not be reached or would not let us in: this holds for all its recipients."""


class InDoubt(MediaMonitorError):
    """Nobody knows whether it was delivered."""


@dataclass(frozen=True)
class Parcel:
    """One message, the same for all its recipients; renderings are made once, when first asked for."""

    digest: Digest
    series: str  # digest:NAME or alert:RULE
    period: str
    days: Callable[[int], Sequence[Digest]] | None = None  # the latest so many whole days of the series, newest first
    day: Callable[[], Digest] | None = None  # the whole day of this digest, where it has several editions

    @property
    def is_alert(self) -> bool:
        """Whether it is an alert's message."""
        return self.series.startswith("alert:")

    def whole(self) -> Digest:
        """The whole day of which the digest is an edition."""
        return self.day() if self.day else self.digest

    def archive(self, limit: int) -> Sequence[Digest]:
        """The latest whole days of the series, newest first; never empty."""
        return (self.days(limit) if self.days else ()) or (self.digest,)

    @cached_property
    def text(self) -> str:
        """The digest as plain text."""
        from monitor.shapes import render

        return render(self.digest, "text")

    @cached_property
    def html(self) -> str:
        """The digest as HTML."""
        from monitor.shapes import render

        return render(self.digest, "html")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to hand a parcel to one recipient."""

    recipient: str
    message_id: str
    again: bool  # an earlier try may have arrived
    begin: Callable[[], None]  # to be called immediately before the first byte that could deliver
    now: datetime


class Sender(Protocol):
    """One way out. It is entered once a run and may keep a connection open."""

    def __enter__(self) -> Self:
        """Make ready; must not fail for want of a network."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let connections go."""

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """Deliver.

        Raises:
            Refused: never will be.
            Unreachable: not now, nor to any other recipient of this delivery.
            DeliveryError: surely not delivered.
            InDoubt: nobody knows.
        """

    @property
    def repeatable(self) -> bool:
        """Whether sending twice is the same as sending once."""


def idempotency_key(message_id: str) -> str:
    """The Message-ID without its brackets, for receivers that are no mail systems."""
    return message_id.strip("<>")
