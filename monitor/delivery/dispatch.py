"""Claim, send, confirm: what becomes of each row of the outbox is decided here alone.

One process at a time delivers (a lock that ends with its process), so a row that is still under way when the lock is ours belongs
to a process that died: `claimed` was surely not delivered, `handing` is in doubt. In doubt is sent again, once: a mail with the same
Message-ID, which mail systems fold; a webhook with the same Idempotency-Key; a chat message that says so itself; files are the same
files. If the second try ends in doubt, too, it is left to a person, who sees it in the next digest.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.delivery.parcel import Attempt, DeliveryError, InDoubt, Parcel, Refused, Sender, Unreachable
from storage.errors import StorageBusy, StorageError

if TYPE_CHECKING:
    from storage.deliveries import DeliveryRow
    from storage.locks import Held
    from storage.store import Store

FIRST_PAUSE = timedelta(minutes=5)  # then three times as long each time
LONGEST_PAUSE = timedelta(hours=6)
DOUBTS = 2  # tries of unknown outcome, then a person has to look
# (how long a message is worth trying, at least so many tries): a laptop may sleep through all of the time.
PATIENCE = {"digest": (timedelta(days=3), 4), "alert": (timedelta(days=1), 3)}


@dataclass
class DeliveryReport:
    """What a round of deliveries came to."""

    sent: int = 0
    failed: int = 0  # to be tried again
    unsure: int = 0
    given_up: int = 0
    dropped: int = 0  # no longer wanted by the configuration
    waiting: int = 0  # not ended, those that are tried again included
    busy: bool = False  # another process was delivering; it takes along what was waiting when it began
    lines: list[str] = field(default_factory=list)  # a sentence for each that did not go as wished
    next_due: datetime | None = None  # when the earliest of those waiting is due

    @property
    def exit_code(self) -> int:
        """0: all went; 3: some did not; 1: none went."""
        if not (self.failed or self.unsure or self.given_up):
            return 0
        return 3 if self.sent else 1


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    times: int = 3 ** min(attempts - 1, 10)
    return min(FIRST_PAUSE * times, LONGEST_PAUSE)


@dataclass
class Dispatcher:
    """Sends what is due.

    Args:
        sender: returns what sends a delivery of a name.
        parcel: returns what a row is to be sent.
        wanted: whether the configuration still wants a row delivered.
        only: deliveries by name; all if empty.
        step: called after each step with its name: `claimed`, `handing`, `delivered`, `confirmed`. For tests that kill the process.
        stopping: asked between two deliveries: True ends the round.
    """

    store: Store
    clock: Callable[[], datetime]
    sender: Callable[[str], Sender]
    parcel: Callable[[DeliveryRow], Parcel]
    wanted: Callable[[DeliveryRow], bool]
    only: frozenset[str] = frozenset()
    step: Callable[[str], None] = lambda _: None
    stopping: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self._report = DeliveryReport()
        self._senders: dict[str, Sender] = {}
        self._down: dict[str, Unreachable] = {}

    def run(self, *, wait: timedelta = timedelta(0)) -> DeliveryReport:
        """Do one round: settle what died, then try what is due.

        Args:
            wait: how long to wait for another process that delivers.

        Raises:
            StorageError: the store failed; what was under way is settled by the next round.
        """
        with ExitStack() as stack:
            try:
                held = stack.enter_context(self.store.delivery_lock(wait, now=self.clock()))
            except StorageBusy as error:
                self._report.busy = True
                self._report.lines.append(str(error))
            else:
                self._round(stack, held)
        with self.store.reading() as reading:
            waiting = reading.deliveries.waiting()
        self._report.waiting = len(waiting)
        self._report.next_due = min((row.due for row in waiting), default=None)
        return self._report

    def _round(self, stack: ExitStack, held: Held) -> None:
        self._settle()
        with self.store.reading() as reading:
            rows = reading.deliveries.due(self.clock())
        for row in rows:
            if self.only and row.delivery not in self.only:
                continue
            # A lock that was lost (its server restarted, its file was deleted) may be another's by now.
            if self.stopping() or not held():
                break
            self._deliver(row, stack)

    def _settle(self) -> None:
        with self.store.reading() as reading:
            begun = reading.deliveries.begun()
        now = self.clock()
        for row in begun:
            if row.state == "claimed":
                with self.store.transaction() as transaction:
                    transaction.deliveries.later(row.id, "failed", now, "broken off before it was sent", doubts=row.doubts)
            else:
                self._doubt(row, "broken off while it was being sent", at=now)

    def _deliver(self, row: DeliveryRow, stack: ExitStack) -> None:
        now = self.clock()
        with self.store.transaction() as transaction:
            if not transaction.deliveries.claim(row, now):
                return
            if not self.wanted(row):
                transaction.deliveries.end(row.id, "dropped", now, "no longer wanted by the configuration", doubts=row.doubts)
                self._report.dropped += 1
                return
        if down := self._down.get(row.delivery):
            self._failed(row, down)
            return
        self.step("claimed")
        begun = False

        def begin() -> None:
            nonlocal begun
            with self.store.transaction() as transaction:
                transaction.deliveries.handing(row.id)
            begun = True
            self.step("handing")

        attempt = Attempt(recipient=row.recipient, message_id=row.message_id, again=row.doubts > 0, begin=begin, now=now)
        try:
            self._sender(row.delivery, stack).send(self.parcel(row), attempt)
        except Unreachable as error:
            self._down[row.delivery] = error
            self._failed(row, error)
        except DeliveryError as error:
            self._failed(row, error)
        except InDoubt as error:
            self._doubt(row, str(error))
        except StorageError:
            raise  # the store's trouble, not the receiver's: settled by the next round
        except Exception as error:  # noqa: BLE001 - one recipient must not stop the others, whatever a sender's library raises
            said = f"{type(error).__name__}: {error}"
            if begun:
                self._doubt(row, said)
            else:
                self._failed(row, DeliveryError(said, code=type(error).__name__))
        else:
            self.step("delivered")
            self._confirm(row)
            self.step("confirmed")

    def _sender(self, name: str, stack: ExitStack) -> Sender:
        if name not in self._senders:
            self._senders[name] = stack.enter_context(self.sender(name))
        return self._senders[name]

    def _confirm(self, row: DeliveryRow) -> None:
        for last in (False, True):
            try:
                with self.store.transaction() as transaction:
                    transaction.deliveries.sent(row.id, self.clock())
                break
            except StorageBusy:
                # It is delivered; to give up now would send it again. A second minute is worth waiting.
                if last:
                    raise StorageError(
                        f"{self.store.name}: a delivery could not be confirmed: the database is held by another program"
                    ) from None
        self._report.sent += 1

    def _failed(self, row: DeliveryRow, error: DeliveryError) -> None:
        now = self.clock()
        attempts = row.attempts + 1
        worth, tries = PATIENCE[row.series.partition(":")[0]]
        over = now - row.created >= worth and attempts >= tries
        with self.store.transaction() as transaction:
            if over or isinstance(error, Refused):
                transaction.deliveries.end(row.id, "given-up", now, str(error), doubts=row.doubts)
                transaction.incidents.add(now, "delivery-given-up", _without_address(row, error.code or "failed"))
                self._report.given_up += 1
                end = "given up"
            else:
                again = now + max(pause(attempts), error.wait or timedelta(0))
                transaction.deliveries.later(row.id, "failed", again, str(error), doubts=row.doubts)
                self._report.failed += 1
                end = f"tried again from {again:%Y-%m-%d %H:%M} UTC"
        hint = f" ({error.hint})" if error.hint else ""
        self._report.lines.append(f"{_name(row)}: {error}{hint}; {end}")

    def _doubt(self, row: DeliveryRow, said: str, *, at: datetime | None = None) -> None:
        """Note that nobody knows whether an attempt delivered.

        Args:
            at: when to try again; after the usual pause if None.
        """
        now = self.clock()
        doubts = row.doubts + 1
        final = doubts >= DOUBTS and not self._repeatable(row)
        with self.store.transaction() as transaction:
            if final:
                transaction.deliveries.end(row.id, "unsure", now, said, doubts=doubts)
                transaction.incidents.add(now, "delivery-unsure", _without_address(row, "unconfirmed"))
            else:
                transaction.deliveries.later(row.id, "unsure", at or now + pause(row.attempts + 1), said, doubts=doubts)
        self._report.unsure += 1
        self._report.lines.append(
            f"{_name(row)}: {said}; {'it may have arrived, and is left to you' if final else 'sent again, marked as the same'}"
        )

    def _repeatable(self, row: DeliveryRow) -> bool:
        return self.wanted(row) and self.sender(row.delivery).repeatable


def _name(row: DeliveryRow) -> str:
    return f"{row.delivery}{f' to {row.recipient}' if row.recipient else ''}, {row.series.partition(':')[2]} {row.period}"


def _without_address(row: DeliveryRow, code: str) -> str:
    """Name a delivery for all readers of the digest: who else gets it is nobody's business."""
    return f"{row.delivery}, {row.series.partition(':')[2]} {row.period}: {code}"
