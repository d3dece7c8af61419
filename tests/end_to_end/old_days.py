"""A made-up site with a past of 150 days, told by every road: a blog's pages, a JSON Feed, archived feeds, a sitemap index, a list."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.clock import MOMENT as NOW
from tests.end_to_end.section import NEWS, OTHER
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Site
from tests.spiders.test_sitemaps import child, index, url, urlset

STEP = 10  # days between two articles of a road
ROADS = ("blog", "json", "atom", "map", "list")
A_PAGE = 3  # articles on each page of a road


def ago(days: float) -> datetime:
    """The moment so many days ago."""
    return NOW - timedelta(days=days)


def path_of(road: str, number: int) -> str:
    """The address of a road's article; the higher the number, the older it is."""
    return f"/tin/{road}-mo-trung-tam-phan-mem-{number}.html"


def names_fpt(number: int) -> bool:
    """Whether an article names FPT: two of three do."""
    return number % 3 != 2


def inside(since: float, until: float, number: int) -> bool:
    """Whether an article was published between so many days ago."""
    return until <= number * STEP + 1 <= since


def build(site: Site, articles: int = 15) -> None:
    """Fill a site: each road holds `articles` articles, one every ten days, the newest one day old."""
    for road in ROADS:
        for number in range(articles):
            when = ago(number * STEP + 1)
            topic = names_fpt(number)
            title = f"FPT {road} mở trung tâm thứ {number}" if topic else f"Trời mưa ở {road} ngày {number}"
            stated = f'<meta property="article:published_time" content="{when.isoformat()}">'
            words = (NEWS if topic else OTHER).format(n=f"{road} {number}")
            site.pages[path_of(road, number)] = page(title, words, f"Đoạn hai của {road} {number * 7919} viết riêng.", head=stated)
    pages = -(-articles // A_PAGE)
    for number in range(pages):
        shown = range(number * A_PAGE, min((number + 1) * A_PAGE, articles))
        _blog(site, number, shown)
        _json(site, number, shown, pages)
        _atom(site, number, shown, pages)
        _sitemap(site, number, shown)
        _list(site, number, shown, pages)
    site.pages["/maps.xml"] = index(
        *(child(site.url(f"/map-{number}.xml"), ago(number * A_PAGE * STEP).isoformat()) for number in range(pages))
    )


def title_of(road: str, number: int) -> str:
    """A headline, as lists show it."""
    return f"FPT {road} mở trung tâm thứ {number}" if names_fpt(number) else f"Trời mưa ở {road} ngày {number}"


def _blog(site: Site, number: int, shown: range) -> None:
    """WordPress: /blog/feed/, then ?paged=2, and 404 past the end; nothing says so but its generator."""
    entries = [item(site.url(path_of("blog", one)), title_of("blog", one), pubDate=format_datetime(ago(one * STEP + 1))) for one in shown]
    body = rss(*entries, head="<generator>https://wordpress.org/?v=6.5</generator>")
    site.pages["/blog/feed/" if number == 0 else f"/blog/feed/?paged={number + 1}"] = body


def _json(site: Site, number: int, shown: range, pages: int) -> None:
    feed: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": "J"}
    feed["items"] = [
        {
            "id": str(one),
            "url": site.url(path_of("json", one)),
            "title": title_of("json", one),
            "date_published": ago(one * STEP + 1).isoformat(),
        }
        for one in shown
    ]
    if number + 1 < pages:
        feed["next_url"] = site.url(f"/feed.json?a=1&page={number + 1}")
    site.pages["/feed.json" if number == 0 else f"/feed.json?a=1&page={number}"] = json.dumps(feed).replace("&", "\\u0026")


def _atom(site: Site, number: int, shown: range, pages: int) -> None:
    entries = "".join(
        f'<entry><id>urn:{one}</id><title>{title_of("atom", one)}</title><link href="{site.url(path_of("atom", one))}"/>'
        f"<published>{ago(one * STEP + 1).isoformat()}</published></entry>"
        for one in shown
    )
    older = f'<link rel="prev-archive" href="/atom-{number + 1}.xml"/>' if number + 1 < pages else ""
    name = "/atom.xml" if number == 0 else f"/atom-{number}.xml"
    site.pages[name] = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>{older}{entries}</feed>'


def _sitemap(site: Site, number: int, shown: range) -> None:
    rows = [url(site.url(path_of("map", one)), ago(one * STEP + 1).isoformat()) for one in shown]
    site.pages[f"/map-{number}.xml"] = urlset(*rows)


def _list(site: Site, number: int, shown: range, pages: int) -> None:
    cards = "".join(
        f"<div class='card'><h3><a href='{path_of('list', one)}'>{title_of('list', one)}</a></h3>"
        f"<span class='date'>{ago(one * STEP + 1):%d/%m/%Y %H:%M}</span></div>"
        for one in shown
    )
    following = f"<a href='/muc-tin?page={number + 2}'>Trang sau</a>" if number + 1 < pages else ""
    body = f"<html><body><main><div class='list'>{cards}</div>{following}</main></body></html>"
    site.pages["/muc-tin" if number == 0 else f"/muc-tin?page={number + 1}"] = body


def sources(site: Site) -> str:
    """The configuration's tables for all roads."""
    rows = {"blog": ("/blog/feed/", "feed"), "json": ("/feed.json", "feed"), "atom": ("/atom.xml", "feed"), "map": ("/maps.xml", "sitemap"), "list": ("/muc-tin", "listing")}  # fmt: skip
    return "".join(
        f'[[source]]\nid = "{name}"\nurl = "{site.url(path)}"\nkind = "{kind}"\noutlet = "Báo {name}"\ntimezone = "UTC"\n'
        for name, (path, kind) in rows.items()
    )
