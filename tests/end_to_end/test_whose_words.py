"""Whose words stand at an address whose page refuses: a feed may list any site's, but its words are never shown as that site's own.

Through the command, on both databases, with hosts of their own: each name leads to the server of the test, the guard is the product's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import ROOT
from tests.end_to_end.machine import Watch
from tests.spiders.run_spider import item, rss
from tests.spiders.site import Reply, Site

OPEN = "45.33.32.10"  # a public address; the network of the test leads it to the server
PAGE = "http://honest.example/tin-1.html"
LIE = "FPT phá sản, theo một tờ báo"
TRUE = "FPT khai trương trung tâm nghiên cứu ở Huế"
SEARCH = '[[source]]\nid = "search"\nkind = "search"\nurl = "http://search.example/search.xml"\noutlet = "Search"\n'


class Web:
    """A watch on an honest outlet, whose pages refuse, on somebody who lists its addresses, and on a search."""

    def __init__(self, site: Site, folder: Path, database: str) -> None:
        self.site = site
        self.watch = Watch(site, folder, outlets=("evil", "honest"), names=True, pages=True, database=database, settings=SEARCH)
        (folder / "network.log").touch()
        table = {
            "names": {f"{name}.example": [OPEN] for name in ("evil", "honest", "search")},
            "routes": {f"{OPEN}|80": ("127.0.0.1", site.port)},
            "log": str(folder / "network.log"),
        }
        self.environment = {
            "PYTHONPATH": os.pathsep.join((str(ROOT / "tests" / "hostile" / "network"), self.watch.clock.environment["PYTHONPATH"])),
            "HOSTILE_NETWORK": json.dumps(table),
        }
        site.pages["/tin-1.html"] = Reply(b"", 403)
        for name in ("evil", "honest", "search"):
            self.shows(name)

    def shows(self, name: str, *items: str) -> None:
        """What a feed shows from now on; something of its own is always there."""
        own = item(f"http://{name}.example/own", "Thời tiết hôm nay")
        self.site.pages[f"/{name}.xml"] = rss(*items, own)

    def crawl(self, *names: str) -> None:
        """Crawl these sources."""
        done = self.watch.run("crawl", *names, **self.environment)
        assert done.code == 0, done

    @property
    def told(self) -> list[dict[str, Any]]:
        """What is stored."""
        return [json.loads(line) for line in self.watch.run("export", **self.environment).out.splitlines()]

    def one(self) -> tuple[str, str, str]:
        """Headline, outlet and host of the one article."""
        (article,) = self.told
        return article["title"], article["outlet"], article["outlet_host"]

    def digest(self) -> str:
        """What a digest would say now."""
        return self.watch.run("digest", "--format", "text", "--preview", **self.environment).out


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[Web]:
    with Site() as site:
        yield Web(site, tmp_path, database_url)


def lie(title: str = LIE, **more: str) -> str:
    """An entry that is said to be the honest outlet's."""
    source = '<source url="http://honest.example/honest.xml">Honest</source>'
    return item(PAGE, title, description="lời bịa của kẻ khác", **more).replace("</item>", f"{source}</item>")


def test_the_words_of_a_stranger_are_told_as_the_strangers_until_the_site_speaks_itself(web: Web) -> None:
    web.shows("evil", lie(pubDate="Mon, 01 Jan 2001 00:00:00 GMT"))
    web.crawl("evil")
    assert web.one() == (LIE, "Evil", "evil.example")
    web.shows("honest", item(PAGE, TRUE, description="lời của chính báo ấy"))
    web.crawl("honest")
    assert web.one() == (TRUE, "Honest", "honest.example")
    assert (article := web.told[0])["published"] is None and "bịa" not in json.dumps(article, ensure_ascii=False)
    assert TRUE in (digest := web.digest()) and LIE not in digest, "and a false date keeps nothing from being told"
    web.shows("evil", lie("FPT phá sản lần thứ hai"))
    web.crawl("evil")
    assert web.one() == (TRUE, "Honest", "honest.example")


def test_what_a_site_said_first_is_not_changed_by_who_lists_it_too(web: Web) -> None:
    web.shows("honest", item(PAGE, TRUE))
    web.crawl("honest")
    for title in (LIE, "FPT phá sản lần thứ hai"):
        web.shows("evil", lie(title))
        web.crawl("evil")
        assert web.one() == (TRUE, "Honest", "honest.example")
    changed = TRUE.replace("Huế", "Đà Nẵng")
    web.shows("honest", item(PAGE, changed))
    web.crawl("honest")
    assert web.one() == (changed, "Honest", "honest.example"), "only by itself"


def test_an_address_that_strangers_listed_as_something_else_is_not_lost(web: Web) -> None:
    web.shows("evil", lie("Giá vàng hôm nay"))
    web.crawl("evil")
    assert web.told == []
    web.shows("honest", item(PAGE, TRUE))
    web.crawl("honest")
    assert web.one() == (TRUE, "Honest", "honest.example")


def test_in_one_crawl_it_makes_no_difference_who_comes_first(web: Web) -> None:
    web.shows("evil", lie())
    web.shows("honest", item(PAGE, TRUE))
    web.crawl()
    assert web.one() == (TRUE, "Honest", "honest.example")


def test_a_search_speaks_for_the_outlets_that_it_finds_until_they_do_and_no_feed_changes_that(web: Web) -> None:
    found = '<source url="http://honest.example">Honest</source>'
    web.shows("search", item(PAGE, TRUE.upper()).replace("</item>", f"{found}</item>"))
    web.crawl("search")
    assert (first := web.one())[0] == TRUE.upper() and first[1:] == ("Honest", "honest.example")
    for title in (LIE, "FPT phá sản lần thứ hai"):
        web.shows("evil", lie(title))
        web.crawl("evil")
        assert web.one() == first
    web.shows("honest", item(PAGE, TRUE))
    web.crawl("honest")
    assert web.one() == (TRUE, "Honest", "honest.example")


def test_an_address_that_is_wrapped_in_another_is_cleaned_as_any_other_and_ends_no_crawl(web: Web) -> None:
    """A NUL in it did: PostgreSQL takes none, and nothing of any source was stored."""
    web.shows("evil", item("https://www.google.com/url?q=http%3A%2F%2Fevil.example%2Fa%00b%0A", "FPT Software ký hợp đồng"))
    web.shows("honest", item(PAGE, TRUE))
    web.crawl()
    assert sorted(one["url"] for one in web.told) == ["http://evil.example/ab", PAGE]
