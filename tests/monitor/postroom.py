"""A post room for tests: a real mail server and a real web server on loopback, a clock that is set by hand, a configuration."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from monitor.config import Config, load_config
from monitor.packs import GROUPS, SEARCHES
from tests.patience import LONG_S
from tests.ports import free_port
from tests.storage.makers import NOW

NO_SOURCES = "[packs]\n" + "\n".join(f"{group} = false" for group in (*GROUPS, SEARCHES)) + "\n"


@dataclass
class Clock:
    """A clock that moves when it is told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**duration)
        return self.now


def config_of(folder: Path, text: str) -> Config:
    """Load a configuration without sources; relative files stand in `folder`."""
    (folder / "monitor.toml").write_text(text + "\n" + NO_SOURCES, encoding="utf-8")
    return load_config(None, {}, folder)


def mail_block(port: int, to: list[str], **extra: object) -> str:
    """A [[delivery]] to a mail server on loopback without TLS."""
    values: dict[str, object] = {
        "name": "mail",
        "kind": "email",
        "to": to,
        "sender": "monitor@example.org",
        "host": "127.0.0.1",
        "port": port,
    }
    return block("delivery", **(values | {"security": "none"} | extra))


def block(table: str, **values: object) -> str:
    """One table of an array, as TOML."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return f"[[{table}]]\n" + "\n".join(lines) + "\n"


# ------------------------------------------------------------------ mail


@dataclass
class Inbox:
    """What a mail server took, and how it behaves."""

    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)  # recipient, mail
    refused: dict[str, str] = field(default_factory=dict)  # recipient -> answer to RCPT
    answer: str = "250 OK"  # to the mail itself
    dies: int = 0  # so many mails are taken and then the connection breaks instead of an answer
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.taken += [(address, envelope.content) for address in envelope.rcpt_tos]
        if self.dies:
            self.dies -= 1
            assert server.transport is not None
            server.transport.abort()
        return self.answer

    def mails(self, address: str | None = None) -> list[EmailMessage]:
        """What was taken, parsed back."""
        parsed = [message_from_bytes(content, policy=default) for to, content in self.taken if address in {None, to}]
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]

    def ids(self, address: str | None = None) -> list[str]:
        """The Message-IDs of what was taken."""
        return [str(mail["Message-ID"]) for mail in self.mails(address)]


class Postmaster(Controller):
    """The base class gives a server a second to greet, and greets one that speaks TLS from the first byte without."""

    def __init__(self, inbox: Inbox, **options: Any) -> None:
        super().__init__(inbox, hostname="127.0.0.1", port=inbox.port, ready_timeout=LONG_S, **options)

    def _trigger_server(self) -> None:
        with socket.create_connection((self.hostname, self.port), timeout=LONG_S) as visitor:
            if self.ssl_context is None:
                visitor.recv(1_024)


@contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, direct: bool = False, password: str = "") -> Iterator[Inbox]:
    """Run a mail server.

    Args:
        tls: what it speaks TLS with, after STARTTLS.
        direct: from the first byte instead.
        password: that a user has to give; "" for none.
    """
    inbox = Inbox(port=free_port())
    options: dict[str, Any] = {}
    if tls is not None and not direct:
        options |= {"tls_context": tls, "require_starttls": True}
    if password:

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            inbox.logins.append(data.login.decode())
            return AuthResult(success=data.password == password.encode(), handled=False)

        options |= {"auth_required": True, "authenticator": check, "auth_require_tls": True}
    if direct:
        options |= {"ssl_context": tls}
    controller = Postmaster(inbox, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


# ------------------------------------------------------------------ web


@dataclass
class Hook:
    """What a web server was posted, and what it answers."""

    url: str = ""
    posts: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)  # path, headers, JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False  # takes the post and breaks off


@contextmanager
def web_server(tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    """Run a web server that takes posts."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posts.append((self.path, dict(self.headers), json.loads(body)))
            if hook.silent:
                self.close_connection = True
                return
            self.send_response(hook.status)
            for name, value in hook.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    hook.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
