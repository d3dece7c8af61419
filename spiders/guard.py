"""No connection to a private address, at any hop, unless the configuration names it.

A feed, a redirect or a page can name any address; without this a link to 127.0.0.1 or to a cloud's metadata would be fetched like
any other. Names are checked where they are resolved, so that what is checked is what is connected to.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError

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
    return not found.is_global or found.is_multicast


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
    """Refuses addresses that are no http(s) or stand in a private network, before anything is asked; names the download slot."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._names = _hosts(allowed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the exceptions from the settings."""
        return cls(_allowed(crawler))

    def process_request(self, request: Request) -> None:
        """Check one request; redirects come by here, too.

        Raises:
            Refused: it may not be asked.
        """
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            raise Refused("bad-address", f"{request.url[:200]} is no web address")
        # The resolver sees no port and lets a named host pass; so its other ports are refused here.
        if (is_private(host) or host in self._names) and netloc(request.url) not in self._allowed:
            raise Refused("private-address", f"{host} stands in a private network; the configuration may allow it: [network] allow")
        # A redirect carries its first host's slot along: the delay belongs to the host that is asked.
        request.meta["download_slot"] = host


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver, refusing names that lead into a private network."""

    def __init__(self, reactor: Any, cache_size: int, timeout: float, allowed: frozenset[str], proxies: frozenset[str]) -> None:
        super().__init__(reactor, cache_size, timeout)
        # The resolver sees no port: a name is exempt where the configuration allows any port of it; the middleware knows the port.
        self._exempt = _hosts(allowed) | proxies

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Read the exceptions from the settings; a proxy that the environment names may stand anywhere."""
        from urllib.request import getproxies

        proxies = frozenset(urlsplit(url if "://" in url else f"http://{url}").hostname or "" for url in getproxies().values())
        settings = crawler.settings
        return cls(reactor, settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT"), _allowed(crawler), proxies)

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Resolve a name; fails where it leads into a private network."""
        # Twisted asks for addresses, too; Scrapy's resolver knows IPv4 alone.
        found: Deferred[str] = succeed(name) if ":" in name else super().getHostByName(name, timeout)
        if name in self._exempt:
            return found
        return found.addCallback(self._public, name)

    def _public(self, address: str, name: str) -> Any:
        if is_private(address):
            # Any other error Twisted would write to the log; spiders.connections says why.
            return fail(DNSLookupError(f"{name} leads to {address}, which stands in a private network"))
        return address


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
