"""A site of 2,000 articles walked once, and once more interrupted three times: `python -m benchmarks resume`.

`monitor crawl ADDRESS --depth 3` on a made-up site on loopback (2,000 articles, 100 lists of 20, every fifth article names FPT). The second walk is
killed (SIGKILL), interrupted (SIGINT) and killed again, each time after a quarter more of the requests, and then runs to its end. The rows
of both databases (articles, mentions, sightings, steps of walks) have to be the same, and all three have to have met a walk that was under
way; else the process ends with 1. SQLite by default; `RESUME_DATABASE=postgresql://...` names an empty database for the interrupted walk,
`RESUME_ARTICLES=400` makes a smaller site.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.end_to_end.section import A_LIST, Folder, build
from tests.spiders.site import Site

ARTICLES = int(os.environ.get("RESUME_ARTICLES", "2000"))
_SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGKILL)
_LONGEST_S = 900.0


def main() -> None:
    """Walk, walk with interruptions, compare; ends the process with 1 where the rows differ."""
    with tempfile.TemporaryDirectory() as name, Site() as site:
        build(site, ARTICLES)
        links = "".join(f'<a href="/list/{one}/">{one}</a>' for one in range(1, -(-ARTICLES // A_LIST)))
        site.pages["/archive/"] = f'<html><body><a href="/">0</a>{links}</body></html>'
        once = Folder(_made(name, "once"), site)
        order = ("crawl", site.url("/archive/"), "--depth", "3", "--limit", str(2 * ARTICLES))
        began = time.monotonic()
        once.run(*order)
        whole, seconds = len(site.seen), time.monotonic() - began
        rows = once.rows()
        print(
            f"one run: {whole} requests, {len(rows['articles'])} articles, {len(rows['sightings'])} sightings, {seconds:.0f} s", flush=True
        )

        cut = Folder(_made(name, "cut"), site, os.environ.get("RESUME_DATABASE", ""))
        site.seen.clear()
        late = 0  # signals that met nobody
        for number, how in enumerate(_SIGNALS, 1):
            process = cut.start(*order)
            until = time.monotonic() + _LONGEST_S
            while len(site.seen) < number * whole // 4 and process.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
            alive = process.poll() is None
            late += not alive
            process.send_signal(how)
            process.communicate()
            print(f"{how.name} after {len(site.seen)} requests{'' if alive else ': it had ended before'}", flush=True)
        cut.run(*order)
        again = len(site.seen) - whole
        after = cut.rows()
        print(f"to its end: {len(site.seen)} requests in all, {again} of them again; {len(after['articles'])} articles")
        differing = [table for table in rows if rows[table] != after[table]]
        print(f"rows differ in: {', '.join(differing)}" if differing else "the rows are the same")
    if differing or late:
        sys.exit(1)


def _made(folder: str, name: str) -> Path:
    made = Path(folder) / name
    made.mkdir()
    return made


if __name__ == "__main__":
    main()
