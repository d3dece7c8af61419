"""The application: which address leads where, what becomes of errors. Behind `Door`, on Starlette."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from monitor.room.press import ASSETS, TEMPLATES
from monitor.web.acts import obey
from monitor.web.api import Api
from monitor.web.door import Door
from monitor.web.hall import Counter, Hall, query_of
from monitor.web.openapi import document
from monitor.web.pages import Moved, NotFound, Pages
from storage.errors import MediaMonitorError, StorageBusy, UsageError

_BODY = 64_000  # bytes of a form or of a verdict as JSON
_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
_REMEMBERED = 1_000  # sessions for which a sentence waits


class App:
    """The reading room behind its door (ASGI).

    Args:
        hall: what is shown.
        names: as for `Door`, like the arguments that follow.
    """

    def __init__(self, hall: Hall, *, names: Sequence[str], token: str = "", origin: str = "") -> None:
        self._hall = hall
        self._pages = Pages(hall)
        self._notices: OrderedDict[str, str] = OrderedDict()
        inner = Starlette(
            routes=[*self._assets(), *self._html(), *self._json()], exception_handlers={404: self._missing, 500: self._broken}
        )
        self._door = Door(
            inner, names=names, token=token, secure=origin.startswith("https:"), origin=origin, open_paths=("/static/", "/sign-in")
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._door(scope, receive, send)

    # ------------------------------------------------------------------ pages

    def _html(self) -> list[Route]:
        pages = self._pages
        return [
            self._page("/", lambda c, f, r: pages.home(c, f)),
            self._page("/days", lambda c, f, r: pages.days(c, f)),
            self._page("/day/{day}", lambda c, f, r: pages.day(c, f, _day(r.path_params["day"]))),
            self._page("/story/s{number:int}", lambda c, f, r: pages.story(c, f, _number(r.path_params["number"]))),
            self._page("/topics", lambda c, f, r: pages.topics(c, f)),
            self._page("/topic/{name}", lambda c, f, r: pages.topic(c, f, r.path_params["name"], query_of(r.query_params))),
            self._page("/outlets", lambda c, f, r: pages.outlets(c, f)),
            self._page(
                "/outlet/{host}", lambda c, f, r: pages.outlet(c, f, r.path_params["host"].replace("\0", ""), query_of(r.query_params))
            ),
            self._page("/search", lambda c, f, r: pages.search(c, f, query_of(r.query_params))),
            self._page("/trends", lambda c, f, r: pages.trends(c, f, query_of(r.query_params))),
            self._page("/sources", lambda c, f, r: pages.sources(c, f)),
            self._page("/suppressed", lambda c, f, r: pages.suppressed(c, f, query_of(r.query_params))),
            self._page("/api", lambda c, f, r: self._about_api(c, f)),
            Route("/verdict", self._verdict, methods=["POST"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
        ]

    def _page(self, path: str, make: Callable[[Counter, Any, Request], str]) -> Route:
        def answer(request: Request) -> Response:
            counter = self._hall.counter("")
            state = request.state
            if getattr(state, "shut", False):
                return self._ask_token(counter, request)
            try:
                counter = self._hall.counter(query_of(request.query_params).get("digest", ""))
                notice = self._notices.pop(state.session.id, "")
                frame = self._pages.frame(counter, csrf=state.csrf, back=_here(request), notice=notice)
                return HTMLResponse(make(counter, frame, request))
            except Moved as onward:
                return RedirectResponse(str(onward), 302)
            except NotFound:
                return self._said(counter, 404, counter.press.room.phrases.say("not_found"))
            except UsageError as error:
                return self._said(counter, 400, str(error), error.hint or "")
            except StorageBusy as error:
                return self._said(counter, 503, str(error), error.hint or "")

        return Route(path, answer, methods=["GET"])

    def _said(self, counter: Counter, status: int, about: str, hint: str = "") -> Response:
        heading = counter.press.room.phrases.say("error")
        return HTMLResponse(counter.press.message(self._pages.frame(counter), heading, about, hint), status)

    def _ask_token(self, counter: Counter, request: Request, about: str = "") -> Response:
        say = counter.press.room.phrases.say
        frame = self._pages.frame(counter, back=_here(request) if request.method == "GET" else "/")
        page = counter.press.message(frame, say("sign_in"), about, ask_token=True)
        return HTMLResponse(page, 401, {"www-authenticate": 'Bearer realm="media-monitor"'})

    def _about_api(self, counter: Counter, frame: Any) -> str:
        room = counter.press.room
        paths = document()["paths"]
        rows: list[tuple[Any, ...]] = [
            (f"{method.upper()} {path}", one["summary"], ", ".join(p["name"] for p in one.get("parameters", ())))
            for path, methods in paths.items()
            for method, one in methods.items()
        ]
        rows.append(({"text": "GET /api/openapi.json", "href": "/api/openapi.json"}, "OpenAPI 3.1", ""))
        tables = [{"title": "", "head": ("API", "", ""), "numbers": False, "rows": rows}]
        return counter.press.table(frame, here="", heading=room.phrases.say("api_title"), tables=tables)

    def _missing(self, request: Request, error: Exception) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": "there is no such address"}, 404)
        counter = self._hall.counter("")
        if getattr(request.state, "shut", False):
            return self._ask_token(counter, request)
        return self._said(counter, 404, counter.press.room.phrases.say("not_found"))

    def _broken(self, request: Request, error: Exception) -> Response:
        hint = error.hint if isinstance(error, MediaMonitorError) else None
        about = str(error) if isinstance(error, MediaMonitorError) else "An error of the program; its log on stderr tells more."
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": about, **({"hint": hint} if hint else {})}, 500)
        return self._said(self._hall.counter(""), 500, about, hint or "")

    # ------------------------------------------------------------------ what readers say

    async def _verdict(self, request: Request) -> Response:
        counter = self._hall.counter("")
        if getattr(request.state, "shut", False):
            return self._ask_token(counter, request)
        asked = await _form(request)
        say = counter.press.room.phrases.say
        if asked is None or not self._door.is_ours(request.state.session, asked.get("csrf", "")):
            return self._said(counter, 403, say("stale"))
        try:
            done = await run_in_threadpool(obey, self._hall, asked)
        except UsageError as error:
            return self._said(counter, 400, str(error), error.hint or "")
        except StorageBusy as error:
            return self._said(counter, 503, str(error), error.hint or "")
        self._notices[request.state.session.id] = f"{say('remembered')} ({done})"
        while len(self._notices) > _REMEMBERED:
            self._notices.popitem(last=False)
        return RedirectResponse(await run_in_threadpool(self._pages.after, _local(asked.get("back", "/"))), 303)

    async def _sign_in(self, request: Request) -> Response:
        counter = self._hall.counter("")
        asked = await _form(request) or {}
        cookie = self._door.cookie_inside(asked.get("token", ""))
        if cookie is None:
            return self._ask_token(counter, request, counter.press.room.phrases.say("wrong_token"))
        return RedirectResponse(_local(asked.get("back", "/")), 303, {"set-cookie": cookie})

    # ------------------------------------------------------------------ JSON

    def _json(self) -> list[Route]:
        api = Api(self._hall)
        return [
            self._question("/api/v1/digest/next", api.next_digest),
            self._question("/api/v1/digests", api.digests),
            self._question("/api/v1/digests/{day}", lambda c, q, day: api.digest(c, q, day)),
            self._question("/api/v1/stories", api.stories),
            self._question("/api/v1/stories/{number:int}", lambda c, q, number: api.story(c, q, _number(number))),
            self._question("/api/v1/topics", api.topics),
            self._question("/api/v1/outlets", api.outlets),
            self._question("/api/v1/search", api.search),
            self._question("/api/v1/trends", api.trends),
            self._question("/api/v1/sources", api.sources),
            self._question("/api/v1/suppressed", api.suppressed),
            self._question("/api/v1/verdicts", api.verdicts),
            Route("/api/v1/verdicts", self._verdict_json, methods=["POST"]),
            Route("/api/openapi.json", self._document, methods=["GET"]),
        ]

    def _question(self, path: str, answer: Callable[..., Any]) -> Route:
        def answered(request: Request) -> Response:
            if getattr(request.state, "shut", False):
                return _shut()
            try:
                asked = query_of(request.query_params)
                counter = self._hall.counter(asked.get("digest", ""))
                return JSONResponse(answer(counter, asked, **request.path_params))
            except Moved as onward:
                return RedirectResponse(str(onward), 302)
            except NotFound:
                return JSONResponse({"error": "there is none"}, 404)
            except (UsageError, StorageBusy) as error:
                return _wrong(error)

        return Route(path, answered, methods=["GET"])

    async def _verdict_json(self, request: Request) -> Response:
        if getattr(request.state, "shut", False):
            return _shut()
        # No form of another site can send this type without asking first, and nobody answers such a question here.
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return JSONResponse({"error": "this wants Content-Type: application/json"}, 415)
        body = await _body(request)
        try:
            asked = json.loads(body or b"")
        except ValueError:
            asked = None
        if not isinstance(asked, dict) or not all(isinstance(one, str) for one in asked.values()):
            return JSONResponse({"error": "this wants an object of texts", "hint": "see /api/openapi.json"}, 400)
        try:
            return JSONResponse({"remembered": await run_in_threadpool(obey, self._hall, query_of(asked))})
        except (UsageError, StorageBusy) as error:
            return _wrong(error)

    def _document(self, request: Request) -> Response:
        return _shut() if getattr(request.state, "shut", False) else JSONResponse(document())

    # ------------------------------------------------------------------ assets

    def _assets(self) -> list[Route]:
        held = {name: TEMPLATES.joinpath(name).read_bytes() for name in ASSETS}

        def asset(request: Request) -> Response:
            name = request.path_params["name"]
            if name not in held:
                return Response(status_code=404)
            return Response(held[name], media_type=_TYPES[name.rpartition(".")[2]], headers={"cache-control": "public, max-age=300"})

        return [Route("/static/{name}", asset, methods=["GET"])]


def _shut() -> Response:
    return JSONResponse({"error": "a token is wanted", "hint": "Authorization: Bearer TOKEN"}, 401, {"www-authenticate": "Bearer"})


def _wrong(error: MediaMonitorError) -> Response:
    status = 503 if isinstance(error, StorageBusy) else 400
    return JSONResponse({"error": str(error), **({"hint": error.hint} if error.hint else {})}, status)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


def _number(number: int) -> int:
    if number >= 2**53:
        raise NotFound
    return number


def _here(request: Request) -> str:
    return _local(request.url.path + (f"?{request.url.query}" if request.url.query else ""))


def _local(path: str) -> str:
    """Return a path on this server: never another host's address, whatever a form says."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and len(path) < 2_000
    return quote(path, safe="/?&=%+:,.~-_") if fine else "/"


async def _body(request: Request) -> bytes | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY:
            return None
    return body


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form, None where it is none, or too long."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    body = await _body(request)
    if body is None:
        return None
    try:
        return query_of(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)))
    except ValueError:
        return None
