"""Run the demo: serve the made-up web, crawl it as a user's own configuration, show where the digest is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from monitor.demo.web import DemoWeb, serve
from monitor.files import write_text
from monitor.packs import GROUPS, SEARCHES
from storage.items import Source


def run_demo(folder: Path | None) -> int:
    """Crawl the demo's web into `folder` (a fresh temporary one if None) and return the exit code.

    It runs the commands a user would run, as a child process, with a configuration written here: nothing of the line is replaced.
    """
    started = time.monotonic()
    folder = folder or Path(tempfile.mkdtemp(prefix="media-monitor-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    web = DemoWeb(datetime.now(UTC))
    config = folder / "monitor.toml"
    database = f"sqlite:///{(folder / 'monitor.db').resolve()}"
    write_text(config, f"database = {json.dumps(database)}\n{_configuration(web.sources())}")
    with serve(web) as proxy:
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"http_proxy": proxy, "MONITOR_DATABASE_URL": database}
        # The package may run from a checkout that is not installed: the child finds it where we were found.
        environment["PYTHONPATH"] = os.pathsep.join(
            path for path in [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")] if path
        )
        command = [sys.executable, "-m", "monitor", "--config", str(config), "daily"]
        code = subprocess.run(command, env=environment, cwd=folder, check=False).returncode  # noqa: S603 - our own command line
    pages = sorted((folder / "digests").glob("*.html"))
    if code not in {0, 3} or not pages:
        print(f"monitor: the demo failed with exit code {code}; its folder is {folder}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    print(f"\nThe demo took {seconds:.1f} s. One of its eight outlets is dead on purpose: the digest says so.", file=sys.stderr)
    print(f"The digest as a page: {pages[-1]}")
    program = Path(sys.argv[0]).resolve()  # as it was called: an environment that is not activated has it on no path
    called = str(program) if program.name == "monitor" else f"{sys.executable} -m monitor"
    print(f"Look further: {called} --config {config} stories", file=sys.stderr)
    return 0


def _configuration(sources: list[Source]) -> str:
    """Write a user's configuration with the demo's sources and no others."""
    lines = [
        "# The configuration of the demo: only its own made-up outlets.",
        'timezone = "Asia/Ho_Chi_Minh"',
        "",
        "[crawl]",
        "delay_seconds = 0.0",
        "",
        "[packs]",
        *(f"{group} = false" for group in (*GROUPS, SEARCHES)),
    ]
    for source in sources:
        lines += ["", "[[source]]"]
        for key in ("id", "url", "outlet", "language", "country", "timezone"):
            lines.append(f'{key} = "{getattr(source, key)}"')
        lines.append(f'ownership = "{source.ownership.value}"')
    return "\n".join(lines) + "\n"
