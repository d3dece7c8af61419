"""What needs a network: web servers and the clock they show, the proxy between, mail servers. Nothing is sent, nothing is told."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import monitor
from monitor.calling import ending, prepare, proxy_for
from monitor.config_delivery import EmailDelivery
from monitor.doctor.record import Finding, bad, note, ok

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.items import Source

HOSTS = 3  # web servers that are asked
_TIMEOUT_S = 8.0
_WHOLE_S = 15.0
_WRONG_S = 120.0  # a clock that differs by more makes digests late, and certificates invalid


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What one web server said."""

    host: str
    error: str = ""
    ahead_s: float | None = None  # by how much our clock is ahead of its


def network(sources: Sequence[Source]) -> Iterator[Finding]:
    """Ask a few of the sources' servers for their robots.txt, which every crawl does, and compare clocks."""
    addresses = _hosts(sources)
    if not addresses:
        return
    with ThreadPoolExecutor(len(addresses)) as pool:
        answers = list(pool.map(_ask, addresses))
    good = [answer for answer in answers if not answer.error]
    failed = "; ".join(f"{answer.host}: {answer.error}" for answer in answers if answer.error)
    if not good:
        do = "is the network up, and does its name server answer? Behind a proxy set http_proxy and https_proxy"
        yield bad("network", f"none of {len(answers)} web servers answered: {failed}", do)
        return
    yield ok("network", f"{len(good)} of {len(answers)} web servers answered{f' ({failed})' if failed else ''}")
    yield from _clock([answer.ahead_s for answer in good if answer.ahead_s is not None])


def _clock(ahead: Sequence[float]) -> Iterator[Finding]:
    if not ahead:
        yield note("clock", "no web server said what time it is", "compare it yourself: date -u")
        return
    middle = statistics.median(ahead)  # one server with a wrong clock of its own decides nothing
    if abs(middle) <= _WRONG_S:
        yield ok("clock", f"agrees with {len(ahead)} web servers: {middle:+.0f} s")
        return
    way = "ahead of" if middle > 0 else "behind"
    yield bad("clock", f"{abs(middle):.0f} s {way} what {len(ahead)} web servers say", "set it, and keep it set (timedatectl set-ntp true)")


def _hosts(sources: Sequence[Source]) -> list[str]:
    found: dict[str, str] = {}
    for source in sources:
        with suppress(ValueError):
            url = urlsplit(source.url)
            if url.hostname and url.netloc not in found:
                found[url.netloc] = f"{url.scheme}://{url.netloc.rpartition('@')[2]}/robots.txt"
        if len(found) == HOSTS:
            break
    return list(found.values())


def _ask(address: str) -> _Answer:
    url = urlsplit(address)
    host = url.hostname or ""
    try:
        connection, target, headers = prepare(url, timeout_s=_TIMEOUT_S)
        with ending(_WHOLE_S, lambda: connection), closing(connection):
            connection.request("HEAD", target, headers=headers | {"User-Agent": f"media-monitor/{monitor.__version__}"})
            begun = time()
            with connection.getresponse() as response:
                said = response.getheader("Date") or ""
        here = (begun + time()) / 2
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _Answer(host=host, error=str(error) or type(error).__name__)
    ahead = None
    with suppress(ValueError, TypeError, IndexError):
        there = parsedate_to_datetime(said)
        ahead = here - (there if there.tzinfo else there.replace(tzinfo=UTC)).timestamp()
    return _Answer(host=host, ahead_s=ahead)


def proxy() -> Iterator[Finding]:
    """Whether the environment's proxies can be reached."""
    seen: set[tuple[str, int]] = set()
    for scheme in ("http", "https"):
        found = None
        with suppress(ValueError):
            found = proxy_for(urlsplit(f"{scheme}://example.org/"))
        if found is None:
            continue
        try:
            where = (found.hostname or "", found.port or 3128)
        except ValueError:
            seen.add((scheme, 0))
            yield bad("proxy", f"{scheme}_proxy is no address", "write http://proxy.example:3128")
            continue
        if where in seen:
            continue
        seen.add(where)
        try:
            with socket.create_connection(where, timeout=_TIMEOUT_S):
                yield ok("proxy", f"{where[0]}:{where[1]} takes connections, for {scheme}")
        except OSError as error:
            do = f"check {scheme}_proxy and the proxy; name what needs none in no_proxy"
            yield bad("proxy", f"{where[0]}:{where[1]} cannot be reached: {error.strerror or error}", do)
    if not seen:
        yield ok("proxy", "none is set: addresses are asked directly")


def mail(config: Config, env: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Log in to each mail server, without sending anything."""
    from monitor.delivery.parcel import DeliveryError
    from monitor.delivery.smtp import SmtpSender

    for one in config.deliveries:
        if not isinstance(one, EmailDelivery):
            continue
        try:
            with SmtpSender(one, env) as sender:
                said = sender.log_in()
        except DeliveryError as error:
            yield bad("mail", f"{one.name}: {error}", error.hint or "check host, port, security, user and password")
        else:
            yield ok("mail", f"{one.name}: {said}")
