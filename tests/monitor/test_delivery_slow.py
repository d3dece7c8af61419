"""Receivers that send a byte now and then: no time-out of a socket ever fires, and still they hold nobody."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest

from monitor import alive
from monitor.alive import AliveError
from monitor.config_delivery import AppriseDelivery, WebhookDelivery
from monitor.config_upkeep import Alive
from monitor.delivery import push, smtp, webhook
from monitor.delivery.parcel import DeliveryError, InDoubt, Unreachable
from monitor.delivery.push import AppriseSender
from monitor.delivery.smtp import SmtpSender
from monitor.delivery.webhook import WebhookSender
from tests.monitor.test_delivery_mail import attempt, parcel, settings
from tests.patience import LONG_S


@contextmanager
def trickle(*answers: bytes) -> Iterator[int]:
    """A server that gives these answers at once, one a line that it is sent, and then a byte at a time for ever; yields its port."""
    ended = Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for answer in answers:
                connection.sendall(answer)
                if answer is not answers[-1] or answer.startswith(b"354"):
                    connection.recv(65_536)
            while not ended.is_set():
                connection.sendall(b"2")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets how long a whole delivery may take, where one operation of it may take LONG_S."""

    def at_most(seconds: float) -> None:
        for module in (smtp, webhook):
            monkeypatch.setattr(module, "WHOLE", seconds / LONG_S)

    return at_most


def test_a_greeting_that_never_ends(brief: Callable[[float], None]) -> None:
    brief(1.0)
    with trickle() as port, SmtpSender(settings(port=port, timeout_seconds=LONG_S), {}) as sender:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="cannot be reached"):
            sender.send(parcel(), attempt())
        assert 0.9 < time.monotonic() - begun < LONG_S


def test_an_answer_to_the_mail_that_never_ends_leaves_a_doubt(brief: Callable[[float], None]) -> None:
    brief(5.0)  # within them it has to come to the mail
    answers = (b"220 hi\r\n", b"250 hi\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go on\r\n")
    with trickle(*answers) as port, SmtpSender(settings(port=port, timeout_seconds=LONG_S), {}) as sender:
        begun: list[str] = []
        with pytest.raises(InDoubt):
            sender.send(parcel(), attempt(begun=begun))
        assert begun == ["a@example.org"]


def test_a_webhook_whose_headers_never_end(brief: Callable[[float], None]) -> None:
    brief(1.0)
    with trickle(b"HTTP/1.1 2") as port:
        hook = WebhookDelivery(name="hook", url=f"http://127.0.0.1:{port}/", timeout_seconds=LONG_S)
        begun = time.monotonic()
        with pytest.raises((InDoubt, DeliveryError)):
            WebhookSender(hook, {}).send(parcel(), attempt())
        assert time.monotonic() - begun < LONG_S


def test_a_chat_service_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("apprise")
    monkeypatch.setattr(push, "WHOLE_S", 0.5)
    with trickle(b"HTTP/1.1 200 OK\r\nX: ") as port:
        chat = AppriseDelivery(name="chat", url_env="CHAT")
        with pytest.raises(InDoubt, match=r"did not answer within 0\.5 s"):
            AppriseSender(chat, {"CHAT": f"json://127.0.0.1:{port}/"}).send(parcel(), attempt(""))


def test_a_switch_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "_WHOLE_S", 0.5)
    with trickle(b"HTTP/1.1 2") as port, pytest.raises(AliveError, match="did not answer within"):
        alive.call(Alive(url=f"http://127.0.0.1:{port}/"))
