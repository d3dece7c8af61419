"""One page that scripts draw: opened in a window of its own, given what the crawl may fetch for it, and taken as it then stands.

Its bytes are those that the crawl fetched. What its scripts ask for is fetched by the crawl, too, under all of its rules, and handed over;
everything else is refused, and what slips past that meets a proxy that is not there (see `spiders.browser`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from spiders.fetching import bounds, let_go
from spiders.guard import netloc

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page, Route
    from playwright.async_api import Request as BrowserRequest

MOST_PARTS = 80  # requests of one page that are answered ...
MOST_WISHES = 1_000  # ... and that are listened to, pictures and the like included, before it is given up
MOST_WINDOWS = 5  # that a page may open before it is given up; none of them is shown anything
LARGEST_PART = 4 * 1024**2  # bytes of one answer to them ...
MOST_BYTES = 24 * 1024**2  # ... and of all for one page
LARGEST_DRAWN = 8 * 1024**2  # bytes of a page when it is drawn
LOOKS = 80  # at a page that is read and still asks for something, before it is taken as it is: eight seconds, more on a loaded machine
LAST_S = 10.0  # for what is left to do when time is over; no more than a page has as a whole
_SILENT = 5  # looks without a wish: then it is done
_LOOK_S = 0.1
_KEPT_BYTES = 32 * 1024**2  # of scripts, which all pages of a site ask for
_PARTS = {"script", "xhr", "fetch"}
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
_HEADERS_UP = {"accept", "accept-language", "authorization", "content-type", "origin", "x-requested-with", "x-api-key"}
_HEADERS_DOWN = ("content-type", "access-control-")
# Measured where the page stands, in a world that its scripts cannot touch: a page of gigabytes never leaves the process that drew it.
_TAKE = f"(() => {{ const page = document.documentElement?.outerHTML ?? ''; return page.length > {LARGEST_DRAWN} ? null : page; }})()"
_Found = tuple[int, dict[str, str], bytes]  # status, headers, body


class Scripts:
    """Scripts that pages of this crawl asked for: all pages of a site want the same ones."""

    def __init__(self) -> None:
        self._kept: dict[str, _Found] = {}
        self._size = 0

    def get(self, url: str) -> _Found | None:
        """Return an answer that is kept."""
        return self._kept.get(url)

    def keep(self, url: str, found: _Found) -> None:
        """Keep an answer, if it is a script and there is room."""
        status, headers, body = found
        if status == 200 and "javascript" in headers.get("content-type", "") and self._size + len(body) <= _KEPT_BYTES:
            self._kept[url] = found
            self._size += len(body)


class Drawing:
    """One page, from its bytes to its drawn form.

    Args:
        response: the page as it was sent.
        robots: False leaves robots.txt out on the page's own host.
        seconds: until it is taken as it is.
    """

    def __init__(self, crawler: Crawler, response: Response, scripts: Scripts, *, robots: bool, seconds: float) -> None:
        self._crawler = crawler
        self._response = response
        self._scripts = scripts
        self._robots = robots
        self._seconds = seconds
        self._given = False  # the page itself was handed over
        self._parts = self._size = self._wishes = self._windows = 0
        self._asking = 0  # requests that are not answered yet
        self._silent = 0  # looks since the last of them
        self._enough = asyncio.Event()  # it asks, or opens windows, without end, or has fallen
        self.fell = False  # the process that drew it has ended, by itself or by whoever watches its memory
        self._under_way: set[asyncio.Future[Any]] = set()

    async def draw(self, context: BrowserContext) -> str:
        """Return the page as its scripts leave it.

        Raises:
            ValueError: it cannot be taken; says why.
        """
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        page.on("dialog", lambda dialog: self._do(dialog.dismiss()))
        page.on("crash", lambda _: self._fall())
        context.on("page", lambda window: self._window(window) if window is not page else None)
        await context.route("**/*", lambda route: self._route(route, page))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await _first_of(self._open(page, session), self._enough.wait())
        if self.fell:
            raise ValueError("the process that drew it has ended")
        if self._enough.is_set():
            raise ValueError(f"its scripts {'open windows' if self._windows > MOST_WINDOWS else 'ask for things'} without end")
        async with asyncio.timeout(min(LAST_S, self._seconds)):
            text = await _taken(session)
        if not page.url.startswith(("http://", "https://")):
            raise ValueError("its scripts led away from it")
        return text

    def stop(self) -> None:
        """End what is under way, and begin nothing more: a crawl does not end while something is fetched."""
        self._enough.set()
        for task in list(self._under_way):
            task.cancel()

    async def _open(self, page: Page, session: CDPSession) -> None:
        """Open the page and wait until it is read and asks for nothing more; one that never stops asking is taken as it is.

        Playwright's own waiting ends with the time alone where a script leads elsewhere meanwhile; and what is asked for is known here.
        What counts is looks that the page answers, not seconds: on a loaded machine its scripts, too, need more of those.
        """
        await page.goto(self._response.url, wait_until="commit", timeout=0)
        while await self._state(session) == "loading":
            await asyncio.sleep(_LOOK_S)
        for _ in range(LOOKS):
            if self._silent >= _SILENT and not self._asking:
                return
            await asyncio.sleep(_LOOK_S)
            await self._state(session)
            self._silent += 1

    async def _state(self, session: CDPSession) -> object:
        """Ask the page how far it is read; it answers when its scripts leave it time to."""
        try:
            return (await session.send("Runtime.evaluate", {"expression": "document.readyState"}))["result"].get("value")
        except Exception:
            with suppress(TimeoutError):  # where its process has ended, that is told in a moment
                async with asyncio.timeout(1.0):
                    await self._enough.wait()
                    return None
            raise

    def _do(self, job: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        """Begin what may fail, because its page is gone, and what is not waited for at the end."""
        task = asyncio.ensure_future(job)
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Future[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:  # seen: nobody else asks for it
            let_go(error)

    def _fall(self) -> None:
        self.fell = True
        self._enough.set()

    def _window(self, window: Page) -> None:
        self._count_window()
        self._do(window.close())

    def _count_window(self) -> None:
        self._windows += 1
        if self._windows > MOST_WINDOWS:
            self._enough.set()

    async def _route(self, route: Route, page: Page) -> None:
        """Give each request an end of its own: for one that has none Playwright waits as long as the process lives."""
        self._wishes += 1
        if self._wishes > MOST_WISHES:
            self._enough.set()
        self._asking += 1
        try:
            await (route.abort() if self._enough.is_set() else self._answer(route, page))
        except Exception:  # noqa: BLE001 - whatever was in the way, the page does without
            try:
                await route.abort()
            except Exception:  # noqa: BLE001 - the page is gone, or the browser: there is nobody to go on with
                with suppress(Exception):
                    await route.fallback()
        finally:
            self._asking -= 1
            self._silent = 0

    async def _answer(self, route: Route, page: Page) -> None:
        """Give the browser what a page asks for, or nothing."""
        request = route.request
        if request.is_navigation_request():
            if _opens_window(request, page):
                self._count_window()  # it is given nothing, so it never comes to be the page that `_window` would hear of
            if self._given or request.frame != page.main_frame:
                await route.fulfill(status=204)  # frames, and pages that lead elsewhere by script: the page stays where it is
                return
            self._given = True
            kind = (self._response.headers.get("Content-Type") or b"text/html").decode("latin-1")
            await route.fulfill(status=200, headers={"content-type": kind}, body=self._response.body)
            return
        if request.resource_type == "stylesheet":  # some scripts wait for theirs
            await route.fulfill(status=200, headers={"content-type": "text/css"}, body="")
            return
        if request.resource_type not in _PARTS or request.method not in _METHODS:
            await route.abort()
            return
        found = await self._part(request.url, request.method, await request.all_headers(), request.post_data_buffer)
        if found is None:
            await route.abort()
            return
        status, headers, body = found
        await route.fulfill(status=status, headers=headers, body=body)

    async def _part(self, url: str, method: str, headers: Mapping[str, str], body: bytes | None) -> _Found | None:
        """Fetch what a page asks for as the crawl fetches everything; None where it may not, or enough was asked."""
        if method == "GET" and (kept := self._scripts.get(url)):
            return kept
        if self._enough.is_set() or self._parts >= MOST_PARTS or self._size >= MOST_BYTES:
            return None
        self._parts += 1
        assert self._crawler.engine is not None
        # The user's word on robots.txt is of the source's host alone.
        robots = self._robots or urlsplit(url).netloc != urlsplit(self._response.url).netloc
        asked = Request(
            url, method=method, body=body or b"", dont_filter=True,
            headers={name: value for name, value in headers.items() if name.lower() in _HEADERS_UP},
            meta=bounds(self._crawler, LARGEST_PART) | {"robots": robots, "asked_by": netloc(self._response.url)},
        )  # fmt: skip
        fetching = self._do(self._crawler.engine.download_async(asked))
        await asyncio.wait({fetching})
        if fetching.cancelled() or fetching.exception() is not None:  # stopped, refused or failed: the page does without
            return None
        response = fetching.result()
        self._size += len(response.body)
        given = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in response.headers.items()
            if values and name.decode("latin-1").lower().startswith(_HEADERS_DOWN)
        }
        found = response.status, given, response.body
        if method == "GET":
            self._scripts.keep(url, found)
        return found


def _opens_window(request: BrowserRequest, page: Page) -> bool:
    """Whether what is asked for is to stand in a window of its own."""
    try:
        return request.frame.page != page
    except Exception:  # noqa: BLE001 - Playwright's own; a window that is not there yet has no frame
        return True


def body_of(text: str) -> bytes:
    """Return a drawn page as its bytes, in UTF-8 whatever a script put into it.

    Raises:
        ValueError: it is larger than is read.
    """
    body = text.encode("utf-8", "replace")
    if len(body) > LARGEST_DRAWN:
        raise ValueError("it is larger than is read when it is drawn")
    return body


async def _taken(session: CDPSession) -> str:
    """Return what stands on the page of a session.

    Raises:
        ValueError: it is larger than is read.
    """
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    world = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "monitor"})
    asked = {"expression": _TAKE, "contextId": world["executionContextId"], "returnByValue": True}
    text = (await session.send("Runtime.evaluate", asked))["result"].get("value")
    if not isinstance(text, str):
        raise ValueError("it is larger than is read when it is drawn")
    return f"<!DOCTYPE html>{text}"


async def _first_of(*jobs: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of some jobs and end the others."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
