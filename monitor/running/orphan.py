"""A child that ends when its parent is gone: what nobody watches any more must not hold the crawl's lock until its deadline."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping

PARENT = "MONITOR_PARENT"  # the process id of who watches this child
_LOOK_S = 1.0
_PATIENCE_S = 20.0  # between asking ourselves to end and ending


def for_child(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which a child knows whose it is."""
    return {**env, PARENT: str(os.getpid())}


def end_with_parent(env: Mapping[str, str]) -> None:
    """Watch the parent that `for_child` named, in a thread; when it is gone, end as after SIGTERM, and soon after for good.

    The kernel could send a signal instead (PR_SET_PDEATHSIG), but on Linux alone, and at the end of the thread that started us.
    """
    told = env.get(PARENT, "")
    if not told.isdecimal() or os.name != "posix":
        return

    def watch() -> None:
        while os.getppid() == int(told):
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_PATIENCE_S)
        # Our own session: workers that hang on to a page go, too.
        (os.killpg if os.getpgrp() == os.getpid() else os.kill)(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
