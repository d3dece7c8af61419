"""One HTTP request to an address of the user's own: through the environment's proxy, certificates verified, an end set to all of it.

The address stands in the user's configuration, so it may lie in a private network.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass


class _HasSocket(Protocol):
    sock: socket.socket | None


@contextmanager
def ending(seconds: float, what: Callable[[], _HasSocket | None]) -> Iterator[Callable[[], bool]]:
    """Cut a connection off that is still in use after so many seconds.

    A time-out of a socket counts anew with each byte: who sends one now and then holds us for hours.

    Args:
        what: returns whose socket is cut, None if there is none yet.

    Yields:
        a function that tells whether it had to be cut.
    """
    cut = threading.Event()

    def end() -> None:
        cut.set()
        found = what()
        connection = getattr(found, "sock", None) if found is not None else None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield cut.is_set
    finally:
        timer.cancel()


def prepare(url: SplitResult, *, timeout_s: float, ca_file: str = "") -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """Return a connection that is not open yet, directly or through the environment's proxy, what to ask it for, and headers.

    Raises:
        OSError, ssl.SSLError: ca_file cannot be read.
    """
    host = url.hostname or ""
    port = url.port or (443 if url.scheme == "https" else 80)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers: dict[str, str] = {}
    if url.username:
        headers["Authorization"] = _basic(url)
    proxy = proxy_for(url)
    if url.scheme == "https":
        trust = ssl.create_default_context(cafile=ca_file or None)
        to, at = (proxy.hostname or "", proxy.port or 3128) if proxy else (host, port)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(to, at, timeout=timeout_s, context=trust)
        if proxy:
            connection.set_tunnel(host, port, headers={"Proxy-Authorization": _basic(proxy)} if proxy.username else {})
        return connection, target, headers
    if proxy is None:
        return http.client.HTTPConnection(host, port, timeout=timeout_s), target, headers
    if proxy.username:
        headers["Proxy-Authorization"] = _basic(proxy)
    connection = http.client.HTTPConnection(proxy.hostname or "", proxy.port or 3128, timeout=timeout_s)
    return connection, f"http://{url.netloc.rpartition('@')[2]}{target}", headers


def proxy_for(url: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for an address, None for none."""
    via = None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)
    return urlsplit(via if "://" in via else f"http://{via}") if via else None


def _basic(url: SplitResult) -> str:
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return "Basic " + b64encode(user.encode()).decode()
