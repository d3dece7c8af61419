"""JSON by a mapping: what is found where, and what is said where nothing is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from spiders.readers.feed import read_feed
from storage.errors import ReadError
from storage.items import Kind, Source
from tests.spiders.run_spider import NOW, Order, crawl, page, source
from tests.spiders.site import Site

LONG = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư của dự án, và còn nhiều việc."


def _source(**fields: str) -> Source:
    return Source(id="api", url="https://a.example/api", kind=Kind.JSON, timezone="Asia/Ho_Chi_Minh", fields=tuple(fields.items()))


def _read(data: object, **fields: str):  # type: ignore[no-untyped-def]
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read_feed(body, source=_source(**fields), url="https://a.example/api?page=1", now=NOW).entries


@pytest.mark.parametrize("path", ["²", "٣", "9" * 5_000])
def test_only_plain_numbers_are_positions(path: str) -> None:
    with pytest.raises(ReadError, match="nothing stands"):
        _read([{}], items=path, url="x")


def test_a_number_beyond_all_time_is_no_date() -> None:
    (one,) = _read([{"u": "https://a.example/1", "on": 10**400}], items="", url="u", date="on")
    assert one.published is None


def test_paths_lead_to_what_is_wanted() -> None:
    data = {
        "data": [
            {"list": [{"attributes": {"headline": "FPT &amp; Mila", "on": "23/11/2026 09:30", "body": "<p>Một đoạn</p>"}, "slug": "tin-1"}]}
        ]
    }
    (one,) = _read(
        data,
        items="data.0.list",
        url="https://a.example/news/{slug}",
        title="attributes.headline",
        date="attributes.on",
        text="attributes.body",
    )
    assert (one.url, one.title, one.summary) == ("https://a.example/news/tin-1", "FPT & Mila", "Một đoạn")
    assert one.published == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "expected"), [(1_795_000_000, 2026), (1_795_000_000_000, 2026), ("1 giờ", None), (True, None), (None, None), (10**30, None)]
)
def test_dates_may_be_numbers(stated: object, expected: int | None) -> None:
    (one,) = _read([{"u": "/1", "d": stated}], url="u", date="d")
    assert (one.published.year if one.published else None) == expected


def test_wordpress_and_lists_and_relative_addresses() -> None:
    (one,) = _read(
        [{"link": "/a", "title": {"rendered": "Tiêu đề"}, "authors": ["A", "B"], "id": 7}],
        url="link",
        title="title",
        author="authors",
        id="id",
    )
    assert (one.url, one.title, one.authors, one.key) == ("https://a.example/a", "Tiêu đề", ("A",), "7")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"Please limit requests to one every 5 seconds", "no JSON; it says 'Please limit requests"),
        ({"results": [], "count": 0}, "nothing stands at items = 'articles'; the document has: results, count"),
        ({"articles": {"a": 1}}, "stands no list; it has: a"),
        ({"articles": [{"link": "https://a.example/1"}]}, "no item has an address at url = 'url'; an item has: link"),
    ],
)
def test_what_is_wrong_is_named(data: object, said: str) -> None:
    with pytest.raises(ReadError) as error:
        _read(data, items="articles", url="url")
    assert said in str(error.value)


@pytest.mark.parametrize("data", [{}, {"articles": []}, {"articles": None}])
def test_nothing_found_is_no_error(data: object) -> None:
    assert _read(data, items="articles", url="url") == ()


def test_an_interface_and_an_engine_in_a_crawl() -> None:
    with Site() as site:
        site.pages |= {
            "/api": json.dumps({"data": [{"u": "/1", "t": "Một"}, {"u": "/2", "t": "Hai"}]}),
            "/doc": json.dumps(
                {"articles": [{"url": site.url("/3"), "title": "Ba", "seendate": "20261123T010000Z", "domain": "a.example"}]}
            ),
            **{f"/{n}": page(f"Bài {n}", LONG) for n in (1, 2, 3)},
        }
        gdelt = (("items", "articles"), ("url", "url"), ("title", "title"))
        sources = [
            source(site.url("/api"), "api", kind=Kind.JSON, fields=(("items", "data"), ("url", "u"), ("title", "t"))),
            source(site.url("/doc"), "doc", kind=Kind.SEARCH, outlet="GDELT", fields=gdelt),
        ]
        done = crawl(Order(sources=sources, allow=[site.netloc]))
    assert done.titles("api") == ["Bài 1", "Bài 2"]
    (found,) = done.of("doc")
    assert found.entry is not None and found.entry.published is None  # GDELT says when it saw a page, not when it was published
