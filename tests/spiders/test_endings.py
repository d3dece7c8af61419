"""How a crawl ends: by its deadline, by a signal, by a failing intake; and what one hostile document may not do to it."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from spiders.watch import SitemapSpider
from storage.errors import UsageError
from storage.items import BodyFrom, Kind, PollOutcome
from tests.patience import LONG_S, in_time, wait_until
from tests.spiders.run_spider import ROOT, Crawl, Order, crawl, finish, item, page, rss, source, start
from tests.spiders.site import Reply, Seen, Site

LONG = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư."


class Stuck:
    """Sites of which two answer and one keeps its reader waiting."""

    def __init__(self) -> None:
        self.quick, self.slow = Site(), Site("127.0.0.2")
        self.asked, self.let_go = threading.Event(), threading.Event()
        self.quick.pages |= {"/a": rss(item(self.quick.url("/1"))), "/1": page("Một", LONG), "/b": rss()}
        self.slow.pages |= {"/robots.txt": "", "/c": self._waits, "/d": rss()}

    def _waits(self, seen: Seen) -> Reply:
        self.asked.set()
        self.let_go.wait()
        return Reply(rss())

    def __enter__(self) -> Stuck:
        self.quick.__enter__()
        self.slow.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self.let_go.set()
        self.quick.__exit__()
        self.slow.__exit__()

    def order(self, tells: str = "", **spider: object) -> Order:
        """Four sources, two on each site; see `Order` for `tells`."""
        sources = [source(self.quick.url(path)) for path in ("/a", "/b")] + [source(self.slow.url(path)) for path in ("/c", "/d")]
        allow = [self.quick.netloc, self.slow.netloc]
        # No page may mention a name, so none waits for a worker to start.
        return Order(sources=sources, allow=allow, spider=spider, mute=[b"FPT"], tells=tells)


def _kept_and_reported(done: Crawl) -> None:
    assert done.cut_short and done.failure == ""
    assert {name: poll.outcome for name, poll in done.polls.items()} == dict.fromkeys("ab", PollOutcome.CHANGED)
    assert sorted(done.unread) == ["c", "d"]
    assert [arrival.article.title for arrival in done.arrivals] == ["Một tin"]
    assert "Traceback" not in done.said, done.said


def test_the_deadline_ends_a_crawl_and_keeps_what_was_done() -> None:
    with Stuck() as stuck:
        _kept_and_reported(
            in_time(lambda seconds: crawl(stuck.order(deadline_s=seconds)), lambda done: set(done.polls) == {"a", "b"}, 4, 40)
        )


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_crawl_and_keeps_what_was_done(signum: signal.Signals, tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.touch()
    with Stuck() as stuck:
        process = start(stuck.order(str(told)))
        wait_until(
            lambda: stuck.asked.is_set() and {"took Một tin", "polled a", "polled b"} <= set(told.read_text("utf-8").splitlines()),
            unless=lambda: process.poll() is not None,
        )
        whole = psutil.Process(process.pid)
        open_ports = [
            one.laddr for child in (whole, *whole.children(recursive=True)) for one in child.net_connections() if one.status == "LISTEN"
        ]
        assert open_ports == [], "a crawl listens nowhere"
        process.send_signal(signum)
        _kept_and_reported(finish(process))


def test_a_signal_ends_sources_and_bare_addresses_alike() -> None:
    with Stuck() as stuck:
        stuck.quick.pages["/stuck"] = stuck._waits
        order = Order(
            sources=[source(stuck.slow.url("/c"))],
            urls=[stuck.quick.url("/stuck")],
            allow=[stuck.quick.netloc, stuck.slow.netloc],
        )
        process = start(order)
        wait_until(lambda: stuck.slow.asked("/c") and stuck.quick.asked("/stuck"), unless=lambda: process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        done = finish(process)
    assert done.cut_short
    assert sorted(done.unread) == ["c", stuck.quick.url("/stuck")]


@pytest.mark.parametrize("call", ["state", "sift", "may_mention", "take", "polled"])
def test_an_intake_that_fails_ends_the_crawl_as_failed(call: str) -> None:
    with Site() as site:
        site.pages |= {"/a": rss(item(site.url("/1"))), "/1": page("Một", LONG)}
        done = crawl(Order(sources=[source(site.url("/a"))], breaks=call, allow=[site.netloc]))
    assert done.failure == "StorageError: the disk is full"
    assert done.polls == {}
    assert done.unread == ["a"]


def test_an_intake_that_fails_for_a_bare_address_or_a_search_ends_the_crawl_as_failed() -> None:
    with Site() as site:
        site.pages |= {"/a": rss(item(site.url("/1")), item(site.url("/2"))), "/1": page("Một", LONG), "/2": page("Hai", LONG)}
        for order in (
            Order(sources=[source(site.url("/a"), kind=Kind.SEARCH)], breaks="take", allow=[site.netloc]),
            Order(urls=[site.url("/a")], breaks="take", allow=[site.netloc]),
        ):
            assert crawl(order).failure == "StorageError: the disk is full"


def test_a_feed_that_takes_too_long_ends_with_its_source() -> None:
    # A stray "&" leaves it to feedparser, which takes eight seconds for so much; what is honest takes a fifth of one, imports included.
    heavy = "<rss version='2.0'><channel>" + "<item><title>A & B</title></item>" * 150_000 + "</channel></rss>"
    with Site() as site:
        site.pages |= {"/heavy": heavy, "/good": rss(item(site.url("/1"))), "/1": page("Một", LONG)}
        sources = [source(site.url("/heavy")), source(site.url("/good"))]
        done = in_time(
            lambda seconds: crawl(Order(sources=sources, workers={"timeout_s": seconds}, allow=[site.netloc])),
            lambda done: done.titles("good") == ["Một"],
            *(1.5, 6.0),
        )
    poll = done.polls["heavy"]
    assert (poll.outcome, poll.error_kind) == (PollOutcome.FAILED, "unreadable")
    assert re.fullmatch("reading it took longer than [26] s", poll.error or "")
    assert done.polls["good"].outcome is PollOutcome.CHANGED and done.titles("good") == ["Một"]
    assert done.failure == ""


def test_a_page_that_takes_too_much_memory_or_unpacks_too_far_leaves_the_headline() -> None:
    with Site() as site:
        site.pages |= {
            "/feed": rss(*(item(site.url(path), title) for path, title in (("/big", "Lớn"), ("/packed", "Gói"), ("/1", "Một")))),
            "/big": page("Lớn", "<br>" * 1_500_000),
            "/packed": Reply(gzip.compress(page("Gói", " " * 8 * 1024**2).encode()), headers={"Content-Encoding": "gzip"}),
            "/1": page("Trang một", LONG),
        }
        limits = {"memory_mb": 200, "timeout_s": 60.0}
        done = crawl(Order(sources=[source(site.url("/feed"))], workers=limits, allow=[site.netloc]))
    found = {arrival.entry.title: arrival.article for arrival in done.arrivals if arrival.entry}
    assert found["Lớn"].body_from is BodyFrom.FEED
    assert found["Lớn"].why_no_page in {"reading it took more than 200 MB", "reading it killed the process that read it"}
    assert (found["Gói"].body_from, found["Gói"].why_no_page) == (BodyFrom.FEED, "too-large"), "8 MiB are the most"
    assert found["Một"].title == "Trang một"


def test_a_page_that_takes_too_long_leaves_the_headline() -> None:
    with Site() as site:
        site.pages |= {
            "/feed": rss(item(site.url("/deep"), "Sâu"), item(site.url("/1"), "Một")),
            "/deep": page("Sâu", "<b>a</b> " * 700_000),  # eleven seconds
            "/1": page("Trang một", LONG),
        }
        done = in_time(
            lambda seconds: crawl(
                Order(sources=[source(site.url("/feed"))], workers={"timeout_s": seconds, "memory_mb": 800}, allow=[site.netloc])
            ),
            lambda done: "Trang một" in done.titles("feed"),
            *(1.5, 6.0),
        )
    found = {arrival.entry.title: arrival.article for arrival in done.arrivals if arrival.entry}
    assert found["Sâu"].body_from is BodyFrom.FEED
    assert re.fullmatch("reading it took longer than [26] s", found["Sâu"].why_no_page)
    assert found["Một"].title == "Trang một"


def test_as_any_scrapy_project(tmp_path: Path) -> None:
    """`scrapy crawl` runs the spiders without our commands and writes their items."""
    with Site() as site:
        site.pages |= {"/feed": rss(item(site.url("/1"))), "/1": page("Một", LONG)}
        out = tmp_path / "items.jsonl"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "scrapy",
                "crawl",
                "feed",
                "-a",
                f"url={site.url('/feed')}",
                "-s",
                f"MONITOR_ALLOW_PRIVATE={site.netloc}",
                "-o",
                str(out),
            ],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            capture_output=True,
            text=True,
            timeout=LONG_S,
        )
    assert done.returncode == 0, done.stderr
    (line,) = out.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["title"] == "Một" and '"Một"' in line, "words as they are"
    with pytest.raises(UsageError, match=r"which sitemap.*scrapy crawl sitemap -a url="):
        SitemapSpider()
