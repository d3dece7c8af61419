"""Mail over SMTP (RFC 5321): TLS verified, one connection a run, and no doubt but where the server itself leaves one.

Only between the mail's last byte and the server's answer does nobody know; whatever breaks before that surely did not deliver.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from monitor.calling import ending
from monitor.config_delivery import PORTS, EmailDelivery
from monitor.delivery.mail import compose, content_of
from monitor.delivery.parcel import WHOLE, Attempt, DeliveryError, InDoubt, Parcel, Refused, Unreachable
from monitor.digest.safe import plain

_OK = 250


class _Server(smtplib.SMTP):
    """Shows itself before it connects, so that its socket can be cut while it waits for a greeting."""

    def __init__(self, show: Callable[[smtplib.SMTP], None], *arguments: Any, **options: Any) -> None:
        show(self)
        super().__init__(*arguments, **options)


class _TlsServer(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, show: Callable[[smtplib.SMTP], None], *arguments: Any, **options: Any) -> None:
        show(self)
        super().__init__(*arguments, **options)


class SmtpSender:
    """Sends one mail to each recipient."""

    repeatable = False

    def __init__(self, settings: EmailDelivery, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._server: smtplib.SMTP | None = None
        self._coming: smtplib.SMTP | None = None  # one whose greeting is awaited

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
            self._hang_up()

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """Send one mail; raises as `parcel.Sender.send`."""
        content = content_of(compose(parcel, attempt, self._settings))
        with ending(WHOLE * self._settings.timeout_seconds, lambda: self._server or self._coming) as cut:
            self._send(content, attempt, cut)

    def _send(self, content: bytes, attempt: Attempt, cut: Callable[[], bool]) -> None:
        server = self._connected()
        try:
            self._envelope(server, attempt.recipient)
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise DeliveryError(f"{self._where}: the connection broke: {_said(error)}", code="broken off") from error
        attempt.begin()
        try:
            code, reply = server.data(content)
        except smtplib.SMTPDataError as error:
            # The answer to DATA itself: not a byte of the mail was sent.
            raise self._answered(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise InDoubt(f"{self._where} broke off without saying whether it took the mail: {_said(error)}") from error
        if cut() or not 200 <= code < 600:  # cut off within its answer, which then may look like a whole one
            self._hang_up()
            raise InDoubt(f"{self._where} gave no answer that makes sense: {_text(reply)}")
        if code != _OK:
            raise self._answered(code, reply)

    def log_in(self) -> str:
        """Connect and log in, without sending anything; returns what was done, in words.

        Raises:
            Unreachable: the server cannot be reached, or does not let us in.
        """
        with ending(WHOLE * self._settings.timeout_seconds, lambda: self._server or self._coming):
            self._connected()
        how = {"tls": "over TLS", "starttls": "over STARTTLS"}.get(self._settings.security, "without encryption")
        return f"{self._where} {f'lets {self._settings.user} in' if self._settings.user else 'answers'}, {how}"

    # ------------------------------------------------------------------ inside

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port or PORTS[self._settings.security]}"

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        try:
            self._server = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise Unreachable(
                f"{self._where} refuses the user {self._settings.user}: {error.smtp_code} {_text(error.smtp_error)}",
                code="login refused",
                hint=f"check user, and the password in {self._settings.password_env}",
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"{self._where}: its certificate cannot be trusted: {error.verify_message}",
                code="certificate",
                hint="check host; for an authority of your own give ca_file",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(
                f"{self._where} cannot be reached: {_said(error)}", code="no connection", hint="check host, port and security"
            ) from error
        return self._server

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        host, port, timeout = settings.host, settings.port or PORTS[settings.security], settings.timeout_seconds
        # Told to the server as our name: looking up that of this machine may take as long as a dead name server does.
        name = settings.sender.rpartition("@")[2]
        server: smtplib.SMTP
        if settings.security == "tls":
            server = _TlsServer(self._seen, host, port, local_hostname=name, timeout=timeout, context=self._trust())
        else:
            server = _Server(self._seen, host, port, local_hostname=name, timeout=timeout)
        try:
            if settings.security == "starttls":
                # Raises where the server offers none: a password and a digest never travel readable instead.
                server.starttls(context=self._trust())
            if settings.user:
                password = self._env.get(settings.password_env, "")
                if not password:
                    raise Unreachable(
                        f"{settings.password_env} is not set, and {self._where} wants the password of {settings.user}",
                        code="no password",
                        hint=f"set {settings.password_env} in the environment of the monitor",
                    )
                server.login(settings.user, password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _seen(self, server: smtplib.SMTP) -> None:
        self._coming = server

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(f"ca_file {self._settings.ca_file} cannot be read: {error}", code="certificate") from error

    def _envelope(self, server: smtplib.SMTP, recipient: str) -> None:
        code, reply = server.mail(self._settings.sender)
        if code != _OK:
            # It is the sender that is refused: for every recipient alike, and a setting can mend it.
            self._hang_up()
            raise Unreachable(
                f"{self._where} refuses the sender {self._settings.sender}: {code} {_text(reply)}", code=f"sender refused ({code})"
            )
        code, reply = server.rcpt(recipient)
        if code not in {250, 251}:
            server.rset()
            raise self._answered(code, reply)

    def _answered(self, code: int, reply: bytes | str) -> DeliveryError:
        """Put an answer into words; 5xx is for good (RFC 5321, 4.2.1)."""
        if code == 421:  # it closes the connection
            self._hang_up()
        kind = Refused if 500 <= code < 600 else DeliveryError
        return kind(f"{self._where} answered {code} {_text(reply)}", code=str(code))

    def _hang_up(self) -> None:
        if self._server is not None:
            with suppress(OSError):
                self._server.close()
            self._server = self._coming = None


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return plain(text).strip()[:200]


def _said(error: Exception) -> str:
    return plain(str(error) or type(error).__name__).strip()[:200]
