"""A process that kills itself at one step of the day's work: `python -m tests.end_to_end.killed FOLDER DATABASE MOMENT NUMBER`.

The rounds of `monitor run` are done once at a fake MOMENT; at the step of that NUMBER, from 1, the process is killed (kill -9). The
names of the steps that it came to go to stdout.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

from monitor.config import load_config
from storage.store import Store
from tests.end_to_end.simulation import World, some_news
from tests.monitor.postroom import Clock

BEGIN = datetime.fromisoformat("2026-11-12T03:00:00+00:00")
NEWS = some_news(BEGIN - timedelta(hours=20), BEGIN + timedelta(hours=30), every=timedelta(hours=4))


def main() -> None:
    """Do one round of everything, or die in it."""
    folder, database, moment, number = sys.argv[1:]
    os.chdir(folder)
    config = load_config(Path("monitor.toml"), {"MONITOR_DATABASE_URL": database}, Path.cwd())
    left = int(number)

    def die(name: str) -> None:
        nonlocal left
        print(name, flush=True)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Store.open(database) as store:
        world = World(store=store, config=config, clock=Clock(datetime.fromisoformat(moment)), news=NEWS)
        world.step = die  # type: ignore[method-assign]
        world.work(die).once()


if __name__ == "__main__":
    main()
