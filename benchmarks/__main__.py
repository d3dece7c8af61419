"""Run the benchmarks by name: `python -m benchmarks polls digest startup matching stories idle`; without a name, all of these.

`reading` and `growth` (a million articles, some minutes and 3 to 4 GB) run where they are named.
"""

from __future__ import annotations

import importlib
import sys

NAMES = ("startup", "polls", "digest", "matching", "stories", "idle")
ON_REQUEST = (
    "fuzz",
    "kills",
    "hostile",
    "broken_feeds",
    "feeds",
    "listings",
    "dates",
    "reading",
    "growth",
    "throughput",
    "resume",
)  # only where named: they take minutes


def main() -> int:
    """Run each named benchmark's `main()` in turn; returns the exit code."""
    names = sys.argv[1:] or list(NAMES)
    unknown = [name for name in names if name not in NAMES + ON_REQUEST]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(NAMES + ON_REQUEST)}", file=sys.stderr)
        return 2
    for name in names:
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
        print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
