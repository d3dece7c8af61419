"""Pages that scripts draw: a headless Chromium that has no network of its own. An extra: `pip install "media-monitor[browser]"`.

The crawl fetches the page as ever; the browser is given its bytes and runs its scripts. What they ask for is fetched by the crawl, too,
under all of its rules (no private addresses, robots.txt, certificates, delays, sizes), and handed to the browser; whatever else the browser
might try meets a proxy that is not there. So nothing that a page does can reach further than a feed could.

Playwright itself, not scrapy-playwright: that one lets Chromium open connections and follow redirects by itself, past these rules.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Request, Response

from spiders.chromium import chromium
from spiders.fetching import Answer, bounds
from storage.text import clean_text

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Page, Playwright, Route

AT_ONCE = 2  # pages that are drawn at the same time
MOST_PARTS = 80  # requests of one page
LARGEST_PART = 4 * 1024**2  # bytes of one answer to them ...
MOST_BYTES = 24 * 1024**2  # ... and of all for one page
LARGEST_DRAWN = 8 * 1024**2  # bytes of a page when it is drawn
QUIET_S = 8.0  # so long a drawn page may go on asking before it is taken as it is
_START_S = 20.0  # at least for its start
_LAST_S = 5.0  # for what is left to do when time is over
_KEPT_BYTES = 32 * 1024**2  # of scripts, which all pages of a site ask for
_PARTS = {"script", "xhr", "fetch"}
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
_HEADERS_UP = {"accept", "accept-language", "authorization", "content-type", "origin", "x-requested-with", "x-api-key"}
_HEADERS_DOWN = ("content-type", "access-control-")
_NOWHERE = "http://127.0.0.1:9"
_OPTIONS = (
    f"--proxy-server={_NOWHERE}", "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-quic",
    "--dns-prefetch-disable", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-background-networking",
    "--disable-component-update", "--disable-domain-reliability", "--disable-sync", "--no-pings", "--mute-audio", "--disable-dev-shm-usage",
)  # fmt: skip


@dataclass
class _Drawing:
    """What one page has asked for so far."""

    response: Response
    robots: bool
    given: bool = False  # the page itself was handed over
    parts: int = 0
    size: int = 0
    under_way: set[asyncio.Task[None]] = field(default_factory=set)


class Browser:
    """Draws pages for a crawl; started when first needed.

    Args:
        seconds: for one page, from its bytes to its drawn form.
    """

    def __init__(self, crawler: Crawler, *, seconds: float) -> None:
        self._crawler = crawler
        self._seconds = seconds
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._driver: psutil.Process | None = None
        self._never = ""  # why it cannot be started: that is not tried again for each page
        self._kept: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self._kept_size = 0

    async def drawn(self, answer: Answer, *, robots: bool) -> Answer:
        """Return the answer with the page as its scripts draw it; one that is no page stays as it is.

        Args:
            robots: False leaves robots.txt out on the page's own host.
        """
        response = answer.response
        if response is None or response.status != 200 or not _is_page(response):
            return answer
        async with self._gate:
            try:
                body = await self._draw(_Drawing(response, robots))
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a page does to the browser ends with the page
                said = "it took too long" if isinstance(error, TimeoutError) else clean_text(str(error), 200) or type(error).__name__
                return Answer(error_kind="browser", error=f"the page could not be drawn: {said}", later=True, latency=answer.latency)
        headers = response.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        drawn = HtmlResponse(response.url, status=200, headers=headers, body=body, encoding="utf-8", request=response.request)
        return replace(answer, response=drawn)

    async def close(self) -> None:
        """End the browser, whatever it is doing."""
        await self._drop()
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            with suppress(Exception):
                async with asyncio.timeout(_LAST_S):
                    await playwright.stop()
        self._kill()

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
            async with asyncio.timeout(_LAST_S):
                await running.close()
        except Exception:  # noqa: BLE001 - it has to go, however it feels
            self._playwright = None
            self._kill()

    def _kill(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(psutil.Error):
                for one in [*driver.children(recursive=True), driver]:
                    with suppress(psutil.Error):
                        one.kill()

    # ------------------------------------------------------------------ a page

    async def _draw(self, drawing: _Drawing) -> bytes:
        running = await self._running()
        async with asyncio.timeout(self._seconds + 2 * _LAST_S):  # the whole of it, whatever hangs
            context = await running.new_context(
                accept_downloads=False, service_workers="block", user_agent=str(self._crawler.settings.get("USER_AGENT")),
                viewport={"width": 1280, "height": 1600},
            )  # fmt: skip
            try:
                page = await context.new_page()
                page.on("dialog", lambda dialog: asyncio.ensure_future(_dismiss(dialog)))

                async def route(route: Route) -> None:
                    task = asyncio.ensure_future(self._answer(route, page, drawing))
                    drawing.under_way.add(task)
                    await asyncio.wait({task})
                    drawing.under_way.discard(task)
                    if not task.cancelled():
                        task.exception()  # a page that was closed meanwhile takes no answer

                await context.route("**/*", route)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._seconds):
                        await page.goto(drawing.response.url, wait_until="domcontentloaded", timeout=0)
                        with suppress(Exception):  # one that never stops asking is taken as it is
                            await page.wait_for_load_state("networkidle", timeout=1_000 * min(QUIET_S, self._seconds))
                async with asyncio.timeout(_LAST_S):
                    text = await page.content()
                if not page.url.startswith(("http://", "https://")):
                    raise ValueError("its scripts led away from it")
            finally:
                for task in list(drawing.under_way):
                    task.cancel()  # a crawl does not end while something is fetched
                await self._leave(context)
        body = text.encode("utf-8", "replace")
        if len(body) > LARGEST_DRAWN:
            raise ValueError("it is larger than is read when it is drawn")
        return body

    async def _leave(self, context: BrowserContext) -> None:
        """Close what a page stood in; where that hangs, the whole browser goes, and with it the other page under way."""
        try:
            async with asyncio.timeout(_LAST_S):
                await context.unroute_all(behavior="ignoreErrors")  # what it still asks for is not waited for
                await context.close()
        except Exception:  # noqa: BLE001 - a page that holds its process holds this up, too
            await self._drop()

    async def _answer(self, route: Route, page: Page, drawing: _Drawing) -> None:
        """Give the browser what a page asks for, or nothing."""
        request = route.request
        if request.is_navigation_request():
            if drawing.given or request.frame != page.main_frame:
                await route.fulfill(status=204)  # frames, and pages that lead elsewhere by script: the page stays where it is
                return
            drawing.given = True
            kind = (drawing.response.headers.get("Content-Type") or b"text/html").decode("latin-1")
            await route.fulfill(status=200, headers={"content-type": kind}, body=drawing.response.body)
            return
        if request.resource_type == "stylesheet":  # some scripts wait for theirs
            await route.fulfill(status=200, headers={"content-type": "text/css"}, body="")
            return
        if request.resource_type not in _PARTS or request.method not in _METHODS:
            await route.abort()
            return
        found = await self._part(request.url, request.method, await request.all_headers(), request.post_data_buffer, drawing)
        if found is None:
            await route.abort()
            return
        status, headers, body = found
        await route.fulfill(status=status, headers=headers, body=body)

    async def _part(
        self, url: str, method: str, headers: Mapping[str, str], body: bytes | None, drawing: _Drawing
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Fetch what a page asks for as the crawl fetches everything; None where it may not, or enough was asked."""
        if method == "GET" and url in self._kept:
            return self._kept[url]
        if drawing.parts >= MOST_PARTS or drawing.size >= MOST_BYTES:
            return None
        drawing.parts += 1
        assert self._crawler.engine is not None
        # The user's word on robots.txt is of the source's host alone.
        robots = drawing.robots or urlsplit(url).netloc != urlsplit(drawing.response.url).netloc
        asked = Request(
            url, method=method, body=body or b"", dont_filter=True,
            headers={name: value for name, value in headers.items() if name.lower() in _HEADERS_UP},
            meta=bounds(self._crawler, LARGEST_PART) | {"robots": robots},
        )  # fmt: skip
        try:
            response = await self._crawler.engine.download_async(asked)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - refused or failed: the page does without
            return None
        drawing.size += len(response.body)
        given = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in response.headers.items()
            if values and name.decode("latin-1").lower().startswith(_HEADERS_DOWN)
        }
        found = response.status, given, response.body
        if method == "GET" and response.status == 200 and "javascript" in given.get("content-type", ""):
            self._keep(url, found)
        return found

    def _keep(self, url: str, found: tuple[int, dict[str, str], bytes]) -> None:
        if self._kept_size + len(found[2]) <= _KEPT_BYTES:
            self._kept[url] = found
            self._kept_size += len(found[2])


async def _dismiss(dialog: Any) -> None:
    with suppress(Exception):
        await dialog.dismiss()


def _is_page(response: Response) -> bool:
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} or (not kind and b"<html" in response.body[:2_000].lower())


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
