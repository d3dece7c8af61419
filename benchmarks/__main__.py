"""Run the benchmarks by name: `python -m benchmarks [NAME...]`; without a name, those of the first list. `--help` shows both.

A benchmark takes its settings from the environment. The exit code is 1 where one misses what it is held to, 2 where one lacks what it reads.
"""

from __future__ import annotations

import ast
import importlib
import sys
import textwrap

from benchmarks.given import ROOT

NAMES = ("startup", "polls", "digest", "matching", "stories", "idle")
ON_REQUEST = (
    "fuzz",
    "kills",
    "hostile",
    "broken_feeds",
    "feeds",
    "listings",
    "dates",
    "recorded",
    "reading",
    "growth",
    "throughput",
    "resume",
)  # they take long, or somebody's files


def main() -> int:
    """Run each named benchmark's `main()` in turn; returns the exit code."""
    names = sys.argv[1:]
    if {"-h", "--help"} & set(names):
        print(__doc__)
        for title, group in (("Run without a name", NAMES), ("Run only where named", ON_REQUEST)):
            print(f"{title}:\n")
            for name in group:
                print(f"{name}\n{textwrap.indent(description(name), '    ')}\n")
        return 0
    unknown = [name for name in names if name not in NAMES + ON_REQUEST]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(NAMES + ON_REQUEST)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
        print(flush=True)
    return 0


def description(name: str) -> str:
    """Return what a benchmark says of itself, without loading it."""
    return ast.get_docstring(ast.parse((ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"))) or ""


if __name__ == "__main__":
    sys.exit(main())
