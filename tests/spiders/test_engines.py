"""Search engines: their limits are kept over sources, crawls and processes, and what they say is told as what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from spiders import settings
from spiders.readers.engines import LIMIT, REFUSED, most_results, notice_of
from spiders.spacing import LONGEST_S, file_of, turn
from storage.items import Kind, PollOutcome, Source, SourceState
from tests.spiders.run_spider import NOW, Order, crawl, finish, item, rss, source, start
from tests.spiders.site import Reply, Seen, Site

GDELT = "api.gdeltproject.org"
FIELDS = (("items", "articles"), ("url", "url"), ("title", "title"))
TOO_MANY = "Please limit requests to one every 5 seconds or contact kalev@example.org for larger queries. All users should switch."
AT_ONCE = {"MONITOR_SPACING": {}, "DOWNLOAD_SLOTS": {}}


def _search(host: str, path: str, name: str, **more: object) -> Source:
    return source(f"http://{host}{path}", name, kind=Kind.SEARCH, **more)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (TOO_MANY, LIMIT),
        ("Your query was too short or too long.", REFUSED),
        ("The specified phrase is too short.", REFUSED),
        ("One or more of your keywords were too short, too long or too common: (fpt)", REFUSED),
        ("Queries containing OR'd terms must be surrounded by ().", REFUSED),
        ("Timespan is too short.\n", REFUSED),
    ],
)
def test_what_gdelt_says_in_plain_words(said: str, kind: str) -> None:
    notice = notice_of(f"https://{GDELT}/api/v2/doc/doc?query=x", said.encode())
    assert notice is not None and notice.kind == kind
    assert notice.said.startswith("GDELT ") and said.split(". ")[0].strip() in notice.said and "switch" not in notice.said


def test_an_answer_is_no_notice_and_nobody_else_is_heard() -> None:
    for body in (b"{}", b'{"articles": []}', b"", b"  \n", b"<html>Please limit requests</html>", b"x" * 3_000):
        assert notice_of(f"https://{GDELT}/api/v2/doc/doc", body) is None
    assert notice_of("https://bao.example/feed", TOO_MANY.encode()) is None


def test_how_much_an_engine_shows_at_most() -> None:
    assert [most_results(f"https://{GDELT}/doc{query}") for query in ("?maxrecords=250", "?MAXRECORDS=10", "?maxrecords=900", "")] == [
        250,
        10,
        250,
        75,
    ]
    assert most_results("https://news.google.com/rss/search?q=FPT") == 100
    assert most_results("https://hnrss.org/newest?q=x&count=50") == 50


def test_a_line_about_the_limit_holds_for_the_whole_engine_and_one_about_the_query_does_not() -> None:
    with Site() as proxy:
        proxy.pages |= {
            f"//{GDELT}/short": "The specified phrase is too short.",
            f"//{GDELT}/limit": TOO_MANY,
            f"//{GDELT}/after": json.dumps({"articles": []}),
            "//hnrss.org/429": Reply("Rate limit exceeded", 429),
            "//www.reddit.com/429": Reply('{"message": "Too Many Requests", "error": 429}', 429, {"x-ratelimit-reset": "300"}),
        }
        sources = [_search(GDELT, f"/{name}", name, fields=FIELDS) for name in ("short", "limit", "after")]
        sources += [_search("hnrss.org", "/429", "hn"), _search("www.reddit.com", "/429", "reddit")]
        done = crawl(Order(sources=sources, spider={"at_once": 1}, settings=AT_ONCE), http_proxy=proxy.url(""))
        assert "/after" not in proxy.paths(GDELT)
    polls = done.polls
    assert all(poll.outcome is PollOutcome.FAILED and poll.new == 0 for poll in polls.values())
    assert {name: poll.error_kind for name, poll in polls.items()} == {
        "short": "bad-query", "limit": "limit", "after": "limit", "hn": "http-429", "reddit": "http-429",
    }  # fmt: skip
    assert polls["short"].error == "GDELT gives no results for this query; it says 'The specified phrase is too short.'"
    for name in ("limit", "after"):
        assert "GDELT asks for fewer requests; it says 'Please limit requests to one every 5 seconds" in (polls[name].error or "")
    assert polls["hn"].error == "hnrss asks for fewer requests; it says 'Rate limit exceeded'"
    assert polls["reddit"].retry_after == NOW + timedelta(seconds=300)


def test_a_search_that_shows_as_much_as_it_may_and_nothing_known_may_have_more() -> None:
    def rows(name: str) -> str:
        return json.dumps({"articles": [{"url": f"https://a.example/{name}{n}", "title": f"Bài {n}"} for n in range(4)]})

    known = SourceState(source_id="x", last_ok=NOW - timedelta(days=1), last_poll=NOW - timedelta(days=1), entries_total=9)
    with Site() as proxy:
        proxy.pages |= {f"//{GDELT}/{name}": rows(name[:3]) for name in ("first?maxrecords=4", "gap?maxrecords=4", "some?maxrecords=5")}
        sources = [
            _search(GDELT, f"/{name}?maxrecords={most}", name, fields=FIELDS, pages=False)
            for name, most in (("first", 4), ("gap", 4), ("some", 5))
        ]
        told = [
            crawl(Order(sources=these, states={"gap": known}, settings=AT_ONCE, known=seen), http_proxy=proxy.url("")).notes
            for these, seen in ((sources, ()), (sources[1:2], ["https://a.example/gap3"]))
        ]
    said = "4 results, as many as this search gives at most; older ones may be missing"
    assert [sorted(notes) for notes in told] == [[f"first: {said}", f"gap: {said}"], []]


def test_turns_are_taken_one_after_another_by_all_processes(tmp_path: Path) -> None:
    file = tmp_path / "host.turn"
    assert [round(turn(file, 5.5, 1_000.0 + n), 1) for n in range(3)] == [0.0, 4.5, 9.0]
    assert round(turn(file, 5.5, 1_100.0), 1) == 0.0
    other = "import sys; from pathlib import Path; from spiders.spacing import turn; print(turn(Path(sys.argv[1]), 5.5, 1101.0))"
    told = subprocess.run(
        [sys.executable, "-c", other, str(file)], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert float(told.stdout) == pytest.approx(4.5)
    assert turn(file, 5.5, 1_000.0 - LONGEST_S) == 0.0, "a clock that was set back waits for nobody"
    file.write_bytes(b"no number at all")
    assert turn(file, 5.5, 2_000.0) == 0.0
    link = tmp_path / "link.turn"
    link.symlink_to(tmp_path / "of-somebody-else")
    assert turn(link, 5.5, 2_000.0) == 0.0 and not (tmp_path / "of-somebody-else").exists()
    assert turn(tmp_path / "absent" / "x", 5.5, 2_000.0) == 0.0
    assert file_of("a.example").name.startswith("media-monitor-") and str(os.getuid()) in file_of("a.example").name


def test_gdelt_is_asked_once_in_five_seconds_over_topics_and_crawls(tmp_path: Path) -> None:
    """Here shortened; the other host keeps none."""
    assert min(settings.DOWNLOAD_SLOTS[GDELT]["delay"], settings.MONITOR_SPACING[GDELT]) > 5
    asked: list[Seen] = []

    def answer(seen: Seen) -> Reply:
        asked.append(seen)
        return Reply(json.dumps({"articles": []}))

    hosts = GDELT, "b.example"
    short = {"MONITOR_SPACING": {GDELT: 1.0}, "DOWNLOAD_SLOTS": {GDELT: {"delay": 0.9, "concurrency": 1}}}
    with Site() as proxy:
        proxy.pages |= {f"//{host}/doc{n}": answer for host in hosts for n in range(3)}
        sources = [_search(host, f"/doc{n}", f"{host}-{n}", fields=FIELDS) for host in hosts for n in range(3)]
        # Two crawls at the same time, as of two topics' databases.
        orders = [Order(sources=[one for one in sources if one.id.endswith(ends)], settings=short) for ends in (("0", "1"), ("2",))]
        environment = {"http_proxy": proxy.url(""), "TMPDIR": str(tmp_path)}
        for process in [start(order, **environment) for order in orders]:
            finish(process)
    times = {host: sorted(one.at for one in proxy.seen if one.host == host) for host in hosts}
    assert [len(one) for one in times.values()] == [5, 5], "robots.txt counts, too"
    gaps = [later - earlier for earlier, later in zip(times[GDELT], times[GDELT][1:], strict=False)]
    assert min(gaps) >= 0.8
    assert times["b.example"][-1] - times["b.example"][0] < times[GDELT][-1] - times[GDELT][0]


def test_a_check_for_humans_before_google_is_told_as_one() -> None:
    page = "<html><title>Sorry</title><body>Our systems have detected unusual traffic. <form id='captcha-form'></form></body></html>"
    with Site() as proxy:
        proxy.pages |= {"//news.google.com/rss": Reply(page, 429), "//www.bing.com/rss": rss(item("https://a.example/1", "Bài 1"))}
        sources = [_search("news.google.com", "/rss", "google"), _search("www.bing.com", "/rss", "bing", pages=False)]
        done = crawl(Order(sources=sources), http_proxy=proxy.url(""))
    assert (done.polls["google"].outcome, done.polls["google"].error_kind) == (PollOutcome.BLOCKED, "challenge")
    assert done.polls["bing"].new == 1
