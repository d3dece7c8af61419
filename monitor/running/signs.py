"""What others see of the watch: figures for Prometheus, and the dead man's switch. Neither stops anything when it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from storage.errors import MediaMonitorError

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.items import Source
    from storage.store import Store

_CALLED = "alive:called"
_AGAIN = timedelta(minutes=5)  # after a call that failed


class Signs:
    """Gives signs of life.

    Args:
        fail: takes a word and a sentence about what did not work.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], fail: Callable[[str, str], None]) -> None:
        self._store = store
        self._clock = clock
        self._fail = fail
        self._resting: datetime | None = None

    def give(self, config: Config, sources: Sequence[Source], *, well: bool) -> None:
        """Call the switch where that is due and all is well, and write the figures.

        Args:
            well: whether what was done last went well.
        """
        if well:
            self._call(config)
        if config.metrics.file:
            from monitor.metrics import write

            try:
                write(config.base / config.metrics.file, self._store, config, sources, self._clock())
            except MediaMonitorError as error:
                self._fail("metrics", str(error))

    def _call(self, config: Config) -> None:
        if not (config.alive.url or config.alive.url_env):
            return
        from monitor import alive

        now = self._clock()
        if self._resting is not None and timedelta(0) <= now - self._resting < _AGAIN:
            return
        with self._store.reading() as reading:
            called = reading.meta_moment(_CALLED)
        if not alive.is_due(config.alive, called, now):
            return
        try:
            alive.call(config.alive)
        except MediaMonitorError as error:
            self._resting = now
            self._fail("alive", str(error))
            return
        self._resting = None
        with self._store.transaction() as transaction:
            transaction.set_meta(_CALLED, now.isoformat())
