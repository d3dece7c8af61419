"""Who may come in, and with what each answer is armed: host names, other sites' requests, the token, sessions, headers of safety.

- Another name than ours in Host is refused, so that a stranger's domain that points at this machine (DNS rebinding) reads nothing.
- What changes something must come from a page of ours: Sec-Fetch-Site and Origin are looked at, and a form carries a mark that only
  our own pages know, made from the session's cookie.
- Pages may load our own style sheet and pictures and nothing else; there is no script.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "monitor_session"
_DAYS = 30
_SAFE = {"GET", "HEAD"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "private, no-cache",
}


@dataclass(frozen=True)
class Session:
    """One browser."""

    id: str
    inside: bool  # has shown the token
    fresh: bool  # its cookie is still to be set


class Door:
    """Stands before the application (ASGI).

    Args:
        app: what is behind it.
        names: hosts that are ours, without port; addresses in numbers are taken, too: they cannot be another's name.
        token: the secret that readers show; "" where none is asked for.
        secure: cookies go over TLS alone.
        origin: our public address where a proxy stands before us: scheme and host of our pages; "" where there is none.
        open_paths: beginnings of paths that are shown to everybody.
    """

    def __init__(
        self, app: ASGIApp, *, names: Sequence[str], token: str = "", secure: bool = False, origin: str = "", open_paths: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._token = token
        self._secure = secure
        self._origin = origin
        self._open = tuple(open_paths)
        # With a token, a session outlives the process that gave it, and ends when the token is changed.
        self._key = hashlib.sha256(b"media-monitor session " + token.encode()).digest() if token else secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session = self._session(headers)
        bearer = self._bearer(headers)
        scope["state"] = {"session": session, "csrf": self.mark(session), "bearer": bearer, "wants_token": bool(self._token)}
        refusal = self._refusal(scope, headers)
        if refusal is None and self._token and not (session.inside or bearer or scope["path"].startswith(self._open)):
            scope["state"]["shut"] = True
        await (refusal or self._app)(scope, receive, self._armed(send, session, scope))

    # ------------------------------------------------------------------ sessions

    def mark(self, session: Session) -> str:
        """Return what forms carry to show that they are ours."""
        return self._sign(f"form {session.id}")

    def is_ours(self, session: Session, mark: str) -> bool:
        """Whether a form carries the session's mark."""
        return hmac.compare_digest(self.mark(session).encode(), mark.encode("utf-8", "replace"))

    def cookie_inside(self, token: str) -> str | None:
        """Return the Set-Cookie of a browser that shows the token; None where it is another one."""
        if not self._token or not hmac.compare_digest(self._token.encode(), token.encode("utf-8", "replace")):
            return None
        return self._cookie(secrets.token_urlsafe(18), inside=True)

    def _session(self, headers: Headers) -> Session:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        parts = morsel.value.split(".") if morsel else []
        if len(parts) == 4 and parts[1].isdecimal() and hmac.compare_digest(self._sign(".".join(parts[:3])), parts[3]):
            age = time.time() - int(parts[1])
            if 0 <= age + 60 < _DAYS * 86_400:
                return Session(id=parts[0], inside=parts[2] == "in", fresh=False)
        return Session(id=secrets.token_urlsafe(18), inside=False, fresh=True)

    def _cookie(self, session_id: str, *, inside: bool) -> str:
        value = f"{session_id}.{int(time.time())}.{'in' if inside else 'out'}"
        secure = "; Secure" if self._secure else ""
        return f"{COOKIE}={value}.{self._sign(value)}; Path=/; HttpOnly; SameSite=Lax; Max-Age={_DAYS * 86_400}{secure}"

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _bearer(self, headers: Headers) -> bool:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        return (
            bool(self._token)
            and kind.lower() == "bearer"
            and hmac.compare_digest(self._token.encode(), shown.strip().encode("utf-8", "replace"))
        )

    # ------------------------------------------------------------------ requests

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return PlainTextResponse("This name is not served here.\n", 421)
        if scope["method"] in _SAFE:
            return None
        if scope["method"] != "POST":
            return PlainTextResponse("Only GET, HEAD and POST.\n", 405, {"allow": "GET, HEAD, POST"})
        origin = headers.get("origin")
        ours = self._origin or f"{scope['scheme']}://{host}"
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"} or (origin is not None and origin != ours):
            return PlainTextResponse("A request from another site is not obeyed.\n", 403)
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _armed(self, send: Send, session: Session, scope: Scope) -> Send:
        async def armed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if session.fresh and "set-cookie" not in headers and not scope["path"].startswith(self._open):
                    headers["set-cookie"] = self._cookie(session.id, inside=False)
            await send(message)

        return armed
