"""A reading room that is served on loopback, and whoever visits it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from monitor.config import load_config
from monitor.web.app import App
from monitor.web.hall import Hall
from storage.store import Store
from tests.monitor.desk import NOW, TAIL, take
from tests.patience import LONG_S, wait_until

BRIDGE = "Sáng nay FPT xây cây cầu gỗ dài bảy trăm mét qua đầm Cầu Hai, nối hai làng chài cũ của Huế."
SCHOOL = "Hôm qua FUNiX mở lớp học đêm cho ba trăm công nhân dệt ở Vinh, miễn học phí mùa đầu."
TOKEN = "a-secret-of-enough-letters"


@dataclass
class Browser:
    """As much of a browser as the room needs: cookies, redirects, forms."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, *, form: dict[str, str] | None = None, data: Any = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
            body = urlencode(form)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(data)
        skip = "Host" in sent
        connection.putrequest("GET" if body is None else "POST", path, skip_host=skip)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body.encode())))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read().decode()
        connection.close()
        if "set-cookie" in said:
            name, _, value = said["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, text, said

    def page(self, path: str) -> str:
        status, text, _ = self.ask(path)
        assert status == 200, (path, status, text)
        return text

    def say(self, path: str, said: str, **fields: str) -> str:
        """Give a verdict by the form on a page, and return the page one comes back to."""
        mark = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page(path))
        assert mark
        status, text, headers = self.ask("/verdict", form={"csrf": mark[1], "back": path, "said": said, **fields})
        assert status == 303, text
        return self.page(headers["location"])


@dataclass
class Served:
    """A room that is open."""

    port: int
    hall: Hall

    def browser(self) -> Browser:
        return Browser(self.port)


def opened(store: Store, **settings: Any) -> Iterator[Served]:
    import uvicorn

    config = load_config(None, {}, store.path.parent if store.path else __import__("pathlib").Path("/nonexistent"))
    watchlist = config.watchlist()
    hall = Hall(store, config, watchlist, config.sources(watchlist), lambda: NOW + timedelta(hours=1))
    listener = socket.create_server(("127.0.0.1", 0))
    app = App(hall, names=["localhost", "127.0.0.1"], **settings)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none", server_header=False, proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield Served(listener.getsockname()[1], hall)
    server.should_exit = True
    thread.join(LONG_S)
    assert not thread.is_alive()


def fill(store: Store) -> None:
    take(store, 1, "FPT xây cầu gỗ ở Huế", BRIDGE)
    take(store, 2, "FPT xây cầu gỗ ở Huế", BRIDGE, host="nua.example")
    take(store, 3, "FUNiX mở lớp học đêm", SCHOOL)
    take(store, 4, "Mila mở cửa", "Mila mở cửa ở Huế." + TAIL)  # nobody knows which Mila: left out
