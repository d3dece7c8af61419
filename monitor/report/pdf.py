"""Print a page by a Chromium that is on the machine; nothing is downloaded for it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from spiders.chromium import chromium
from storage.errors import MediaMonitorError, UsageError

_SECONDS = 120


class PrintError(MediaMonitorError):
    """The browser made no document."""


def pdf_of(page: str) -> bytes:
    """Return a page as PDF.

    Raises:
        UsageError: there is no Chromium.
        PrintError: it failed, or took longer than two minutes.
    """
    command = chromium()
    if command is None:
        raise UsageError(
            "no Chromium was found to print with",
            hint="install one (Debian: apt install chromium), name it in MONITOR_CHROMIUM, or write --format html and print that",
        )
    with tempfile.TemporaryDirectory(prefix="media-monitor-") as name:
        folder = Path(name)
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        options = [
            "--headless", "--disable-gpu", "--no-pdf-header-footer", "--disable-extensions", "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={target}",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium refuses to start as root otherwise; the page is our own and has no script
        try:
            done = subprocess.run([command, *options, source.as_uri()], capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - found above
        except subprocess.TimeoutExpired:
            raise PrintError(f"{command} did not print within {_SECONDS} s") from None
        except OSError as error:
            raise PrintError(f"{command} cannot be started: {error}") from error
        if not target.exists():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise PrintError(f"{command} printed nothing (exit code {done.returncode})", hint=said[-1] if said else None)
        return target.read_bytes()
