"""How a host answers: slowly, without end, packed, cut, broken, or not in HTTP at all."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import zstandard

from spiders.settings import LARGEST_FEED
from tests.hostile.case import Case, named, one
from tests.spiders.site import Reply, drips, reset, stops

_BIG = b" " * (2 * LARGEST_FEED)
_SLOW = ("timeout",)
_LARGE = ("too-large",)


def cases() -> list[Case]:
    """All of this file."""
    made = []
    for name, (reply, kinds) in _answers().items():
        made.append(Case(name=name, feed=reply, expect=kinds))
    for name, reply in _read().items():
        made.append(Case(name=name, feed=reply, arrives=(named(f"qua {name}"),)))
    return made


def _packed(body: bytes, how: str) -> Reply:
    return Reply(body, headers={"Content-Encoding": how})


def _silent(handler: Any) -> None:
    import time

    time.sleep(8)


def _answers() -> dict[str, tuple[Reply, tuple[str, ...]]]:
    feed = one("x", "y").encode()
    return {
        "silent": (Reply(raw=_silent), _SLOW),
        "slow-head": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05)), _SLOW),
        "slow-body": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b" ", 0.05)), _SLOW),
        "slow-chunks": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.05)), _SLOW),
        "for-ever-100": (Reply(raw=drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02)), (*_SLOW, *_LARGE, "connection")),
        "endless": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b" " * 2**20, 0)), (*_LARGE, *_SLOW)),
        "endless-head": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"y" * 8_000 + b"\r\n", 0)), _LARGE),
        "endless-line": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 2**16, 0)), ("connection", *_LARGE)),
        "many-headers": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 500, 0)), _LARGE),
        "huge": (Reply(raw=stops(b"Content-Length: 99999999999", b"<rss>")), _LARGE),
        "bomb-gzip": (_packed(gzip.compress(_BIG), "gzip"), _LARGE),
        "bomb-br": (_packed(brotli.compress(_BIG, quality=1), "br"), _LARGE),
        "bomb-zstd": (_packed(zstandard.compress(_BIG), "zstd"), _LARGE),
        "bomb-deflate": (_packed(zlib.compress(_BIG), "deflate"), _LARGE),
        "bomb-twice": (_packed(gzip.compress(gzip.compress(_BIG)), "gzip, gzip"), _LARGE),
        "packed-often": (_packed(feed, ", ".join(["gzip"] * 200)), ("encoding", *_LARGE, "not-a-feed")),
        "no-gzip": (_packed(feed, "gzip"), ("encoding",)),
        "no-br": (_packed(feed, "br"), ("encoding",)),
        "no-zstd": (_packed(feed, "zstd"), ("encoding",)),
        "shorter": (Reply(raw=stops(b"Content-Length: 100000", feed)), ("cut-off",)),
        "chunk-cut": (Reply(raw=stops(b"Transfer-Encoding: chunked", b"1000\r\n" + feed)), ("cut-off",)),
        "chunk-huge": (Reply(raw=stops(b"Transfer-Encoding: chunked", b"FFFFFFFFFFFFFFF\r\n" + feed)), ("cut-off", "connection", *_LARGE)),
        "chunk-odd": (Reply(raw=stops(b"Transfer-Encoding: chunked", b"-5\r\nxx\r\n" + b"zz\r\n")), ("cut-off", "connection")),
        "length-odd": (Reply(raw=stops(b"Content-Length: -7", feed)), ("connection", "cut-off", "timeout")),
        "length-two": (Reply(raw=stops(b"Content-Length: 5\r\nContent-Length: 500000", feed)), ("connection", "cut-off", "not-a-feed")),
        "reset": (Reply(raw=reset), ("connection",)),
        "closed": (Reply(raw=lambda handler: None), ("connection",)),
        "no-http": (Reply(raw=lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)), ("connection",)),
        "status-odd": (Reply(raw=lambda handler: handler.wfile.write(b"HTTP/1.1 999 Nope\r\nContent-Length: 0\r\n\r\n")), ("http-999", "connection")),
        "status-words": (Reply(raw=lambda handler: handler.wfile.write(b"HTTP/1.1 OK fine\r\n\r\n")), ("connection",)),
        "status-204": (Reply("", 204), ("http-204",)),
        "status-500": (Reply("x" * 1_000, 500), ("http-500",)),
        "status-410": (Reply("", 410), ("http-410",)),
        "status-451": (Reply("", 451), ("http-451",)),
        "later-for-ever": (Reply("", 503, {"Retry-After": "99999999999999999999"}), ("http-503",)),
        "later-odd": (Reply("", 429, {"Retry-After": "\u0661\u0662"}), ("http-429", "connection")),
        "challenge": (Reply("<html><title>Just a moment...</title><script src='/cdn-cgi/challenge-platform'></script></html>"), ("challenge",)),
        "unasked-304": (Reply("", 304), ("http-304",)),
    }  # fmt: skip


def _read() -> dict[str, Reply]:
    def feed(name: str) -> bytes:
        return one(name, f"qua {name}").encode()

    return {
        "gzip": _packed(gzip.compress(feed("gzip")), "gzip"),
        "br-in-gzip": _packed(brotli.compress(gzip.compress(feed("br-in-gzip"))), "gzip,br"),
        "without-length": Reply(raw=stops(b"X: y", feed("without-length"))),
        "cookies": Reply(feed("cookies"), headers={"Set-Cookie": "sid=1; Domain=example; Path=/"}),
        "header-lines": Reply(feed("header-lines"), headers={"X-Long": "y" * 15_000, "ETag": '"' + "e" * 9_000 + '"', "Last-Modified": "\x01not a date"}),
        "type-lies": Reply(feed("type-lies"), headers={"Content-Type": "image/png; charset=klingon"}),
    }  # fmt: skip
