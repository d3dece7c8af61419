"""Start-up of commands that do not crawl: whole-process CPU and wall, beside a bare interpreter."""

from __future__ import annotations

import sys
import tempfile

from benchmarks.given import environment
from benchmarks.measure import Run, median, run, table

RUNS = 7


def main() -> None:
    """Print one row a command."""
    with tempfile.TemporaryDirectory() as folder:
        env = environment(MONITOR_DATABASE_URL=f"sqlite:///{folder}/monitor.db")
        monitor = [sys.executable, "-m", "monitor"]
        run([*monitor, "digest", "--format", "json"], env=env, cwd=folder)  # makes the database
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "monitor --version": [*monitor, "--version"],
            "monitor --help": [*monitor, "--help"],
            "monitor sources list": [*monitor, "sources", "list"],
            "monitor articles": [*monitor, "articles"],
            "monitor digest --format text": [*monitor, "digest", "--format", "text"],
        }
        rows: dict[str, Run | str] = {
            name: median([run(command, env=env, cwd=folder) for _ in range(RUNS)]) for name, command in commands.items()
        }
    print(table(f"median of {RUNS}", rows, rival="python -c pass"))


if __name__ == "__main__":
    main()
