"""What a benchmark is given from outside: folders with others' files, settings of its own, the environment of the commands that it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a command of ours: nothing of the user's watch or proxies changes what is measured."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_") and not name.lower().endswith("_proxy")}
    ours["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return ours | more


def folders(variable: str, *, holding: str = "") -> list[Path]:
    """Return the folders that a variable names, divided as in PATH. Ends the process with 2 where it names none, or one that is not there.

    Args:
        holding: a file that each has to hold.
    """
    named = [Path(name) for name in os.environ.get(variable, "").split(os.pathsep) if name]
    missing = [path for path in named if not (path / holding).exists()]
    if not named or missing:
        said = f"{missing[0] / holding} does not exist" if missing else "is not set"
        print(f"{variable}: {said}; `python -m benchmarks --help` says what it names", file=sys.stderr)
        sys.exit(2)
    return named


def corpus() -> Path:
    """Return the folder with labelled data, which may be absent: `MONITOR_CORPUS`, otherwise ../shared/corpus beside the repository."""
    return Path(os.environ.get("MONITOR_CORPUS") or ROOT.parent / "shared" / "corpus")
