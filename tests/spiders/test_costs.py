"""What a stranger writes costs little, whatever it is: each of these once took a processor for seconds, minutes or hours.

Counted is the processor's time, so that a machine with much else to do changes nothing. What else is slow on purpose ends with its worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from lxml import html

from spiders.pages.dates import shown_date
from spiders.pages.metadata import read_metadata
from spiders.pollers.base import _LOGIN
from spiders.readers.feed import read_feed, read_quickly
from spiders.readers.links import unwrap
from spiders.readers.paging import next_page
from spiders.readers.past import next_archive
from spiders.readers.sitemap import sitemaps_of_robots
from spiders.readers.tolerant import _without_doctype
from storage.items import Source

URL = "https://bao.example/tin"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SOURCE = Source(id="bao", url=URL)


def _shown(page: str) -> object:
    return shown_date(html.document_fromstring(page), URL, "UTC", NOW)


def _authors(count: int) -> str:
    names = ",".join(f'"a{number}"' for number in range(count))
    return f'<html><script type="application/ld+json">{{"@type": "NewsArticle", "author": [{names}]}}</script></html>'


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda: _without_doctype(b"<rss>" + b"<!DOCTYPE[" * 400_000), id="doctypes that do not end"),
        pytest.param(lambda: next_archive((b"<link " + b"a" * 1_900 + b" >") * 100, URL), id="attributes without a value"),
        pytest.param(lambda: _LOGIN.search(b"<input" * 33_000), id="fields for nothing"),
        pytest.param(lambda: sitemaps_of_robots("sitemap: a\n" * 180_000, URL), id="sitemaps of a robots.txt"),
        pytest.param(lambda: read_metadata(html.document_fromstring(_authors(45_000)), URL, "UTC"), id="authors"),
        pytest.param(
            lambda: _shown("<h1>Tin</h1><ul><li>" + "x " * 1_500_000 + "<time>20/11/2026 08:30</time> " * 1_500 + "</li></ul>"),
            id="dates in a long line of a list",
        ),
    ],
)
def test_it_is_read_at_little_cost(read: Callable[[], object]) -> None:
    begun = time.process_time()
    read()
    assert time.process_time() - begun < 4


def test_a_document_loses_the_doctype_that_defines_something() -> None:
    assert _without_doctype(b'<?xml?><!doctype rss [<!ENTITY a "b">]><rss/>') == b"<?xml?><rss/>"
    assert _without_doctype(b"<!DOCTYPE rss><!DOCTYPE rss [ x ]  ><rss/>") == b"<!DOCTYPE rss><rss/>"
    assert _without_doctype(b"<rss/>") == b"<rss/>"


@pytest.mark.parametrize(("ttl", "minutes"), [("90", 90), ("²", None), ("٣٠", None), ("", None)])
def test_numbers_that_are_none_cost_no_feed(ttl: str, minutes: int | None) -> None:
    feed = f"<rss><channel><title>Báo</title><ttl>{ttl}</ttl><item><title>Tin</title><link>{URL}/1</link></item></channel></rss>"
    for reading in (
        read_quickly(feed.encode(), source=SOURCE, url=URL, now=NOW),
        read_feed(feed.encode(), source=SOURCE, url=URL, now=NOW),
    ):
        assert reading is not None and len(reading.entries) == 1
        assert (reading.ttl.total_seconds() / 60 if reading.ttl else None) == minutes
    links = "".join(f'<a href="{URL}?start={number}">2</a>' for number in ("²", "9" * 3_000, "20"))
    assert next_page(html.document_fromstring(links), URL) == f"{URL}?start=20"


@pytest.mark.parametrize(
    ("wrapped", "real"),
    [
        ("http%3A%2F%2Fbao.example%2Fa%00b%0A%E2%80%AEc", "http://bao.example/abc"),
        ("http%3A%2F%2F" + "a" * 5_000, "https://www.google.com/url?q=http%3A%2F%2F" + "a" * 5_000),
        ("http%3A%2F%2F", "https://www.google.com/url?q=http%3A%2F%2F"),
        ("http%3A%2F%2Fbao.example%3A99999%2F", "https://www.google.com/url?q=http%3A%2F%2Fbao.example%3A99999%2F"),
    ],
)
def test_what_an_aggregator_wraps_is_an_address_as_any_other_or_none(wrapped: str, real: str) -> None:
    assert unwrap(f"https://www.google.com/url?q={wrapped}") == real
