"""No connection to a private address, at any hop, unless the configuration names it.

A feed, a redirect or a page can name any address; without this a link to 127.0.0.1 or to a cloud's metadata would be fetched like
any other. Names are checked where they are resolved, so that what is checked is what is connected to.
"""

from __future__ import annotations

import ipaddress
import socket
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request
from scrapy.resolver import HostResolution
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.threads import deferToThread
from zope.interface import implementer

_WEB_PORTS = {"80", "443"}
_GIVEN_OUT = ipaddress.IPv6Network("2000::/3")  # all that is public of IPv6; what is left of it is translated, local or nobody's
# Special by IANA's registries, and public to the Pythons that do not know it.
_SPECIAL = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("3fff::/20"))
_CARRIERS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


class Refused(IgnoreRequest):
    """A request that is not made, or an answer that is not taken, by our own decision.

    `kind` is a stable word, `later` whether asking again at another crawl makes sense, `until` how long the host asked us to stay away.
    """

    def __init__(self, kind: str, message: str, *, later: bool = False, until: datetime | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.later = later
        self.until = until


def is_private(address: str) -> bool:
    """Whether an IP address is not a public one; False for what is no IP address."""
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return _odd_ipv4(address)
    found = _carried(found) or found
    if found.version == 6 and found not in _GIVEN_OUT:
        return True
    return not found.is_global or found.is_multicast or any(found in network for network in _SPECIAL)


def _carried(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for where networks translate: mapped, compatible, 6to4 and NAT64 (RFC 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _CARRIERS) and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _odd_ipv4(address: str) -> bool:
    """Forms that a resolver takes for IPv4 (`127.1`, `0x7f000001`, `2130706433`) and that no real host has: refused as a whole."""
    last = address.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or (last.startswith("0x") and last[2:].isalnum()) or last in {"localhost", "local", "internal", "localdomain"}


class AddressMiddleware:
    """Refuses addresses that are no http(s), stand in a private network or at an odd port, before anything is asked; names the download slot.

    Args:
        allowed: `host:port` pairs of private networks that the configuration names.
        named: `host:port` pairs of the sources themselves, whose ports may be any.
    """

    def __init__(self, allowed: frozenset[str], named: frozenset[str]) -> None:
        self._allowed = allowed
        self._named = allowed | named
        self._names = _hosts(allowed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the exceptions from the settings."""
        return cls(_allowed(crawler), frozenset(one.lower() for one in crawler.settings.getlist("MONITOR_NAMED")))

    def process_request(self, request: Request) -> None:
        """Check one request; redirects come by here, too.

        Raises:
            Refused: it may not be asked.
        """
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            raise Refused("bad-address", f"{request.url[:200]} is no web address")
        place = netloc(request.url)
        # Of a host that the configuration names, the named ports alone. And what the user lets us read inside is not for a stranger's
        # script to read, which could send it on: only a page of that place itself asks there.
        asked_by = request.meta.get("asked_by", place)
        if (is_private(host) or host in self._names) and (place not in self._allowed or asked_by != place):
            raise Refused("private-address", f"{host} stands in a private network; the configuration may allow it: [network] allow")
        # What is no web server (mail, databases, printers) is not to be spoken to because a page says so.
        if place.rpartition(":")[2] not in _WEB_PORTS and place not in self._named:
            raise Refused("port", f"{place} is at no port of the web, and no source names it")
        # A redirect carries its first host's slot along: the delay belongs to the host that is asked.
        request.meta["download_slot"] = host


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves names to IPv4 and IPv6 addresses, those in private networks left out: what is checked is what is connected to.

    Args:
        timeout: seconds that a name server may take.
        allowed: `host:port` pairs that may lead into a private network.
        proxies: such pairs of the environment's proxies, which may, too.
    """

    def __init__(self, reactor: Any, timeout: float, allowed: frozenset[str], proxies: frozenset[str]) -> None:
        self._reactor = reactor
        self._timeout = timeout
        # A tunnel through a proxy is opened by name alone, without a port (0); nothing else is.
        self._exempt = allowed | proxies | {f"{proxy.rpartition(':')[0]}:0" for proxy in proxies}
        self._known: dict[tuple[str, bool], list[tuple[Any, ...]]] = {}  # for this crawl, which is one process
        self.refused: dict[str, str] = {}  # name -> the private address that it leads to

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Read the exceptions from the settings; a proxy that the environment names may stand anywhere."""
        from urllib.request import getproxies

        proxies = frozenset(netloc(url if "://" in url else f"http://{url}") for url in getproxies().values())
        return cls(reactor, crawler.settings.getfloat("DNS_TIMEOUT"), _allowed(crawler), proxies)

    def install_on_reactor(self) -> None:
        """Take the place of the reactor's own."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's names, here and below
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> HostResolution:
        """Resolve a name (or an address, which is checked alike); a name without a public address has none."""
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def done(found: list[tuple[Any, ...]]) -> None:
            for family, place in found:
                kind = IPv6Address if family == socket.AF_INET6 else IPv4Address
                if addressTypes is None or kind in addressTypes:
                    resolutionReceiver.addressResolved(kind("TCP", place[0], portNumber))
            resolutionReceiver.resolutionComplete()

        exempt = f"{f'[{hostName}]' if ':' in hostName else hostName.lower()}:{portNumber}" in self._exempt
        if (hostName, exempt) in self._known:
            done(self._known[hostName, exempt])
            return resolution
        asked: Deferred[Any] = deferToThread(socket.getaddrinfo, hostName, None, type=socket.SOCK_STREAM)
        asked.addTimeout(self._timeout, self._reactor)
        asked.addCallbacks(lambda answer: self._usable(hostName, answer, exempt=exempt), lambda failure: [])
        asked.addCallback(done)
        return resolution

    def _usable(self, name: str, answer: list[tuple[Any, ...]], *, exempt: bool) -> list[tuple[Any, ...]]:
        """What of a name server's answer may be connected to."""
        kept = []
        for family, _, _, _, place in answer:
            if family not in {socket.AF_INET, socket.AF_INET6}:
                continue
            if not exempt and is_private(str(place[0])):
                self.refused[name] = str(place[0])
            else:
                kept.append((family, place))
        if kept:
            self._known[name, exempt] = kept
        return kept


def netloc(url: str) -> str:
    """Return `host:port` of an address in lower case, the port always stated, IPv6 in brackets."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{port or (443 if parts.scheme == 'https' else 80)}"


def _allowed(crawler: Any) -> frozenset[str]:
    return frozenset(one.lower() for one in crawler.settings.getlist("MONITOR_ALLOW_PRIVATE"))


def _hosts(allowed: frozenset[str]) -> frozenset[str]:
    return frozenset(one.rpartition(":")[0].strip("[]") for one in allowed)
