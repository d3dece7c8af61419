"""Listen, and answer until stopped: the shell round the application."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from monitor.config_web import is_loopback
from monitor.web.app import App
from monitor.web.hall import Hall
from storage.errors import MediaMonitorError

_CONNECTIONS = 200


class ListenError(MediaMonitorError):
    """The address cannot be listened on."""


def serve(hall: Hall, *, host: str, port: int, token: str, behind: str, said: Callable[[str], None]) -> None:
    """Serve the reading room until the process is told to end.

    Args:
        host: address of this machine to listen on.
        port: 0 for any that is free.
        token: the secret readers show; "" for none.
        behind: the public address of a reverse proxy before us; "" for none.
        said: is told where the room is, once it can be entered.

    Raises:
        ListenError: the address is taken, or not this machine's.
    """
    import uvicorn

    with _listening(host, port) as listener:
        bound = listener.getsockname()
        names = ["localhost", "127.0.0.1", "::1", host, socket.gethostname() if not is_loopback(host) else "localhost"]
        if behind:
            names.append(urlsplit(behind).hostname or "")
        app = App(hall, names=[name for name in names if name], token=token, origin=behind)
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        said(behind or f"http://{shown}:{bound[1]}/")
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, lifespan="off", ws="none",
            timeout_keep_alive=15, timeout_graceful_shutdown=5, limit_concurrency=_CONNECTIONS,
        )  # fmt: skip
        uvicorn.Server(settings).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_CONNECTIONS)  # before anybody is told of it
    except OSError as error:
        raise ListenError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}", hint="choose another --port, or --host"
        ) from error
    return listener
