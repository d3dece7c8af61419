"""Upkeep: what has to be done now and then, each at its own pace; when it was done last stands in the store.

A new duty is a function and a line in `DUTIES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.store import Store

KEEP_INCIDENTS = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something to be done now and then."""

    name: str  # a stable word
    every: timedelta
    do: Callable[[Store, Config, datetime], str]  # returns a sentence for the journal, "" for nothing to tell


def is_due(duty: Duty, last: datetime | None, now: datetime) -> bool:
    """Tell whether a duty is to be done at `now`; one that was done in the future (a clock set back) is."""
    return last is None or now - last >= duty.every or last > now


def last_done(store: Store) -> dict[str, datetime]:
    """Return when each duty was done last."""
    with store.reading() as reading:
        found = {duty.name: reading.meta(_key(duty)) for duty in DUTIES}
    return {name: datetime.fromisoformat(moment) for name, moment in found.items() if moment}


def set_done(store: Store, duty: Duty, now: datetime) -> None:
    """Remember that a duty was done."""
    with store.transaction() as transaction:
        transaction.set_meta(_key(duty), now.isoformat())


def _key(duty: Duty) -> str:
    return f"duty:{duty.name}"


def _forget(store: Store, config: Config, now: datetime) -> str:
    """Forget incidents that no digest will tell any more."""
    with store.transaction() as transaction:
        gone = transaction.incidents.forget(now - KEEP_INCIDENTS)
    return f"{gone} old incidents forgotten" if gone else ""


DUTIES: tuple[Duty, ...] = (Duty(name="forget", every=timedelta(days=1), do=_forget),)
