"""Lists and archives without an end: a crawl of the past reads so many pages of each, says so, and keeps to a host's pages of a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storage.items import Kind
from tests.spiders.run_spider import NOW, Order, crawl, item, rss, source
from tests.spiders.site import Reply, Seen, Site
from tests.spiders.test_listings import _listing as listing


def _endless(seen: Seen) -> Reply:
    number = int(seen.path.rpartition("-")[2])
    return Reply(listing(*range(3 * number, 3 * number + 3), following=f"/trang-{number + 1}", date="20/11/2026"))


@pytest.mark.parametrize(
    ("limits", "pages", "said"),
    [
        ({"limits": {"spiders.pollers.listing.MOST_PAGES_SINCE": 4}}, 4, "trang-1: 4 pages of the list were read; what is older was left"),
        ({"pages_a_day": 2}, 3, "127.0.0.1: as many pages as a host may be asked for in a day (pages_per_host_day); go on tomorrow"),
    ],
)
def test_a_list_without_end_is_left_in_the_past(limits: dict[str, Any], pages: int, said: str) -> None:
    with Site() as site:
        site.pages |= {f"/trang-{number}": _endless for number in range(1, 9)}
        order = Order(
            sources=[source(site.url("/trang-1"), kind=Kind.LISTING, pages=False)],
            allow=[site.netloc],
            spider={"since": datetime(2026, 1, 1, tzinfo=UTC)},
            **limits,
        )
        found = crawl(order)
    assert found.polls["trang-1"].entries == 3 * pages and found.notes == [said]
    assert [path for path in site.paths() if path != "/robots.txt"] == [f"/trang-{number}" for number in range(1, pages + 1)]


def test_an_archive_without_end_is_left_to_the_next_crawl_of_the_past() -> None:
    def older(seen: Seen) -> Reply:
        number = int(seen.path.rpartition("-")[2])
        more = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/feed-{number + 1}'/>"
        return Reply(rss(item(f"https://a.example/{number}", pubDate="Fri, 20 Nov 2026 06:00:00 GMT"), head=more))

    with Site() as site:
        site.pages |= {f"/feed-{number}": older for number in range(1, 9)}
        past = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": NOW, "limit": 100}
        feed = source(site.url("/feed-1"), "feed-1", pages=False)
        found = crawl(Order(sources=[feed], allow=[site.netloc], past=past, limits={"spiders.past.MOST_PAGES": 3}))
    assert (found.polls["feed-1"].entries, found.put_off) == (3, 1)
    assert found.notes == ["feed-1: 3 pages of the feed were read, there are older ones"]
    assert "/feed-4" not in site.paths()
