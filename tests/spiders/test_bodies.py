"""One crawl over bodies of every kind: packed, in other charsets and formats, cut off, endless, empty, or no feed at all."""

from __future__ import annotations

import gzip
import json
import random
import weakref
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import brotli
import pytest
import zstandard
from scrapy.exceptions import IgnoreRequest

from spiders.fetching import let_go
from spiders.settings import LARGEST_FEED
from storage.items import PollOutcome
from tests.spiders.run_spider import SOON, Crawl, Order, crawl, item, rss, source
from tests.spiders.site import Reply, Site, drips, late, reset, stops

TITLE = "FPT mở trung tâm ở Đà Nẵng"
FEED = rss(item("https://a.example/1", TITLE))
BYTES = FEED.encode()
ENCODED = {
    "gzip": gzip.compress(BYTES),
    "x-gzip": gzip.compress(BYTES),
    "deflate": zlib.compress(BYTES),
    "br": brotli.compress(BYTES),
    "zstd": zstandard.compress(BYTES),
    "gzip,br": brotli.compress(gzip.compress(BYTES)),
}
XML = "application/rss+xml"
FRENCH = "L’école d’été à Québec"
CHARSETS: dict[str, tuple[str, bytes]] = {  # header, body
    "by-header": (
        f"{XML}; charset=windows-1252",
        f"<rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode("cp1252"),
    ),
    "by-prologue": (
        XML,
        f"<?xml version='1.0' encoding='windows-1252'?><rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode(
            "cp1252"
        ),
    ),
    "by-nothing": (XML, f"<rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode()),
    "by-mark": (XML, b"\xef\xbb\xbf" + f"<rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode()),
    "utf-16": (
        XML,
        f"<?xml version='1.0' encoding='utf-16'?><rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode(
            "utf-16"
        ),
    ),
    "header-lies": (
        f"{XML}; charset=iso-8859-1",
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode(),
    ),
    "prologue-lies": (
        XML,
        f"<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode(),
    ),
    "unknown": (f"{XML}; charset=klingon", f"<rss version='2.0'><channel>{item('https://a.example/2', FRENCH)}</channel></rss>".encode()),
}
FORMATS = {
    "rss091": f"<?xml version='1.0'?><rss version='0.91'><channel><title>x</title>{item('https://a.example/3', TITLE)}</channel></rss>",
    "rss092": f"<?xml version='1.0'?><rss version='0.92'><channel><title>x</title>{item('https://a.example/3', TITLE)}</channel></rss>",
    "rss10": "<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
    f"<channel rdf:about='https://a.example/'><title>x</title></channel><item rdf:about='https://a.example/3'><title>{TITLE}</title><link>https://a.example/3</link></item></rdf:RDF>",
    "rss090": "<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>"
    f"<channel><title>x</title></channel><item><title>{TITLE}</title><link>https://a.example/3</link></item></rdf:RDF>",
    "atom": f"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title><entry><title>{TITLE}</title><id>i</id><link href='https://a.example/3'/></entry></feed>",
    "atom03": f"<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>x</title><entry><title>{TITLE}</title><id>i</id><link rel='alternate' href='https://a.example/3'/></entry></feed>",
    "json": json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "url": "https://a.example/3", "title": TITLE}]}
    ),
    "doctype": f"<!DOCTYPE rss SYSTEM 'http://a.example/rss.dtd'><rss version='2.0'><channel>{item('https://a.example/3', TITLE)}</channel></rss>",
    "ampersand": f"<rss version='2.0'><channel><title>A & B</title>{item('https://a.example/3', TITLE)}</channel></rss>",
}
BROKEN: dict[str, tuple[Reply, str, PollOutcome]] = {
    "empty": (Reply(b""), "not-a-feed", PollOutcome.FAILED),
    "blank": (Reply(b" \n\n "), "not-a-feed", PollOutcome.FAILED),
    "html": (Reply("<!DOCTYPE html><html><head><title>Trang chủ</title></head><body>Chào</body></html>"), "not-a-feed", PollOutcome.FAILED),
    "words": (Reply("FPT FPT FPT"), "not-a-feed", PollOutcome.FAILED),
    "other-json": (Reply('{"items": []}'), "not-a-feed", PollOutcome.FAILED),
    "bytes": (Reply(random.Random(1).randbytes(4_000)), "not-a-feed", PollOutcome.FAILED),
    "challenge": (Reply("<html><title>Just a moment...</title><script src='/cdn-cgi/challenge-platform'></script></html>"), "challenge", PollOutcome.BLOCKED),
    "shorter": (Reply(raw=stops(b"Content-Length: 100000", BYTES)), "cut-off", PollOutcome.FAILED),
    "chunk-cut": (Reply(raw=stops(b"Transfer-Encoding: chunked", b"1000\r\n" + BYTES)), "cut-off", PollOutcome.FAILED),
    "reset": (Reply(raw=reset), "connection", PollOutcome.FAILED),
    "closed": (Reply(raw=lambda handler: None), "connection", PollOutcome.FAILED),
    "no-http": (Reply(raw=lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")), "connection", PollOutcome.FAILED),
    "late-head": (Reply(raw=late(30.0, BYTES)), "timeout", PollOutcome.FAILED),
    "slow-head": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05)), "timeout", PollOutcome.FAILED),
    "slow-body": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b" ", 0.05)), "timeout", PollOutcome.FAILED),
    "endless": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b" " * 2**20, 0)), "too-large", PollOutcome.FAILED),
    "endless-head": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"y" * 8_000 + b"\r\n", 0)), "too-large", PollOutcome.FAILED),
    "endless-line": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 2**16, 0)), "connection", PollOutcome.FAILED),
    "huge": (Reply(raw=stops(b"Content-Length: 99999999999", b"<rss>")), "too-large", PollOutcome.FAILED),
    "bomb": (Reply(gzip.compress(b" " * 2 * LARGEST_FEED), headers={"Content-Encoding": "gzip"}), "too-large", PollOutcome.FAILED),
    "bomb-br": (Reply(brotli.compress(b" " * 2 * LARGEST_FEED, quality=1), headers={"Content-Encoding": "br"}), "too-large", PollOutcome.FAILED),
    "bomb-zstd": (Reply(zstandard.compress(b" " * 2 * LARGEST_FEED), headers={"Content-Encoding": "zstd"}), "too-large", PollOutcome.FAILED),
    "no-gzip": (Reply(BYTES, headers={"Content-Encoding": "gzip"}), "encoding", PollOutcome.FAILED),
    "no-deflate": (Reply(BYTES, headers={"Content-Encoding": "deflate"}), "encoding", PollOutcome.FAILED),
    "no-br": (Reply(BYTES, headers={"Content-Encoding": "br"}), "encoding", PollOutcome.FAILED),
    "no-zstd": (Reply(BYTES, headers={"Content-Encoding": "zstd"}), "encoding", PollOutcome.FAILED),
}  # fmt: skip
LONG = rss(*(item(f"https://a.example/long-{number}", f"Tin {number}") for number in range(200))).encode()
PARTIAL = {
    "cut-gzip": Reply(gzip.compress(LONG)[:-600], headers={"Content-Encoding": "gzip", "ETag": '"x"'}),
    "cut-without-length": Reply(raw=stops(b"ETag: x", LONG[:-600])),
}


class Read(NamedTuple):
    site: Site
    crawl: Crawl


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    with Site() as site:
        for name, body in ENCODED.items():
            site.pages[f"/{name.replace(',', '-')}"] = Reply(body, headers={"Content-Encoding": name, "Content-Type": XML})
        for name, (header, body) in CHARSETS.items():
            site.pages[f"/{name}"] = Reply(body, headers={"Content-Type": header})
        site.pages |= {f"/{name}": Reply(body, headers={"Content-Type": "text/plain"}) for name, body in FORMATS.items()}
        site.pages |= {f"/{name}": reply for name, (reply, _, _) in BROKEN.items()}
        site.pages |= {f"/{name}": reply for name, reply in PARTIAL.items()}
        slow = {f"/{name}" for name, (_, kind, _) in BROKEN.items() if kind == "timeout"}
        # So many failures would let this one host count as down; and all may be asked at once, so that what is slow does not add up.
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 64}

        def read_all(paths: Iterable[str], **more: float) -> Crawl:
            sources = [source(site.url(path), pages=False) for path in paths]
            return crawl(Order(sources=sources, allow=[site.netloc], settings=settings | more, spider={"at_once": 100}))

        done, late_ones = read_all(path for path in site.pages if path not in slow), read_all(slow, **SOON)
        assert done.failure == late_ones.failure == ""
        done.polls.update(late_ones.polls)
        assert set(done.polls) == {path[1:] for path in site.pages}
        yield Read(site, done)


@pytest.mark.parametrize("name", ENCODED)
def test_packed_bodies(read: Read, name: str) -> None:
    name = name.replace(",", "-")
    poll = read.crawl.polls[name]
    assert (poll.outcome, poll.entries) == (PollOutcome.CHANGED, 1)
    accepted = read.site.asked(f"/{name}")[0].headers["accept-encoding"]
    assert {part.strip() for part in accepted.split(",")} == {"gzip", "deflate", "br", "zstd"}


@pytest.mark.parametrize("name", CHARSETS)
def test_charsets(read: Read, name: str) -> None:
    assert read.crawl.polls[name].outcome is PollOutcome.CHANGED
    assert read.crawl.polls[name].entries == 1


def test_words_in_any_charset_and_format(read: Read) -> None:
    """All feeds of a kind name one article, which is handed over once: by whichever came first."""
    by_url = {arrival.article.url: arrival.article.title for arrival in read.crawl.arrivals}
    assert by_url["https://a.example/1"] == TITLE
    assert by_url["https://a.example/2"] == FRENCH
    assert by_url["https://a.example/3"] == TITLE


@pytest.mark.parametrize("name", FORMATS)
def test_formats_whatever_their_type_says(read: Read, name: str) -> None:
    poll = read.crawl.polls[name]
    assert (poll.outcome, poll.entries) == (PollOutcome.CHANGED, 1)


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_says_why(read: Read, name: str) -> None:
    poll = read.crawl.polls[name]
    _, kind, outcome = BROKEN[name]
    assert (poll.outcome, poll.error_kind) == (outcome, kind), poll.error
    assert poll.error and poll.validators is None and poll.entries == 0


def test_a_page_in_place_of_a_feed_is_named(read: Read) -> None:
    assert "Trang chủ" in (read.crawl.polls["html"].error or "")


@pytest.mark.parametrize("name", PARTIAL)
def test_what_ends_early_is_read_and_asked_for_again_as_a_whole(read: Read, name: str) -> None:
    poll = read.crawl.polls[name]
    assert poll.outcome is PollOutcome.CHANGED
    assert 50 < poll.entries < 200
    assert poll.validators is None


def test_a_failure_holds_nothing_of_what_it_fell_over() -> None:
    class Body(bytearray):
        pass

    held: list[weakref.ref[Body]] = []

    def unpacks() -> None:
        body = Body(10)
        held.append(weakref.ref(body))
        raise ValueError(len(body))

    def asks() -> None:
        try:
            unpacks()
        except ValueError as error:
            raise IgnoreRequest("larger than is read") from error

    with pytest.raises(IgnoreRequest) as caught:
        asks()
    assert held[0]() is not None
    let_go(caught.value)
    assert held[0]() is None


def test_no_answer_takes_all_memory(read: Read) -> None:
    assert read.crawl.peak_mb < 300
