"""The dead man's switch: an address that is called as long as all goes well, so that somebody else notices when nothing is."""

from __future__ import annotations

import http.client
import os
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import monitor
from monitor.calling import ending, prepare
from monitor.running import duties
from storage.errors import MediaMonitorError

if TYPE_CHECKING:
    from monitor.config_upkeep import Alive

_TIMEOUT_S = 10.0  # of each operation
_WHOLE_S = 20.0


class AliveError(MediaMonitorError):
    """The call did not work; nothing else depends on it."""


def is_due(settings: Alive, called: datetime | None, now: datetime) -> bool:
    """Tell whether the address is to be called at `now`."""
    wanted = settings.url or settings.url_env
    return duties.is_due(timedelta(minutes=settings.every_minutes) if wanted else None, called, now)


def call(settings: Alive, env: Mapping[str, str] = os.environ) -> None:
    """Call the address by GET.

    Raises:
        AliveError: the variable is not set or no address, nobody answered, or not with 2xx. The address, which may hold a secret, is
            not told, only its host.
    """
    name = settings.url_env
    text = env.get(name, "").strip() if name else settings.url
    try:
        url = urlsplit(text)
        valid = (
            url.scheme in {"http", "https"} and url.hostname and url.port != 0 and text.isascii() and text.isprintable() and " " not in text
        )
    except ValueError:
        valid = False
    if not valid:
        raise AliveError(
            f"{name or 'url'} of [alive] {'is not set' if name and not text else 'is no web address'}", hint="write https://host/path"
        )
    try:
        connection, target, headers = prepare(url, timeout_s=_TIMEOUT_S)
    except OSError as error:
        raise AliveError(f"no certificates to verify {url.hostname} with: {error}") from error
    with ending(_WHOLE_S, lambda: connection) as cut, closing(connection):
        try:
            connection.request("GET", target, headers=headers | {"User-Agent": f"media-monitor/{monitor.__version__}"})
            with connection.getresponse() as response:
                status = response.status
        except (OSError, http.client.HTTPException) as error:
            said = f"did not answer within {_WHOLE_S:.0f} s" if cut() else f"cannot be reached: {error or type(error).__name__}"
            raise AliveError(f"{url.hostname} {said}") from error
    if not 200 <= status < 300:
        raise AliveError(f"{url.hostname} answered {status}")
