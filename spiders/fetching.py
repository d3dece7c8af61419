"""One request, and what became of it: an answer or a stable word for the failure. Nothing that the network does is raised."""

from __future__ import annotations

import asyncio
import base64
import errno
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from OpenSSL import SSL
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Request, Response
from service_identity import VerificationError

from spiders.connections import HeadTooLarge
from spiders.guard import Refused
from spiders.intake import MachineFailed
from storage.text import clean_text

_PERMANENT = {301, 308}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a request came to: `response` is set, or `error_kind` and `error` are."""

    response: Response | None = None
    error_kind: str | None = None
    error: str | None = None
    later: bool = False  # asking again at another crawl makes sense
    moved_to: str | None = None  # all redirects on the way were permanent
    until: datetime | None = None  # so long the host asked us to stay away
    latency: float | None = None  # seconds from the last request on the way until its answer began

    @property
    def status(self) -> int | None:
        """The HTTP status, None where there was no answer."""
        return self.response.status if self.response is not None else None


async def fetch(crawler: Crawler, url: str, *, most: int, robots: bool = True, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask for an address.

    Args:
        most: bytes of a body, decompressed, at most.
        robots: False leaves robots.txt out.
        headers: beside the usual ones.

    Raises:
        MachineFailed: nothing else.
    """
    assert crawler.engine is not None
    try:
        meta = bounds(crawler, most) | {"robots": robots}
        url, authorization = _without_user(url)
        request = Request(url, headers=dict(headers or {}) | authorization, meta=meta, dont_filter=True)
        response = await crawler.engine.download_async(request)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # whatever a host does ends in this host's failure alone
        if _is_ours(error):
            raise MachineFailed(str(error)) from error
        kind, said, later = kind_of(error)
        let_go(error)
        return Answer(error_kind=kind, error=said, later=later, until=getattr(error, "until", None))
    asked = response.request.meta if response.request is not None else {}
    reasons = asked.get("redirect_reasons") or []
    # An address that is opened with a password is known by what the user wrote: where it leads to is not opened without.
    moved = response.url if reasons and not authorization and all(reason in _PERMANENT for reason in reasons) else None
    return Answer(response=response, moved_to=moved, latency=asked.get("download_latency"))


def let_go(error: BaseException) -> None:
    """Free what an error's finished frames hold: the megabytes that a bomb had become would stay until garbage is next looked for."""
    for one in list(_causes(error)):
        traceback.clear_frames(one.__traceback__)


def _is_ours(error: BaseException) -> bool:
    """Whether a request failed for want of something on this machine, which would be laid at the door of every host in turn."""
    return any(
        (isinstance(one, RuntimeError) and "can't start new thread" in str(one))
        or (isinstance(one, OSError) and one.errno in {errno.EMFILE, errno.ENFILE})
        for one in _causes(error)
    )


def _without_user(url: str) -> tuple[str, dict[str, str]]:
    """Split `https://user:password@host/` into the address and the header that says the rest (RFC 7617)."""
    parts = urlsplit(url)
    user, mark, host = parts.netloc.rpartition("@")
    if not mark:
        return url, {}
    secret = base64.b64encode(unquote(user if ":" in user else f"{user}:").encode()).decode("ascii")
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {secret}"}


def bounds(crawler: Crawler, most: int) -> dict[str, Any]:
    """Return the limits of a request: bytes of its body, and seconds for the whole of it."""
    return {"download_maxsize": most, "download_warnsize": 0, "download_timeout": crawler.settings.getfloat("DOWNLOAD_TIMEOUT")}


def kind_of(error: BaseException) -> tuple[str, str, bool]:
    """Return a stable word, a sentence and whether it makes sense to ask again, for an exception of a request."""
    if isinstance(error, Refused):
        return error.kind, str(error), error.later
    said = clean_text(str(error), 300) or type(error).__name__
    name = type(error).__name__
    if isinstance(error, CannotResolveHostError) or name in {"DNSLookupError", "DNSNameError"}:
        return "dns", "the host's name cannot be resolved", True
    if isinstance(error, (DownloadTimeoutError, TimeoutError)) or name in {"TimeoutError", "TCPTimedOutError"}:
        return "timeout", "no answer in time", True
    if isinstance(error, DownloadConnectionRefusedError):
        return "connection", "the connection was refused", True
    if isinstance(error, DownloadCancelledError):
        return "too-large", "the answer is larger than is read", False
    causes = list(_causes(error))
    if any(isinstance(cause, HeadTooLarge) for cause in causes):
        return "too-large", "the head of the answer is larger than is read", False
    if isinstance(error, EOFError) or name in {"BadGzipFile", "ZstdError"} or type(error).__module__ in {"zlib", "brotli"}:
        return "encoding", f"the answer cannot be unpacked: {said}", True
    if isinstance(error, ResponseDataLossError):
        return "cut-off", "the answer was cut off", True
    if "Tunnel" in name:
        return "proxy", "the proxy could not reach the host", True
    untrusted = next((cause for cause in causes if isinstance(cause, (SSL.Error, VerificationError))), None)
    if untrusted is not None:
        return "tls", f"no trusted TLS connection: {_tls(untrusted)}", True
    if isinstance(error, (UnsupportedURLSchemeError, ValueError)):
        return "bad-address", said, False
    if isinstance(error, IgnoreRequest):
        if "redirect" in said:
            return "redirects", "too many redirects", False
        return ("too-large", "the answer is larger than is read", False) if "exceed" in said or "size" in said else ("refused", said, False)
    return "connection", f"the connection failed: {clean_text(str(causes[-1]), 300) or type(causes[-1]).__name__}", True


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what stands behind it and the reasons that Twisted gives, the innermost last."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return
        yield seen
        reasons = [
            value for reason in getattr(seen, "reasons", None) or [] if isinstance(value := getattr(reason, "value", None), Exception)
        ]
        yield from reasons
        seen = seen.__cause__ or seen.__context__


def _tls(error: BaseException) -> str:
    """Say what was wrong with a certificate or a handshake."""
    if isinstance(error, VerificationError):
        return "its certificate is for another name"
    parts = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return ", ".join(str(part[-1]) for part in parts) or "the connection was broken off"


def charset(response: Response) -> str | None:
    """Return the charset that an answer's header names, None where it names none."""
    header = (response.headers.get("Content-Type") or b"").decode("latin-1")
    for part in header.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset" and value:
            return value.strip("\"' ").lower() or None
    return None
