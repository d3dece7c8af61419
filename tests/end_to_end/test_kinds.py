"""`scrapy` as its users know it, spiders of a user's own, and one article by every road; all by real commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.packs import GROUPS
from storage.store import Store
from tests.patience import LONG_S
from tests.spiders.run_spider import ROOT, item, page, rss
from tests.spiders.site import Reply, Site
from tests.spiders.test_sitemaps import url, urlset

LONG = "Sáng nay FPT khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư của dự án, và còn nhiều việc phải làm."
OFF = "".join(f"{group} = false\n" for group in (*GROUPS, "searches"))


def _environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("MONITOR_")}
    return clean | {"PYTHONPATH": str(ROOT)}


def _scrapy(*words: str, cwd: Path = ROOT, settings: str = "") -> subprocess.CompletedProcess[str]:
    environment = _environment() | ({"SCRAPY_SETTINGS_MODULE": settings} if settings else {})
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=LONG_S
    )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as made:
        now = datetime.now(UTC)
        titles = {n: f"FPT khởi công trung tâm dữ liệu số {n}" for n in (1, 2, 3)}
        address = {n: made.url(f"/tin/fpt-khoi-cong-trung-tam-du-lieu-{n}.html") for n in titles}
        made.pages |= {f"/tin/fpt-khoi-cong-trung-tam-du-lieu-{n}.html": page(title, LONG) for n, title in titles.items()}
        made.pages |= {
            "/feed.xml": rss(*(item(address[n], title) for n, title in titles.items())),
            "/sitemap.xml": urlset(*(url(address[n], (now - timedelta(hours=n)).isoformat()) for n in titles)),
            "/tin": "<html><body><main>" + "".join(f"<div><h3><a href='{address[n]}'>{title}</a></h3></div>" for n, title in titles.items()) + "</main></body></html>",
            "/api.json": json.dumps({"data": [{"link": address[n], "headline": title} for n, title in titles.items()]}),
        }  # fmt: skip
        yield made


# ------------------------------------------------------------------ scrapy


def test_scrapy_lists_the_spiders() -> None:
    assert _scrapy("list").stdout.split() == ["feed", "json", "listing", "page", "site", "sitemap"]


@pytest.mark.parametrize(
    ("spider", "path", "arguments"),
    [
        ("feed", "/feed.xml", []),
        ("sitemap", "/sitemap.xml", ["-a", "only=/tin/"]),
        ("listing", "/tin", ["-a", "pages=no", "-a", "outlet=Báo Thử"]),
        ("json", "/api.json", ["-a", 'fields={"items": "data", "url": "link", "title": "headline"}']),
        ("page", "/tin/fpt-khoi-cong-trung-tam-du-lieu-1.html", []),
    ],
)
def test_scrapy_crawls_each_kind_without_database_or_watchlist(
    site: Site, tmp_path: Path, spider: str, path: str, arguments: list[str]
) -> None:
    out = tmp_path / "out.jsonl"
    count = len(site.seen)
    done = _scrapy(
        "crawl", spider, "-a", f"url={site.url(path)}", *arguments, "-O", str(out), "-s", f"MONITOR_ALLOW_PRIVATE={site.netloc}",
        "-s", "DOWNLOAD_DELAY=0", "-s", "USER_AGENT=probe/1", cwd=tmp_path, settings="spiders.settings",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    items = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(items) == (1 if spider == "page" else 3)
    assert {one["title"] for one in items} <= {f"FPT khởi công trung tâm dữ liệu số {n}" for n in (1, 2, 3)}
    texts = [LONG in one["text"] for one in items]
    assert not any(texts) if spider == "listing" else all(texts)
    assert {one.headers["user-agent"] for one in site.seen[count:]} == {"probe/1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl"]


def test_scrapy_says_what_went_wrong(site: Site, tmp_path: Path) -> None:
    allowed = "-s", f"MONITOR_ALLOW_PRIVATE={site.netloc}"
    gone = _scrapy("crawl", "feed", "-a", f"url={site.url('/nowhere.xml')}", *allowed)
    assert "there is no feed any more" in gone.stderr
    private = _scrapy("crawl", "feed", "-a", f"url={site.url('/feed.xml')}")
    assert "stands in a private network" in private.stderr
    fields = _scrapy("crawl", "json", "-a", f"url={site.url('/api.json')}", "-a", 'fields={"items": "data"}')
    assert "has to be an object with url" in fields.stderr


# ------------------------------------------------------------------ a spider of the user's own

OWN = """
import scrapy
from spiders.items import ArticleItem, EntryItem


class Newsroom(scrapy.Spider):
    name = "newsroom"

    def __init__(self, url, **kwargs):
        super().__init__(start_urls=[url], **kwargs)

    def parse(self, response):
        for link in response.css("h3 a"):
            yield EntryItem(url=link.attrib["href"], title=link.css("::text").get())
        yield response.follow("/about", self.parse_about)

    def parse_about(self, response):
        yield ArticleItem(url="/own", title="FPT nói về mình", text=response.css("p::text").get(), published="hôm qua")
        yield {"url": "/mila-fpt", "title": "FPT và những việc khác"}


class Broken(Newsroom):
    name = "broken"

    def parse(self, response):
        yield {"url": response.url, "title": "FPT", "datum": 1}
        raise ValueError("giá trị lạ")


class Quiet(scrapy.Spider):
    name = "quiet"
    start_urls = ["http://127.0.0.1:1/"]
"""


def _configuration(folder: Path, site: Site, tables: str) -> Path:
    file = folder / "monitor.toml"
    file.write_text(f'[crawl]\ndelay_seconds = 0.0\n[packs]\n{OFF}[network]\nallow = ["{site.netloc}"]\n{tables}', encoding="utf-8")
    return file


def _monitor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", *words], cwd=folder, env=_environment(), capture_output=True, text=True, timeout=LONG_S
    )


def test_a_spider_of_ones_own_goes_through_the_same_intake(site: Site, tmp_path: Path) -> None:
    (tmp_path / "my_spiders.py").write_text(OWN, encoding="utf-8")
    site.pages |= {f"/tin?{name}": site.pages["/tin"] for name in ("Newsroom", "Broken")}
    site.pages["/about"] = f"<p>{LONG}</p>"
    site.pages["/mila-fpt"] = Reply("", 500)
    tables = "".join(
        f'[[source]]\nid = "{name.lower()}"\nurl = "{site.url("/tin")}?{name}"\nkind = "spider"\nspider = "my_spiders.py:{name}"\n'
        for name in ("Newsroom", "Broken", "Quiet", "Absent")
    )
    _configuration(tmp_path, site, tables)
    done = _monitor(tmp_path, "crawl", "--json")
    assert done.returncode == 3, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert (report["asked"], report["read"]) == (4, 1)
    said = {one["source"]: one["error"] for one in report["failing"]}
    assert said["broken"] == "2 errors, the first: my_spiders.py, line 27: ValueError: giá trị lạ"
    assert said["quiet"] == "the spider yielded nothing"
    assert "has no spider Absent; it has Newsroom, Broken, Quiet" in said["absent"]
    rows = [json.loads(line) for line in _monitor(tmp_path, "export").stdout.splitlines()]
    assert len(rows) == 5
    own = next(row for row in rows if row["url"] == site.url("/own"))
    assert own["published"]
    from storage.identity import url_key

    with Store.open(f"sqlite:///{tmp_path / 'monitor.db'}") as store, store.reading() as reading:
        stored = reading.articles.get(reading.articles.of_urls([url_key(own["url"])])[0])
    assert stored is not None and stored.article.text == LONG


# ------------------------------------------------------------------ one article by every road


def test_the_same_article_by_five_roads_is_one_row_with_five_sightings(site: Site, tmp_path: Path) -> None:
    """Feed, sitemap, listing, Google's search (with an address of the readable kind) and a one-off crawl."""
    import base64

    address = site.url("/tin/fpt-khoi-cong-trung-tam-du-lieu-1.html")
    token = base64.urlsafe_b64encode(b"\x08\x13\x22" + bytes([len(address)]) + address.encode() + b"\xd2\x01\x00").decode().rstrip("=")
    site.pages["/google.xml"] = rss(
        item(f"https://news.google.com/rss/articles/{token}?oc=5", "FPT khởi công trung tâm dữ liệu số 1 - Báo Thử")
    )
    kinds = {"feed": "/feed.xml", "sitemap": "/sitemap.xml", "listing": "/tin", "search": "/google.xml"}
    tables = "".join(f'[[source]]\nid = "{kind}"\nurl = "{site.url(path)}"\nkind = "{kind}"\n' for kind, path in kinds.items())
    _configuration(tmp_path, site, tables)
    for words in ("feed",), ("sitemap", "listing", "search"), (address,):
        done = _monitor(tmp_path, "crawl", *words)
        assert done.returncode == 0, done.stderr + done.stdout
    rows = [json.loads(line) for line in _monitor(tmp_path, "export").stdout.splitlines()]
    assert sorted(row["url"] for row in rows) == sorted(address.replace("-1.html", f"-{n}.html") for n in (1, 2, 3))
    from storage.identity import url_key

    with Store.open(f"sqlite:///{tmp_path / 'monitor.db'}") as store, store.reading() as reading:
        sightings = reading.sightings.of_address(url_key(address))
    assert {one.source_id for one in sightings} == {*kinds, address}
    assert len({one.article_id for one in sightings}) == 1
