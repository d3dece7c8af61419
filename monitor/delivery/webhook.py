"""The digest as JSON, by POST to one address of the user's; no redirect is followed."""

from __future__ import annotations

import http.client
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import monitor
from monitor.config_delivery import WebhookDelivery
from monitor.delivery.parcel import Attempt, DeliveryError, InDoubt, Parcel, Refused, Unreachable, idempotency_key
from monitor.digest.render_json import render_json
from monitor.digest.safe import plain

SCHEMA_VERSION = 1
_LONGEST_WAIT = timedelta(hours=24)
# Asked again later; any other 4xx is the address's or the request's fault, and only a person can mend it.
_PASSING = frozenset({408, 409, 421, 423, 425, 429})


class WebhookSender:
    """Posts to one address. The user's configuration names it, so it may stand in a private network."""

    repeatable = False

    def __init__(self, settings: WebhookDelivery, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """Post; raises as `parcel.Sender.send`."""
        url = self._address()
        connection, target, headers = self._prepare(url)
        key = idempotency_key(attempt.message_id)
        body = json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "id": key,
                "kind": "alert" if parcel.is_alert else "digest",
                "series": parcel.series,
                "period": parcel.period,
                "digest": json.loads(render_json(parcel.digest)),
            },
            ensure_ascii=False,
        ).encode()
        headers |= {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"media-monitor/{monitor.__version__}",
            "Idempotency-Key": key,
        }
        if self._settings.token_env:
            headers["Authorization"] = f"Bearer {self._secret(self._settings.token_env)}"
        try:
            try:
                connection.connect()
            except ssl.SSLCertVerificationError as error:
                raise Unreachable(
                    f"{url.hostname}: its certificate cannot be trusted: {error.verify_message}", code="certificate"
                ) from error
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(f"{url.hostname} cannot be reached: {error}", code="no connection") from error
            attempt.begin()
            try:
                connection.request("POST", target, body=body, headers=headers)
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise InDoubt(f"{url.hostname} did not answer: {error or type(error).__name__}") from error
            with response:
                _judge(url.hostname or "", response)
        finally:
            connection.close()

    def _address(self) -> SplitResult:
        name = self._settings.url_env
        url = urlsplit(self._secret(name) if name else self._settings.url)
        try:
            valid = url.scheme in {"http", "https"} and url.hostname and url.port != 0
        except ValueError:
            valid = None
        if not valid:
            raise Unreachable(f"{name or 'url'} of {self._settings.name} is no web address", code="address", hint="write https://host/path")
        return url

    def _secret(self, name: str) -> str:
        found = self._env.get(name, "").strip()
        # Neither may break out of its header or request line.
        if not found or not found.isascii() or not found.isprintable() or " " in found:
            raise Unreachable(
                f"{name} is not set, or holds more than one word", code="no secret", hint=f"set {name} in the environment of the monitor"
            )
        return found

    def _prepare(self, url: SplitResult) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
        """Return a connection, directly or through the environment's proxy, what to ask it for, and headers for the proxy."""
        settings, host = self._settings, url.hostname or ""
        port = url.port or (443 if url.scheme == "https" else 80)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers: dict[str, str] = {}
        if url.username:
            headers["Authorization"] = _basic(url)
        via = None if proxy_bypass(host) else getproxies().get(url.scheme)
        proxy = urlsplit(via if "://" in via else f"http://{via}") if via else None
        if url.scheme == "https":
            trust = ssl.create_default_context(cafile=settings.ca_file or None)
            to, at = (proxy.hostname or "", proxy.port or 3128) if proxy else (host, port)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(to, at, timeout=settings.timeout_seconds, context=trust)
            if proxy:
                connection.set_tunnel(host, port, headers={"Proxy-Authorization": _basic(proxy)} if proxy.username else {})
            return connection, target, headers
        if proxy is None:
            return http.client.HTTPConnection(host, port, timeout=settings.timeout_seconds), target, headers
        if proxy.username:
            headers["Proxy-Authorization"] = _basic(proxy)
        connection = http.client.HTTPConnection(proxy.hostname or "", proxy.port or 3128, timeout=settings.timeout_seconds)
        return connection, f"http://{url.netloc.rpartition('@')[2]}{target}", headers


def _judge(host: str, response: Any) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        to = urlsplit(response.getheader("Location") or "").netloc.rpartition("@")[2]
        said = f" to {plain(to)[:100]}" if to else ""
        raise DeliveryError(
            f"{host} answered {status}, a redirect{said}", code=str(status), hint="write the final address into the configuration"
        )
    kind = Refused if 400 <= status < 500 and status not in _PASSING and status not in {401, 403, 404} else DeliveryError
    raise kind(
        f"{host} answered {status} {plain(response.reason or '')[:100]}", code=str(status), wait=_wait(response.getheader("Retry-After"))
    )


def _wait(text: str | None) -> timedelta | None:
    """Read a Retry-After in seconds, at most a day; a date is not worth its trouble here, our own pause serves."""
    if text is None or not text.strip().isdigit() or len(text) > 9:
        return None
    return min(timedelta(seconds=int(text)), _LONGEST_WAIT)


def _basic(url: SplitResult) -> str:
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return "Basic " + b64encode(user.encode()).decode()
