"""Pages that scripts draw: a headless Chromium that has no network of its own. An extra: `pip install "media-monitor[browser]"`.

The crawl fetches the page as ever; the browser is given its bytes and runs its scripts. What they ask for is fetched by the crawl, too,
under all of its rules (no private addresses, robots.txt, certificates, delays, sizes), and handed to the browser; whatever else the browser
might try meets a proxy that is not there. So nothing that a page does can reach further than a feed could.

Playwright itself, not scrapy-playwright: that one lets Chromium open connections and follow redirects by itself, past these rules.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response

from spiders.chromium import chromium
from spiders.drawing import LAST_S, Drawing, Scripts, body_of
from spiders.fetching import Answer
from storage.text import clean_text

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Playwright

_LOG = logging.getLogger(__name__)
AT_ONCE = 2  # pages that are drawn at the same time
MOST_MB = 512  # of memory that one process of the browser may take, what it shares with others left out
MOST_FAILURES = 3  # pages of a host in a row that could not be drawn; the others wait for the next crawl
_START_S = 60.0  # at least for its start: on a loaded machine it takes twenty times as long as on an idle one
_UNROUTE_S = 0.5
_LOOK_S = 0.3  # between two looks at the browser's memory
_NOWHERE = "http://127.0.0.1:9"
_OPTIONS = (
    f"--proxy-server={_NOWHERE}", "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-quic",
    "--dns-prefetch-disable", "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-background-networking",
    "--disable-component-update", "--disable-domain-reliability", "--disable-sync", "--no-pings", "--mute-audio", "--disable-dev-shm-usage",
)  # fmt: skip


class Browser:
    """Draws pages for a crawl; started when first needed.

    Args:
        seconds: for one page, from its bytes to its drawn form.
    """

    def __init__(self, crawler: Crawler, *, seconds: float) -> None:
        self._crawler = crawler
        self._seconds = seconds
        self._last_s = min(LAST_S, seconds)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._waiting = asyncio.Lock()  # whoever wants it for one page alone
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._driver: psutil.Process | None = None
        self._failures: Counter[str] = Counter()  # host -> pages in a row that could not be drawn
        self._ended = 0  # processes of pages that took too much memory
        self._brought_down: list[Drawing | None] = []  # by whom, each time that the browser fell; None: it took too much memory
        self._never = ""  # why it cannot be started: that is not tried again for each page
        self._scripts = Scripts()

    async def drawn(self, answer: Answer, *, robots: bool) -> Answer:
        """Return the answer with the page as its scripts draw it; one that is no page stays as it is.

        Args:
            robots: False leaves robots.txt out on the page's own host.
        """
        response = answer.response
        if response is None or response.status != 200 or not _is_page(response):
            return answer
        host = urlsplit(response.url).hostname or ""
        try:
            body = await self._draw_or_again(host, response, robots=robots)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a page does to the browser ends with the page
            self._failures[host] += 1
            said = "it took too long" if isinstance(error, TimeoutError) else clean_text(str(error), 200) or type(error).__name__
            _LOG.warning("%s could not be drawn: %s", response.url, said)  # of pages only "browser" is kept
            return Answer(error_kind="browser", error=f"the page could not be drawn: {said}", later=True, latency=answer.latency)
        del self._failures[host]
        headers = response.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        drawn = HtmlResponse(response.url, status=200, headers=headers, body=body, encoding="utf-8", request=response.request)
        return replace(answer, response=drawn)

    async def close(self) -> None:
        """End the browser, whatever it is doing."""
        await self._drop()
        await self._end()

    # ------------------------------------------------------------------ the browser

    async def _running(self) -> Chromium:
        async with self._starting:
            if self._never:
                raise RuntimeError(self._never)
            if self._chromium is not None and self._chromium.is_connected():
                return self._chromium
            from playwright.async_api import async_playwright

            if self._playwright is None:
                before = {one.pid for one in psutil.Process().children()}
                self._playwright = await async_playwright().start()
                ours = [one for one in psutil.Process().children() if one.pid not in before]
                self._driver = next((one for one in ours if "playwright" in " ".join(_cmdline(one))), None)
            try:
                self._chromium = await self._playwright.chromium.launch(
                    executable_path=chromium(),
                    args=list(_OPTIONS),
                    # Chromium refuses to start as root with its sandbox.
                    chromium_sandbox=not (hasattr(os, "geteuid") and os.geteuid() == 0),
                    timeout=1_000 * max(self._seconds, _START_S),
                )
            except Exception as error:
                lines = [line for line in str(error).splitlines() if "fail" in line.lower() or "error" in line.lower()]
                said = clean_text((lines or [str(error)])[0], 160)
                self._never = f"{chromium()} does not start as this user: {said}"
                raise RuntimeError(self._never) from error
            return self._chromium

    async def _drop(self) -> None:
        """End the Chromium; the next page starts another."""
        running, self._chromium = self._chromium, None
        if running is None:
            return
        try:
            async with asyncio.timeout(self._last_s):
                await running.close()
        except Exception:  # noqa: BLE001 - it has to go, however it feels
            await self._end()

    async def _end(self) -> None:
        """End Playwright and all processes below it, whatever they are doing."""
        (driver, self._driver), (playwright, self._playwright) = (self._driver, None), (self._playwright, None)
        ending = asyncio.ensure_future(playwright.stop()) if playwright is not None else None
        await asyncio.sleep(0)  # it has to know of its end before its processes are gone, or it complains of their loss
        if driver is not None:
            for one in [*_below(driver), driver]:
                with suppress(psutil.Error):
                    one.kill()
        if ending is not None:
            await asyncio.wait({ending}, timeout=self._last_s)
            ending.cancel()
            if ending.done() and not ending.cancelled():
                ending.exception()  # seen: it has to go, however it feels

    async def _watch(self) -> None:
        """End what takes too much memory: the page's process alone where it is that, else the whole browser."""
        while self._driver is not None:
            await asyncio.sleep(_LOOK_S)
            for one in [self._driver, *_below(self._driver)] if self._driver is not None else []:
                if _own_mb(one) <= MOST_MB:
                    continue
                _LOG.warning("a page took more than %s MB of memory, so it was ended", MOST_MB)
                if "--type=renderer" in _cmdline(one):
                    self._ended += 1
                    with suppress(psutil.Error):
                        one.kill()
                else:
                    self._brought_down.append(None)
                    self._chromium = None
                    await self._end()
                    break

    # ------------------------------------------------------------------ a page

    async def _draw_or_again(self, host: str, response: Response, *, robots: bool) -> bytes:
        """Draw a page; once more, and then alone, where another page may have brought the browser down meanwhile."""
        for last in (False, True):
            async with self._alone() if last else self._gate:
                if self._failures[host] >= MOST_FAILURES and not self._never:
                    raise ValueError(f"{MOST_FAILURES} pages of {host} in a row could not be, so the others are left for the next crawl")
                drawing = Drawing(self._crawler, response, self._scripts, robots=robots, seconds=self._seconds)
                before, ended = len(self._brought_down), self._ended
                try:
                    return await self._draw(drawing)
                except Exception as error:
                    fallen = self._brought_down[before:]
                    if (drawing.fell and self._ended > ended) or (last and None in fallen):
                        raise ValueError(f"it took more than {MOST_MB} MB of memory") from error
                    if last or all(one is drawing for one in fallen):
                        raise
        raise AssertionError

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Have the browser for one page alone: whoever brings it down then is known, and brings down nobody else's page."""
        async with AsyncExitStack() as places:
            await places.enter_async_context(self._waiting)
            for _ in range(AT_ONCE):
                await places.enter_async_context(self._gate)
            yield

    async def _draw(self, drawing: Drawing) -> bytes:
        running = await self._running()
        watch = asyncio.ensure_future(self._watch())
        try:
            async with asyncio.timeout(self._seconds + 2 * self._last_s):  # the whole of it, whatever hangs
                context = await running.new_context(
                    accept_downloads=False, service_workers="block", user_agent=str(self._crawler.settings.get("USER_AGENT")),
                    viewport={"width": 1280, "height": 1600},
                )  # fmt: skip
                try:
                    text = await drawing.draw(context)
                finally:
                    drawing.stop()
                    await self._leave(context, drawing)
        finally:
            watch.cancel()
        return body_of(text)

    async def _leave(self, context: BrowserContext, drawing: Drawing) -> None:
        """Close what a page stood in; where that hangs, the whole browser goes, and the other page under way is drawn again."""
        try:
            async with asyncio.timeout(self._last_s):
                # What it still asks for is not waited for; a page whose script never ends does not answer even that, and is closed.
                with suppress(Exception):
                    async with asyncio.timeout(_UNROUTE_S):
                        await context.unroute_all(behavior="ignoreErrors")
                await context.close()
        except Exception:  # noqa: BLE001 - it has to go, however it feels
            self._brought_down.append(drawing)
            await self._drop()


def _is_page(response: Response) -> bool:
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} or (not kind and b"<html" in response.body[:2_000].lower())


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _own_mb(process: psutil.Process) -> float:
    """Memory of a process that it shares with no other, as far as the system tells."""
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0.0
    return float(memory.rss - getattr(memory, "shared", 0)) / 1024**2
