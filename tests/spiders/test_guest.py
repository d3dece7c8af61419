"""A good guest: robots.txt first and once, our name on every request, one request at a time, a pause between them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from spiders.robots import rules_of
from spiders.settings import LARGEST_ROBOTS, USER_AGENT
from storage.items import Kind, PollOutcome
from tests.patience import LONG_S
from tests.spiders.run_spider import NOW, SOON, Crawl, Order, crawl, item, page, rss, source
from tests.spiders.site import Reply, Seen, Site, drips, redirect, reset

ARTICLE = page("Một bài báo")


def _site(number: int, robots: Reply | str | None) -> Site:
    site = Site(f"127.0.1.{number}")
    if robots is not None:
        site.pages["/robots.txt"] = robots
    site.pages |= {
        "/feed": rss(*(item(site.url(path)) for path in ("/open/1", "/closed/2"))),
        "/open/1": ARTICLE,
        "/closed/2": ARTICLE,
    }
    return site


# What robots.txt answers, and which paths may be asked after it.
EVERYTHING, OPEN, NOTHING = {"/feed", "/open/1", "/closed/2"}, {"/feed", "/open/1"}, set[str]()
RULES: dict[str, tuple[Reply | str | None, set[str]]] = {
    "absent": (None, EVERYTHING),
    "gone": (Reply("", 410), EVERYTHING),
    "forbidden": (Reply("", 403), EVERYTHING),
    "empty": ("", EVERYTHING),
    "html": ("<html><body>Disallow: /</body></html>", EVERYTHING),
    "bytes": (Reply(bytes(range(256)) * 4), EVERYTHING),
    "all": ("User-agent: *\nDisallow: /\n", NOTHING),
    "pages": ("User-agent: *\nDisallow: /closed/\n", OPEN),
    "with-mark": (Reply(b"\xef\xbb\xbfUser-agent: *\nDisallow: /closed/\n"), OPEN),
    "old-lines": ("User-agent: *\rDisallow: /closed/\r", OPEN),
    "pattern": ("User-agent: *\nDisallow: /*/2$\n", OPEN),
    "longest-wins": ("User-agent: *\nDisallow: /\nAllow: /feed\nAllow: /open/\n", OPEN),
    "ours": ("User-agent: *\nDisallow:\n\nUser-agent: Media-Monitor\nDisallow: /closed/\n", OPEN),
    "others": ("User-agent: Googlebot\nDisallow: /\n", EVERYTHING),
    "packed": (Reply(gzip.compress(b"User-agent: *\nDisallow: /closed/\n"), headers={"Content-Encoding": "gzip"}), OPEN),
    "elsewhere": (redirect("/rules"), OPEN),
    "loop": (redirect("/robots.txt"), EVERYTHING),
    "private": (redirect("http://127.0.0.1:9/robots.txt"), EVERYTHING),
    "error": (Reply("", 500), NOTHING),
    "busy": (Reply("", 503, {"Retry-After": "60"}), NOTHING),
    "too-many": (Reply("", 429), NOTHING),
    "reset": (Reply(raw=reset), NOTHING),
    "hangs": (Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.05)), NOTHING),
    "long": (Reply("User-agent: *\nDisallow: /closed/\n" + "# words\n" * 100_000), OPEN),
    "longer": (Reply("User-agent: *\nDisallow: /closed/\n" + "# words\n" * 300_000), NOTHING),
}


class Visited(NamedTuple):
    sites: dict[str, Site]
    crawl: Crawl


@pytest.fixture(scope="module")
def visited() -> Iterator[Visited]:
    sites = {name: _site(number, robots) for number, (name, (robots, _)) in enumerate(RULES.items(), 2)}
    sites["elsewhere"].pages["/rules"] = "User-agent: *\nDisallow: /closed/\n"
    sites["asked-for"] = _site(1, "User-agent: *\nDisallow: /\n")
    for site in sites.values():
        site.__enter__()
    sources = [source(site.url("/feed"), name, robots=name != "asked-for") for name, site in sites.items()]
    allow = [site.netloc for site in sites.values()]
    slow = [one for one in sources if one.id == "hangs"]
    done = crawl(Order(sources=[one for one in sources if one not in slow], allow=allow))
    hangs = crawl(Order(sources=slow, allow=allow, settings=SOON))
    assert done.failure == hangs.failure == ""
    done.polls.update(hangs.polls)
    yield Visited(sites, done)
    for site in sites.values():
        site.__exit__()


@pytest.mark.parametrize("name", RULES)
def test_robots_is_asked_first_and_obeyed(visited: Visited, name: str) -> None:
    paths = visited.sites[name].paths()
    assert paths[0] == "/robots.txt"
    assert set(paths) - {"/robots.txt", "/rules"} == RULES[name][1]
    assert paths.count("/robots.txt") == (9 if name == "loop" else 1)


@pytest.mark.parametrize("name", [name for name, (_, paths) in RULES.items() if paths == NOTHING])
def test_why_nothing_was_read_is_told(visited: Visited, name: str) -> None:
    poll = visited.crawl.polls[name]
    expected = {"all": "robots", "longer": "too-large", "reset": "connection", "hangs": "timeout"}.get(name, "robots-unreachable")
    assert poll.error_kind == expected
    assert poll.outcome is (PollOutcome.BLOCKED if name == "all" else PollOutcome.FAILED)
    assert "robots.txt" in (poll.error or "")
    if name == "busy":
        assert poll.retry_after is not None and (poll.retry_after - NOW).total_seconds() == 60


@pytest.mark.parametrize(
    ("asked", "delay"), [("2.5", 2.5), ("31536000", 30.0), ("1e999", 0.0), ("nan", 0.0), ("-5", 0.0), ("soon", 0.0)]
)  # fmt: skip
def test_a_pause_that_robots_asks_for_has_a_limit(asked: str, delay: float) -> None:
    rules = rules_of(f"User-agent: *\nCrawl-delay: {asked}\nDisallow: /closed/\n".encode())
    assert rules is not None and rules.delay == delay
    assert rules.allows("https://a.example/open") and not rules.allows("https://a.example/closed/1")


def test_of_a_robots_file_the_first_500_kib_are_read() -> None:
    rules = rules_of(b"User-agent: *\nDisallow: /closed/\n" + b"#" * LARGEST_ROBOTS + b"\nDisallow: /open/\n")
    assert rules is not None and LARGEST_ROBOTS == 500 * 1024
    assert rules.allows("https://a.example/open/1") and not rules.allows("https://a.example/closed/1")


def test_a_page_that_may_not_be_asked_leaves_the_headline(visited: Visited) -> None:
    by_path = {arrival.article.url.rpartition("/")[2]: arrival for arrival in visited.crawl.of("pages")}
    assert by_path["1"].article.why_no_page == "" and by_path["1"].article.text
    assert by_path["2"].article.why_no_page == "robots"
    assert not by_path["2"].retry


def test_a_user_may_say_that_a_feed_is_read_all_the_same(visited: Visited) -> None:
    assert set(visited.sites["asked-for"].paths()) == EVERYTHING
    assert visited.crawl.polls["asked-for"].outcome is PollOutcome.CHANGED


def test_our_name_and_a_contact_on_every_request(visited: Visited) -> None:
    assert USER_AGENT.startswith("media-monitor/") and "(+https://" in USER_AGENT
    seen = [one for site in visited.sites.values() for one in site.seen]
    assert seen
    for one in seen:
        assert one.headers["user-agent"] == USER_AGENT
        assert not {"cookie", "referer", "authorization", "from"} & set(one.headers)


def test_one_request_at_a_time_and_a_pause_between_them() -> None:
    with Site() as site, Site("127.0.0.2") as slow:
        for place in (site, slow):
            for number in range(3):
                place.pages |= {f"/feed{number}": rss(item(place.url(f"/{number}"))), f"/{number}": ARTICLE}
        slow.pages["/robots.txt"] = "User-agent: *\nCrawl-delay: 0.3\n"
        sources = [source(place.url(f"/feed{number}"), f"{place.netloc}-{number}") for place in (site, slow) for number in range(3)]
        crawl(Order(sources=sources, allow=[site.netloc, slow.netloc], settings={"DOWNLOAD_DELAY": 0.1}))
        for place, delay in ((site, 0.1), (slow, 0.3)):
            assert place.at_once[place.netloc] == 1
            assert len(place.seen) == 7
            # From the second on: before robots.txt is read nobody knows what pause it wishes.
            assert place.seen[-1].at - place.seen[1].at > 5 * delay * 0.95


def test_two_hosts_are_read_side_by_side() -> None:
    together = threading.Barrier(2)

    def meets(seen: Seen) -> Reply:
        together.wait(LONG_S)  # each waits until the other is asked, too
        return Reply(rss())

    with Site() as one, Site("127.0.0.2") as other:
        one.pages["/a"] = other.pages["/b"] = meets
        done = crawl(Order(sources=[source(one.url("/a")), source(other.url("/b"))], allow=[one.netloc, other.netloc]))
    assert [poll.outcome for poll in done.polls.values()] == [PollOutcome.CHANGED] * 2


def test_a_search_fetches_pages_of_several_hosts_side_by_side() -> None:
    together = threading.Barrier(2)

    def meets(seen: Seen) -> Reply:
        together.wait(LONG_S)
        return Reply(ARTICLE)

    with Site() as one, Site("127.0.0.2") as other:
        one.pages |= {"/search": rss(item(one.url("/1")), item(other.url("/2"))), "/1": meets}
        other.pages["/2"] = meets
        done = crawl(Order(sources=[source(one.url("/search"), kind=Kind.SEARCH)], allow=[one.netloc, other.netloc]))
    assert [arrival.article.why_no_page for arrival in done.arrivals] == ["", ""]


def test_a_host_that_is_down_is_not_asked_a_hundred_times() -> None:
    with Site() as site:
        with Site("127.0.0.2") as dead:
            pass
        site.pages["/feed"] = rss(*(item(dead.url(f"/{number}")) for number in range(5)))
        done = crawl(Order(sources=[source(site.url("/feed")), source(dead.url("/feed"), "dead")], allow=[site.netloc, dead.netloc]))
    assert done.polls["dead"].error_kind == "connection"
    assert [(one.article.why_no_page, one.retry) for one in done.of("feed")] == [("connection", True)] * 5
