"""A small real web server on loopback: answers by path, a log of what was asked, and whether two asked at once."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

_WORK_S = 0.01  # so long each answer takes; what is asked meanwhile overlaps


@dataclass(frozen=True)
class Seen:
    """One request."""

    at: float  # seconds, monotonic
    method: str
    host: str
    path: str
    headers: dict[str, str]  # names in lower case


@dataclass(frozen=True)
class Reply:
    """One answer; `raw` writes to the connection itself instead, after which the connection is closed."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: Callable[[Any], None] | None = None


Page = Reply | bytes | str | Callable[[Seen], Reply] | Sequence[Reply]


class Site:
    """A server; `pages` maps paths to a reply, to a function of the request, or to replies one after another (the last stays).

    What has no page answers 404, robots.txt too, unless its host has a page "/*" for all of them.

    Args:
        host: a loopback address.
        context: serve TLS with it.
        port: where it listens; a free one if 0.
    """

    def __init__(self, host: str = "127.0.0.1", *, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.pages: dict[str, Page] = {}
        self.seen: list[Seen] = []
        self.at_once: Counter[str] = Counter()  # host -> most requests that were under way at the same time
        self.halts_at: int | None = None  # from so many requests on it answers nobody, until this is None again
        self.tunnel_to: Site | None = None  # as a proxy: where CONNECT leads, whatever it names
        self._under_way: Counter[str] = Counter()
        self._turns: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._scheme = "https" if context else "http"
        self._host = host

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = True
            request_queue_size = 128
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away is no news."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            site = self

            def do_GET(self) -> None:
                self.site._answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.site._answer(self)

            def do_CONNECT(self) -> None:
                self.site._tunnel(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = Server((host, port), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.netloc = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def vanish(self) -> None:
        """Listen no more, from within an answer, too: whoever comes now is refused."""
        self._server.socket.close()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"{self._scheme}://{self.netloc}{path}"

    def paths(self, host: str | None = None) -> list[str]:
        """The paths that were asked for, in order."""
        return [one.path for one in list(self.seen) if host is None or one.host == host]

    def asked(self, path: str) -> list[Seen]:
        """The requests for a path."""
        return [one for one in list(self.seen) if one.path == path]

    def _note(self, handler: BaseHTTPRequestHandler) -> Seen:
        target = urlsplit(handler.path) if handler.path.startswith("http") else None
        host = target.netloc if target else handler.headers.get("Host", "")
        path = handler.path.partition(target.netloc)[2] if target else handler.path
        headers = {name.lower(): value for name, value in handler.headers.items()}
        seen = Seen(time.monotonic(), handler.command, host, path, headers)
        with self._lock:
            self.seen.append(seen)
            self._under_way[host] += 1
            self.at_once[host] = max(self.at_once[host], self._under_way[host])
        time.sleep(_WORK_S)
        while self.halts_at is not None and len(self.seen) >= self.halts_at:
            time.sleep(_WORK_S)
        return seen

    def _leave(self, seen: Seen) -> None:
        # Before the answer is sent: its reader may ask again before this thread goes on.
        with self._lock:
            self._under_way[seen.host] -= 1

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        seen = self._note(handler)
        try:
            # As a proxy, a page may be named with its host.
            page = self.pages.get(f"//{seen.host}{seen.path}", self.pages.get(seen.path))
            if page is None:
                page = self.pages.get(f"//{seen.host}/*", Reply("no such page", 404))
            if callable(page):
                page = page(seen)
            if isinstance(page, Sequence) and not isinstance(page, (str, bytes)):
                with self._lock:
                    turn = self._turns[seen.path]
                    self._turns[seen.path] += 1
                page = page[min(turn, len(page) - 1)]
        finally:
            self._leave(seen)
        reply = page if isinstance(page, Reply) else Reply(page)
        if reply.raw is not None:
            handler.close_connection = True
            reply.raw(handler)
            return
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.status != 304 and "Content-Length" not in reply.headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if reply.status != 304:
            handler.wfile.write(body)

    def _tunnel(self, handler: BaseHTTPRequestHandler) -> None:
        seen = self._note(handler)
        self._leave(seen)
        handler.close_connection = True
        if self.tunnel_to is None:
            handler.send_error(502)
            return
        with socket.create_connection((self.tunnel_to._host, self.tunnel_to.port)) as there:
            handler.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            here = handler.connection
            while True:
                for ready in select.select([here, there], [], [], 10)[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    (there if ready is here else here).sendall(data)


def redirect(to: str, status: int = 302) -> Reply:
    """Send the reader elsewhere."""
    return Reply("", status, {"Location": to})


def reset(handler: Any) -> None:
    """Break the connection off without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def stops(head: bytes, body: bytes) -> Callable[[Any], None]:
    """Send a head and a body, then close."""

    def raw(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
        handler.wfile.flush()

    return raw


def drips(head: bytes, piece: bytes, pause: float) -> Callable[[Any], None]:
    """Send a piece again and again until the reader goes away."""

    def raw(handler: Any) -> None:
        handler.wfile.write(head)
        while True:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return raw


def late(pause: float, body: bytes) -> Callable[[Any], None]:
    """Say nothing for some seconds, then answer as a whole."""

    def raw(handler: Any) -> None:
        time.sleep(pause)
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return raw
