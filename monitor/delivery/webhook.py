"""The digest as JSON, by POST to one address of the user's; no redirect is followed."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import monitor
from monitor.calling import ending, prepare
from monitor.config_delivery import WebhookDelivery
from monitor.delivery.parcel import WHOLE, Attempt, DeliveryError, InDoubt, Parcel, Refused, Unreachable, idempotency_key
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
        connection, target, headers = prepare(url, timeout_s=self._settings.timeout_seconds, ca_file=self._settings.ca_file)
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
        with ending(WHOLE * self._settings.timeout_seconds, lambda: connection), closing(connection):
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
    if text is None or not text.strip().isdecimal() or len(text) > 9:
        return None
    return min(timedelta(seconds=int(text)), _LONGEST_WAIT)
