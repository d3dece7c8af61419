"""In which zone a site writes its dates, where nobody says so: as its host, its domain or its country is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from storage.identity import outlet_host


def zone_at(url: str, zones: Mapping[str, str], otherwise: str) -> str:
    """Return the IANA name of the zone of an address.

    Args:
        zones: by host, parent domain or top-level domain ("vnexpress.net", "vn"); the nearest counts.
        otherwise: where none of them is known.
    """
    host = outlet_host(url)
    while host:
        if host in zones:
            return zones[host]
        host = host.partition(".")[2]
    return otherwise
