"""A feed's window rolls over between two polls: what stood between is looked for in the news sitemap of the site. Real crawls on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.config import load_config
from monitor.digest.record import Digest
from monitor.editions import Desk, next_edition
from monitor.shapes import render
from spiders.gaps import MOST_DOCUMENTS, MOST_ENTRIES, _Look, _note, _state
from spiders.readers.sitemap import Listed, SitemapReading
from storage.condition import Gap, GapState
from storage.filters import ArticleFilter
from storage.store import Store
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.simulation import NO_PACKS, _words
from tests.monitor.postroom import Clock
from tests.patience import LONG_S
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Reply, Site
from tests.spiders.test_sitemaps import NEWS, child, index, news, url, urlset

BEGIN = datetime(2026, 11, 10, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
ASLEEP = timedelta(days=2)
TEXT = "Sáng nay FPT, công ty công nghệ ở Hà Nội, cho biết sẽ mở thêm một trung tâm nghiên cứu ở miền Trung trong năm tới."


@dataclass
class Paper:
    """A site with a feed of three entries; a story comes every eight hours, and each has a page."""

    site: Site
    name: str
    number: int = 0
    stories: dict[int, datetime] = field(default_factory=dict)

    def write(self, until: datetime) -> None:
        """Publish stories up to a moment, the feed with the latest."""
        moment = max(self.stories.values(), default=until - 28 * HOUR)
        while (moment := moment + 8 * HOUR) <= until:
            number = len(self.stories)
            self.stories[number] = moment
            title = f"FPT {' '.join(_words(1_000 * self.number + number, 6))}"
            self.site.pages[self.path(number)] = page(title, f"{TEXT} {' '.join(_words(70_000 + 1_000 * self.number + number, 60))}.")
        latest = list(self.stories)[-3:]
        self.site.pages["/feed.xml"] = rss(*(self.item(number) for number in latest))

    def path(self, number: int) -> str:
        return f"/{self.name}/tin-{number}.html"

    def item(self, number: int) -> str:
        when = format_datetime(self.stories[number])
        return item(self.site.url(self.path(number)), f"FPT {' '.join(_words(1_000 * self.number + number, 6))}", pubDate=when)

    def sitemap(self, numbers: Iterable[int]) -> str:
        """A news sitemap of some stories."""
        told = (url(self.site.url(self.path(number)), inside=news(f"Tin {number}", self.stories[number].isoformat())) for number in numbers)
        return urlset(*told, attributes=f'xmlns:news="{NEWS}"')


@dataclass
class Town:
    papers: dict[str, Paper]
    folder: Path
    database: str
    clock: Clock = field(default_factory=lambda: Clock(BEGIN))

    def crawl(self) -> None:
        command = [sys.executable, "-m", "tests.end_to_end.crawled", str(self.folder), self.database, self.clock.now.isoformat()]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S)
        assert done.returncode == 0, done.stdout + done.stderr

    def digest(self, store: Store) -> Digest:
        config = load_config(self.folder / "monitor.toml", {}, self.folder)
        sources = list(config.sources(config.watchlist()))
        desk = Desk(
            store=store, sources=sources, topics=["FPT"], only=False, zone=ZoneInfo("UTC"), language="en", clock=self.clock,
        )  # fmt: skip
        return next_edition(desk).digest


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    names = ("whole", "partly", "absent", "down", "nothing", "elsewhere", "indexed")
    with ExitStack() as stack:
        papers = {
            name: Paper(stack.enter_context(Site(f"127.0.0.{number}")), name, number) for number, name in enumerate(names, start=1)
        }  # fmt: skip
        host = stack.enter_context(Site("127.0.0.20"))  # of nothing but a feed, whose entries lead to "elsewhere"
        feeds = {name: paper.site.url("/feed.xml") for name, paper in papers.items()} | {"elsewhere": host.url("/feed.xml")}
        feeds["section"] = papers["whole"].site.url("/section.xml")
        sources = "".join(f'[[source]]\nid = "{name}"\nurl = "{at}"\noutlet = "{name.title()}"\n' for name, at in feeds.items())
        allowed = ", ".join(f'"{paper.site.netloc}"' for paper in papers.values())
        text = f'[network]\nallow = [{allowed}, "{host.netloc}"]\n[crawl]\ndelay_seconds = 0\nprocesses = 1\n{NO_PACKS}{sources}'
        (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")

        town = Town(papers, tmp_path, database_url)

        def show() -> None:
            for paper in papers.values():
                paper.write(town.clock.now)
            host.pages["/feed.xml"] = papers["elsewhere"].site.pages["/feed.xml"]
            papers["whole"].site.pages["/section.xml"] = papers["whole"].site.pages["/feed.xml"]

        show()
        town.crawl()
        town.clock.now += ASLEEP
        show()
        yield town


def test_what_was_missed_is_found_in_the_sites_news_sitemap_and_told(town: Town) -> None:
    # A story every eight hours: 0 to 2 before the sleep, 3 to 5 in it, 6 to 8 on show.
    papers = town.papers
    everything, between = range(9), range(3, 6)
    papers["whole"].site.pages |= {
        "/robots.txt": f"User-agent: *\nAllow: /\nSitemap: {papers['whole'].site.url('/maps/news.xml')}\n",
        "/maps/news.xml": papers["whole"].sitemap(everything),
    }
    papers["partly"].site.pages["/news-sitemap.xml"] = papers["partly"].sitemap(range(4, 9))
    papers["down"].site.pages["/robots.txt"] = f"Sitemap: {papers['down'].site.url('/news.xml')}\n"
    papers["down"].site.pages["/news.xml"] = Reply("busy", 503)
    papers["nothing"].site.pages["/sitemap-news.xml"] = papers["nothing"].sitemap((*range(3), *range(6, 9)))
    papers["elsewhere"].site.pages["/news-sitemap.xml"] = papers["elsewhere"].sitemap(everything)
    site = papers["indexed"].site
    plain = urlset(*(url(site.url(papers["indexed"].path(number)), papers["indexed"].stories[number].isoformat()) for number in everything))
    tags = urlset(url(site.url("/tags/fpt.html"), town.clock.now.isoformat()))
    site.pages |= {
        "/sitemap.xml": index(
            child(site.url("/maps/tags.xml")), child(site.url("/maps/posts-2026-11.xml")), child(site.url("/maps/2019-01.xml"))
        ),
        "/maps/posts-2026-11.xml": plain,
        "/maps/tags.xml": tags,
        "/maps/2019-01.xml": urlset(),
    }
    town.crawl()

    with Store.open(town.database) as store:
        with store.reading() as reading:
            gaps = {gap.source_id: gap for gap in reading.gaps.between(None, town.clock.now, {*papers, "section"})}
            stored = {one.article.url for one in reading.articles.find(ArticleFilter())}
        states = {name: (gap.state, gap.found) for name, gap in gaps.items()}
        both = {states.pop("whole"), states.pop("section")}  # two feeds of one site: what one of them found is no news to the other
        assert both == {(GapState.SEARCHED, 3), (GapState.SEARCHED, 0)}
        assert states == {
            "partly": (GapState.PARTLY, 2),
            "absent": (GapState.ABSENT, 0),
            "down": (GapState.OPEN, 0),
            "nothing": (GapState.SEARCHED, 0),
            "elsewhere": (GapState.SEARCHED, 3),
            "indexed": (GapState.SEARCHED, 3),
        }
        assert gaps["elsewhere"].site == papers["elsewhere"].site.url("")
        for name in ("whole", "elsewhere", "indexed"):
            assert {papers[name].site.url(papers[name].path(number)) for number in between} <= stored, name
        assert site.url("/tags/fpt.html") not in stored
        for name, paper in papers.items():
            asked = [seen.path for seen in paper.site.seen if seen.path.endswith((".xml", ".txt")) and "feed" not in seen.path]
            assert len(asked) <= 2 + MOST_DOCUMENTS, f"{name}: {asked}"  # robots.txt is asked by the guest's rule, too, once a crawl
            assert "/maps/2019-01.xml" not in asked

        digest = town.digest(store)
        said = " ".join(render(digest, "text", width=400).split())
        assert "Elsewhere: 10 Nov, 02:00 to 11 Nov, 10:00; 3 entries of that time were found in its news sitemap" in said, said[
            said.find("polls shared") :
        ]
        assert "2 entries of that time were found in its news sitemap, which shows only a part of that time" in said
        assert "the site has no news sitemap" in said and "its news sitemap shows nothing more of that time" in said
        outlets = {line.outlet for line in digest.lines}
        assert {"Whole", "Elsewhere", "Indexed"} <= outlets

        # Whose sitemap could not be read is asked again at the next crawl, and no other.
        papers["down"].site.pages["/news.xml"] = papers["down"].sitemap(everything)
        before = {name: len(paper.site.seen) for name, paper in papers.items()}
        town.clock.now += HOUR
        town.crawl()
        with store.reading() as reading:
            after = {gap.source_id: gap for gap in reading.gaps.between(None, town.clock.now, papers)}
        assert (after["down"].state, after["down"].found, after["down"].tries) == (GapState.SEARCHED, 3, 2)
        assert len(papers["absent"].site.seen) - before["absent"] <= 2, "the feed, and robots.txt for it"
        with store.transaction() as transaction:
            assert transaction.retention.forget_gaps(town.clock.now) == 8
            assert transaction.gaps.between(None, town.clock.now, papers) == []


NOW = BEGIN + ASLEEP
GAP = Gap(source_id="bao", at=NOW, since=BEGIN, until=NOW - 28 * HOUR)


def look(**fields: bool) -> _Look:
    made = _Look(since=BEGIN - HOUR)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("fields", "tries", "found", "cut", "state"),
    [
        ({"read": True, "whole": True}, 0, 0, False, GapState.SEARCHED),
        ({"read": True, "whole": True}, 0, MOST_ENTRIES, True, GapState.PARTLY),
        ({"read": True}, 0, 2, False, GapState.PARTLY),
        ({"read": True, "failed": True}, 0, 0, False, GapState.LOST),
        ({"failed": True}, 0, 0, False, GapState.OPEN),
        ({"failed": True}, 2, 0, False, GapState.FAILED),
        ({}, 0, 0, False, GapState.ABSENT),
    ],
)
def test_what_becomes_of_a_gap(fields: dict[str, bool], tries: int, found: int, cut: bool, state: GapState) -> None:
    gap = Gap(source_id="bao", at=NOW, tries=tries)
    assert _state(look(**fields), gap, found=found, cut=cut) is state


def test_a_list_of_pages_that_never_change_does_not_reach_back() -> None:
    old = BEGIN - timedelta(days=900)
    still = SitemapReading(kind="list", listed=(Listed("https://a.example/about"),), total=3, newest=old, oldest=old)
    seen = look()
    _note(seen, still)
    assert not (seen.read or seen.whole or seen.listed)
    fresh = SitemapReading(kind="news", listed=(Listed("https://a.example/1"),), total=1, newest=NOW, oldest=BEGIN + HOUR)
    _note(seen, fresh)
    assert seen.read and not seen.whole and list(seen.listed) == ["https://a.example/1"]
