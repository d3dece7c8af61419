"""The clock of tests that run commands: each begins at the same moment of the same day, whatever the machine's clock says.

By the machine's own clock a test would now and then cross midnight: a host's pages of a day are counted anew, `today` is another day, a
file of a month gets another name.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOMENT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # a Monday; far from midnight in every zone that tests name


class ShiftedClock:
    """A clock that stands at `moment` when it is made, and goes on from there."""

    def __init__(self, moment: datetime = MOMENT) -> None:
        self._shift = moment - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self._shift += timedelta(**span)

    @property
    def environment(self) -> dict[str, str]:
        """What a command is given to go by this clock; it is the whole of PYTHONPATH."""
        path = os.pathsep.join((str(ROOT / "tests" / "shifted"), str(ROOT)))
        return {"PYTHONPATH": path, "TEST_CLOCK_SHIFT": str(self._shift.total_seconds())}
