"""A real Chromium for tests, by Selenium: what it asked for, what it complained of, what axe-core says of a page.

Needs Debian's chromium and chromium-driver; axe-core is named by MONITOR_AXE (the file axe.min.js; .ci/run brings it). What is absent is
skipped. Nothing is downloaded here.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class Chromium:
    """One browser window."""

    def __init__(self, profile: Path, *, dark: bool = False, width: int = 1280, script: bool = True) -> None:
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-sync", f"--user-data-dir={profile}",
        ):  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if not script:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        service = webdriver.ChromeService(executable_path=str(shutil.which("chromedriver")))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(60)
        self.look(dark=dark, width=width)

    def look(self, *, dark: bool, width: int) -> None:
        """Take another width, in CSS pixels, and the reader's wish for a dark page."""
        scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, address: str) -> None:
        """Open a page; its complaints and requests begin anew."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address)

    def follow(self, act: Callable[[], None]) -> None:
        """Do what leads to another page, and wait until that has taken the place of this one."""
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.support.wait import WebDriverWait

        # A mark on the page that is left. To ask for one of its elements while the next page comes in can end in an "unhandled inspector
        # error" instead of a stale element.
        self.driver.execute_script("window.left = true")
        act()
        arrived = WebDriverWait(self.driver, 30, ignored_exceptions=[WebDriverException])
        arrived.until(lambda driver: driver.execute_script("return !window.left && document.readyState === 'complete'"))

    def text(self) -> str:
        """Return what stands on the page."""
        return str(self.driver.execute_script("return document.body.innerText"))

    def complaints(self) -> list[str]:
        """Return what the browser wrote into its console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self) -> list[str]:
        """Return the addresses that were asked for since the last call."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def faults(self, rule: str = "") -> list[str]:
        """Return the serious and critical faults that axe-core finds, by all of its rules or by one."""
        axe = axe_file().read_text(encoding="utf-8")
        # By the debugger's door: the page's own policy lets no strange script in.
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
        options = {"resultTypes": ["violations"], **({"runOnly": [rule]} if rule else {})}
        answer: dict[str, Any] = self.driver.execute_cdp_cmd(
            "Runtime.evaluate", {"expression": f"axe.run(document, {json.dumps(options)})", "awaitPromise": True, "returnByValue": True}
        )
        violations = answer["result"]["value"]["violations"]
        return [
            f"{one['id']}: {node['html'][:120]} {node.get('failureSummary', '')[:300]}"
            for one in violations
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]

    def picture(self, path: Path) -> None:
        """Save what is seen of the whole page."""
        high = int(self.driver.execute_script("return Math.min(document.documentElement.scrollHeight, 6000)"))
        wide = int(self.driver.execute_script("return window.innerWidth"))
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": wide, "height": high, "deviceScaleFactor": 1, "mobile": False}
        )
        self.driver.save_screenshot(str(path))

    def close(self) -> None:
        """Close it."""
        self.driver.quit()


def available() -> None:
    """Skip the test where there is no Chromium to drive."""
    pytest.importorskip("selenium")
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")


def axe_file() -> Path:
    """Return axe-core's script; skips the test where it is absent."""
    named = os.environ.get("MONITOR_AXE", "")
    if not named or not Path(named).is_file():
        pytest.skip("MONITOR_AXE names no axe.min.js")
    return Path(named)
