"""Deliver: what commands and the scheduler call.

deliver_due(store, config, clock)             sends what waits in the outbox and is due
deliver_edition(store, config, clock, name)   makes the next edition of a digest, queued with it, and sends
send_sample(config, ...)                      tries a delivery on yourself; no ledger knows of it
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.delivery.dispatch import DeliveryReport, Dispatcher
from monitor.delivery.outbox import targets_of
from monitor.delivery.parcel import Parcel, Sender
from monitor.delivery.senders import sender_of
from monitor.desks import desk_of, digest_named
from monitor.editions import Desk, Edition, by_id, next_edition, of_day

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.digest.record import Digest
    from monitor.watchlist import Watchlist
    from storage.deliveries import DeliveryRow
    from storage.items import Source
    from storage.store import Store

WAIT = timedelta(seconds=30)  # for another process that delivers


def deliver_due(
    store: Store,
    config: Config,
    clock: Callable[[], datetime],
    *,
    env: Mapping[str, str] = os.environ,
    only: Collection[str] = (),
    step: Callable[[str], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
    wait: timedelta = WAIT,
) -> DeliveryReport:
    """Send what waits in the outbox and is due, editions and alerts alike.

    Args:
        env: where secrets are read.
        only: deliveries by name; all if empty.
        step: called after each step (see `Dispatcher`).
        stopping: asked between two deliveries: True ends the round.
        wait: how long to wait for another process that delivers.

    Raises:
        StorageError: the store failed; the next round settles what was under way.
    """
    office = _Office(store, config, clock, env)
    dispatcher = Dispatcher(
        store=store,
        clock=clock,
        sender=office.sender,
        parcel=office.parcel,
        wanted=office.wanted,
        only=frozenset(only),
        step=step,
        stopping=stopping,
    )
    return dispatcher.run(wait=wait)


def deliver_edition(
    store: Store,
    config: Config,
    clock: Callable[[], datetime],
    name: str | None = None,
    *,
    env: Mapping[str, str] = os.environ,
    step: Callable[[str], None] = lambda _: None,
) -> tuple[Edition, DeliveryReport]:
    """Make the next edition of a digest (the first one if `name` is None), queue it in the same transaction, and send what is due.

    Raises:
        UsageError: no digest is called so.
        StorageError: the store failed.
    """
    edition = next_edition(desk_of(store, config, digest_named(config, name), clock, env=env))
    step("made")
    return edition, deliver_due(store, config, clock, env=env, step=step)


class _Office:
    """Knows for each row of the outbox its sender, its parcel, and whether it is still wanted."""

    def __init__(self, store: Store, config: Config, clock: Callable[[], datetime], env: Mapping[str, str]) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._env = env
        self._parcels: dict[tuple[str, str], Parcel] = {}

    def sender(self, name: str) -> Sender:
        delivery = next(one for one in self._config.deliveries if one.name == name)
        return sender_of(delivery, self._env, self._config.base)

    def wanted(self, row: DeliveryRow) -> bool:
        kind, _, name = row.series.partition(":")
        tables = self._config.digests if kind == "digest" else self._config.alert
        named = next((table.deliver for table in tables if table.name == name), ())
        if row.delivery not in named:
            return False
        recipients = {target.recipient for target in targets_of(self._config, [row.delivery], self._env)}
        # Where no address is known for now (a variable that is not set), what is queued waits for it; and what was queued then
        # goes to all there are.
        return row.recipient in recipients or "" in (row.recipient, *recipients)

    def parcel(self, row: DeliveryRow) -> Parcel:
        key = (row.series, row.period)
        if key not in self._parcels:
            self._parcels.clear()  # rows of one message follow each other: one at a time is kept
            self._parcels[key] = self._alert(row) if row.alert_id is not None else self._edition(row)
        return self._parcels[key]

    def _edition(self, row: DeliveryRow) -> Parcel:
        name = row.series.partition(":")[2]
        desk = self.desk(name)
        assert row.digest_id is not None
        digest = by_id(desk, row.digest_id).digest
        return Parcel(digest, row.series, row.period, days=lambda limit: _days(desk, limit), day=lambda: of_day(desk, digest.day).digest)

    def _alert(self, row: DeliveryRow) -> Parcel:
        from monitor.alerts import alert_digest

        assert row.alert_id is not None
        name = row.series.partition(":")[2]
        rule = next(one for one in self._config.alert if one.name == name)
        watchlist, sources = self._known
        digest = alert_digest(self._store, self._config, rule, row.alert_id, watchlist=watchlist, sources=sources)
        return Parcel(digest, row.series, row.period)

    def desk(self, name: str) -> Desk:
        watchlist, sources = self._known
        table = digest_named(self._config, name)
        return desk_of(self._store, self._config, table, self._clock, watchlist=watchlist, sources=sources, env=self._env)

    @cached_property
    def _known(self) -> tuple[Watchlist, Sequence[Source]]:
        watchlist = self._config.watchlist()
        return watchlist, self._config.sources(watchlist)


def _days(desk: Desk, limit: int) -> list[Digest]:
    with desk.store.reading() as reading:
        days = reading.ledger.days(desk.name)
    return [of_day(desk, date.fromisoformat(day)).digest for day in reversed(days[-limit:])]
