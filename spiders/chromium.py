"""A Chromium that is on the machine, and what is missing for drawing pages with it. Nothing is downloaded; standard library only."""

from __future__ import annotations

import importlib.util
import os
import shutil

INSTALL = 'pip install "media-monitor[browser]"'
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")


def chromium() -> str | None:
    """Return the command of a Chromium: what MONITOR_CHROMIUM names, else the first that is found; None where there is none."""
    named = os.environ.get("MONITOR_CHROMIUM")
    return next((found for name in ((named,) if named else NAMES) if (found := shutil.which(name))), None)


def lacking() -> tuple[str, str] | None:
    """Return what is missing for drawing pages and how to get it, None where nothing is."""
    if importlib.util.find_spec("playwright") is None:
        return "the package playwright is not installed", INSTALL
    if chromium() is None:
        return "there is no Chromium", "install one (Debian: apt install chromium), or name it in MONITOR_CHROMIUM"
    return None
