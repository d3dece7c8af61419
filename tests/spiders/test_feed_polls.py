"""One crawl over feeds that answer in every way: what each poll says, and what is remembered for the next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from scrapy.http import Response

from monitor.polling import next_poll
from spiders.hosts import fresh_for
from spiders.pollers.base import FULL_READ
from storage.habits import after
from storage.items import PollOutcome, Source, SourceState, Validators
from tests.spiders.run_spider import NOW, Crawl, Order, crawl, item, rss, source
from tests.spiders.site import Reply, Seen, Site, redirect, stops

FEED = rss(item("https://a.example/1", "Tin một"), item("https://a.example/2", "Tin hai"))
MODIFIED = "Sun, 22 Nov 2026 05:00:00 GMT"
HASH = hashlib.blake2b(FEED.encode(), digest_size=16).hexdigest()
CHANGED, UNCHANGED, FAILED, BLOCKED, GONE = (
    PollOutcome.CHANGED,
    PollOutcome.UNCHANGED,
    PollOutcome.FAILED,
    PollOutcome.BLOCKED,
    PollOutcome.GONE,
)


def _not_modified(seen: Seen) -> Reply:
    """A server that does it right."""
    if seen.headers.get("if-none-match") == '"v1"' or seen.headers.get("if-modified-since") == MODIFIED:
        return Reply("", 304, {"ETag": '"v1"'})
    return Reply(FEED, headers={"ETag": '"v1"', "Last-Modified": MODIFIED})


def _state(
    name: str, *, etag: str | None = None, modified: str | None = None, body_hash: str | None = None, **fields: object
) -> SourceState:
    read = NOW - timedelta(hours=12)
    known = {"last_full": read, "last_ok": read, "first_poll": read, "entries_total": 2} | fields
    return SourceState(source_id=name, validators=Validators(etag=etag, last_modified=modified, body_hash=body_hash), **known)  # type: ignore[arg-type]


class Polled(NamedTuple):
    site: Site
    other: Site
    crawl: Crawl
    states: dict[str, SourceState]
    sources: dict[str, Source]


@pytest.fixture(scope="module")
def polled() -> Iterator[Polled]:
    with Site() as site, Site() as other:
        pages = site.pages
        for path in ("first", "etag", "modified", "stale", "failing"):
            pages[f"/{path}"] = _not_modified
        pages["/same"] = FEED
        pages["/unasked"] = Reply("", 304)
        for status in (301, 302, 303, 307, 308):
            pages[f"/{status}"] = redirect("/first", status)
        pages["/mixed"] = redirect("/302", 301)
        pages["/twice"] = redirect("/308", 301)
        pages["/away"] = redirect(other.url("/feed"), 301)
        other.pages["/feed"] = FEED
        pages["/dead-end"] = redirect("/nowhere", 301)
        pages["/to-a-page"] = redirect("/home.html", 301)
        pages["/home.html"] = "<html><head><title>Trang chủ</title></head><body>không có gì</body></html>"
        pages["/loop"] = redirect("/loop", 301)
        pages["/ping"], pages["/pong"] = redirect("/pong"), redirect("/ping")
        for number in range(12):
            pages[f"/hop{number}"] = redirect(f"/hop{number + 1}")
        pages["/no-location"] = Reply("", 302)
        pages["/strange"] = redirect("gopher://a.example/feed", 301)
        pages["/broken"] = redirect("http://[broken/", 301)
        for status in (400, 401, 403, 404, 410, 418, 500, 502):
            pages[f"/status{status}"] = Reply("no", status)
        pages["/busy-seconds"] = Reply("later", 503, {"Retry-After": "7200"})
        pages["/busy-date"] = Reply("later", 503, {"Retry-After": "Mon, 23 Nov 2026 09:30:00 GMT"})
        pages["/busy-long"] = Reply("later", 503, {"Retry-After": "99999999999"})
        pages["/busy-past"] = Reply("later", 503, {"Retry-After": "Mon, 23 Nov 2020 09:30:00 GMT"})
        pages["/busy-words"] = Reply("later", 503, {"Retry-After": "tomorrow"})
        pages["/busy-negative"] = Reply("later", 503, {"Retry-After": "-120"})
        pages["/busy-at-once"] = Reply("later", 503, {"Retry-After": "0"})
        pages["/odd-validators"] = Reply(raw=stops(b'ETag: "a\x00b"\r\nLast-Modified: \x01x\r\nContent-Type: text/xml', FEED.encode()))
        pages["/fresh"] = Reply(FEED, headers={"Cache-Control": "public, max-age=3600"})
        pages["/stale-now"] = Reply(FEED, headers={"Cache-Control": "no-cache, max-age=3600"})
        pages["/aged"] = Reply(FEED, headers={"Cache-Control": "max-age=3600", "Age": "600"})
        for number, odd in enumerate(({"Cache-Control": "max-age=²"}, {"Cache-Control": "max-age=60", "Age": "¹"}, {"Retry-After": "²"})):
            pages[f"/odd-count{number}"] = Reply(FEED, headers=odd)
        pages["/busy-old-date"] = Reply("later", 503, {"Retry-After": "Monday, 23-Nov-26 09:30:00 GMT"})
        pages["/busy-c-date"] = Reply("later", 503, {"Retry-After": "Mon Nov 23 09:30:00 2026"})
        pages["/emptied"] = Reply(rss(), headers={"ETag": '"e"'})
        pages["/always-empty"] = rss()
        pages["/login"] = "<html><form><input name=user><input type='password' name=p></form></html>"
        pages["/skips"] = rss(
            item("https://a.example/1"),
            head="<skipHours><hour>0</hour><hour>24</hour><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
        )
        pages["/moved-back"], pages["/moved-off"] = FEED, Reply("", 404)
        pages["/challenge"] = Reply("<html><title>Just a moment...</title></html>", 503)
        names = [path[1:] for path in pages if path not in {"/home.html", "/moved-off", "/pong"} and not path.startswith("/hop")] + [
            "hop0",
            "hop4",
        ]
        sources = {name: source(site.url(f"/{name}")) for name in names}
        old = NOW - FULL_READ - timedelta(hours=1)
        states = {
            "etag": _state("etag", etag='"v1"'),
            "modified": _state("modified", modified=MODIFIED),
            "same": _state("same", body_hash=HASH),
            "stale": _state("stale", etag='"v1"', modified=MODIFIED, body_hash=HASH, last_full=old),
            "failing": _state("failing", etag='"v1"', error_streak=2),
            "emptied": _state("emptied"),
            "unasked": SourceState(source_id="unasked"),
            "moved-back": _state("moved-back", url=site.url("/moved-off"), error_streak=1),
            "status500": _state("status500", etag='"v1"', url=site.url("/status500")),
        }
        done = crawl(Order(sources=list(sources.values()), states=states, allow=[site.netloc, other.netloc]))
        assert done.failure == ""
        assert set(done.polls) == set(sources)
        yield Polled(site, other, done, states, sources)


def test_a_first_read_brings_entries_and_both_validators(polled: Polled) -> None:
    poll = polled.crawl.polls["first"]
    assert (poll.outcome, poll.status, poll.entries, poll.moved_to) == (CHANGED, 200, 2, None)
    assert poll.validators == Validators(etag='"v1"', last_modified=MODIFIED, body_hash=HASH)
    first = polled.site.asked("/first")[0]
    assert "if-none-match" not in first.headers and "if-modified-since" not in first.headers


@pytest.mark.parametrize(("name", "header", "value"), [("etag", "if-none-match", '"v1"'), ("modified", "if-modified-since", MODIFIED)])
def test_unchanged_by_either_validator(polled: Polled, name: str, header: str, value: str) -> None:
    (seen,) = polled.site.asked(f"/{name}")
    assert seen.headers[header] == value
    poll = polled.crawl.polls[name]
    assert (poll.outcome, poll.status, poll.entries, poll.validators) == (UNCHANGED, 304, 0, None)


def test_a_server_that_sends_the_same_again_is_seen_through(polled: Polled) -> None:
    poll = polled.crawl.polls["same"]
    assert (poll.outcome, poll.status, poll.entries) == (UNCHANGED, 200, 0)
    assert poll.validators == Validators(body_hash=HASH)


def test_now_and_then_the_whole_feed_is_asked_for(polled: Polled) -> None:
    (seen,) = polled.site.asked("/stale")
    assert "if-none-match" not in seen.headers and "if-modified-since" not in seen.headers
    poll = polled.crawl.polls["stale"]
    assert (poll.outcome, poll.status) == (UNCHANGED, 200)
    # The same body counts as a whole read, or no condition would ever be made again.
    assert after(polled.states["stale"], poll, NOW).last_full == NOW
    assert after(polled.states["etag"], polled.crawl.polls["etag"], NOW).last_full == polled.states["etag"].last_full


def test_after_a_failure_the_whole_feed_is_asked_for(polled: Polled) -> None:
    (seen,) = polled.site.asked("/failing")
    assert "if-none-match" not in seen.headers
    assert polled.crawl.polls["failing"].outcome is CHANGED


def test_unchanged_is_no_answer_where_nothing_was_asked_for(polled: Polled) -> None:
    poll = polled.crawl.polls["unasked"]
    assert (poll.outcome, poll.error_kind) == (FAILED, "http-304")


@pytest.mark.parametrize(
    ("name", "to"),
    [("301", "/first"), ("308", "/first"), ("twice", "/first"), ("302", None), ("303", None), ("307", None), ("mixed", None)],
)
def test_only_permanent_redirects_are_remembered(polled: Polled, name: str, to: str | None) -> None:
    poll = polled.crawl.polls[name]
    assert poll.outcome is CHANGED
    assert poll.moved_to == (polled.site.url(to) if to else None)


def test_a_move_to_another_host_asks_its_robots_first(polled: Polled) -> None:
    assert polled.crawl.polls["away"].moved_to == polled.other.url("/feed")
    assert polled.other.paths() == ["/robots.txt", "/feed"]


@pytest.mark.parametrize("name", ["dead-end", "to-a-page"])
def test_a_move_to_nowhere_is_not_remembered(polled: Polled, name: str) -> None:
    poll = polled.crawl.polls[name]
    assert poll.outcome in {GONE, FAILED}
    assert poll.moved_to is None


def test_a_feed_found_at_its_old_address_again_moves_back(polled: Polled) -> None:
    poll = polled.crawl.polls["moved-back"]
    assert poll.outcome is CHANGED
    assert after(polled.states["moved-back"], poll, NOW).url == polled.sources["moved-back"].url


@pytest.mark.parametrize("name", ["loop", "ping", "hop0"])
def test_endless_redirects_end(polled: Polled, name: str) -> None:
    poll = polled.crawl.polls[name]
    assert (poll.outcome, poll.error_kind, poll.moved_to) == (FAILED, "redirects", None)
    assert polled.site.paths().count(f"/{name}") <= 10


def test_eight_redirects_are_followed(polled: Polled) -> None:
    # hop4 -> ... -> hop12, which is not there
    assert polled.crawl.polls["hop4"].error_kind == "http-404"


@pytest.mark.parametrize(("name", "kind"), [("no-location", "http-302"), ("strange", "http-301"), ("broken", "bad-address")])
def test_redirects_that_lead_to_no_web_address(polled: Polled, name: str, kind: str) -> None:
    poll = polled.crawl.polls[name]
    assert (poll.outcome, poll.error_kind, poll.moved_to) == (FAILED, kind, None)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, FAILED), (401, BLOCKED), (403, BLOCKED), (404, GONE), (410, GONE), (418, FAILED), (500, FAILED), (502, FAILED)],
)
def test_error_statuses(polled: Polled, status: int, outcome: PollOutcome) -> None:
    poll = polled.crawl.polls[f"status{status}"]
    assert (poll.outcome, poll.status, poll.error_kind) == (outcome, status, f"http-{status}")
    assert str(status) in (poll.error or "")
    assert poll.validators is None
    assert len(polled.site.asked(f"/status{status}")) == 1, "nothing is asked again at once"


def test_what_is_gone_is_looked_at_again_within_a_day(polled: Polled) -> None:
    poll = polled.crawl.polls["status410"]
    state = SourceState(source_id="status410", error_streak=50)
    assert NOW < next_poll(polled.sources["status410"], state, poll) <= NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "until"),
    [
        ("busy-seconds", NOW + timedelta(hours=2)),
        ("busy-date", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("busy-old-date", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("busy-c-date", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("busy-long", NOW + timedelta(days=1)),
        ("busy-past", None),
        ("busy-words", None),
        ("busy-negative", None),
        ("busy-at-once", None),
    ],
)
def test_a_server_that_is_busy_says_until_when(polled: Polled, name: str, until: datetime | None) -> None:
    poll = polled.crawl.polls[name]
    assert (poll.outcome, poll.status, poll.retry_after) == (FAILED, 503, until)
    # Whatever it says, it is not asked again at once.
    again = next_poll(polled.sources[name], SourceState(source_id=name), poll)
    assert again >= max(until or NOW, NOW + timedelta(minutes=15))
    assert again <= NOW + timedelta(days=1)
    assert len(polled.site.asked(f"/{name}")) == 1


def test_validators_that_no_database_takes_are_left(polled: Polled) -> None:
    poll = polled.crawl.polls["odd-validators"]
    assert poll.outcome is CHANGED and poll.validators is not None
    assert (poll.validators.etag, poll.validators.last_modified) == (None, None)


def test_one_address_that_is_busy_does_not_speak_for_its_host(polled: Polled) -> None:
    assert polled.crawl.polls["fresh"].outcome is CHANGED


def test_how_long_an_answer_stays_fresh(polled: Polled) -> None:
    polls = polled.crawl.polls
    assert polls["fresh"].ttl == timedelta(hours=1)
    assert polls["stale-now"].ttl is None
    assert polls["aged"].ttl == timedelta(minutes=50)


def test_an_answer_may_say_by_a_date_how_long_it_stays_fresh() -> None:
    def of(**headers: str) -> timedelta | None:
        return fresh_for(Response("https://a.example/", headers=headers))

    date = "Mon, 23 Nov 2026 06:00:00 GMT"
    assert of(Expires="Mon, 23 Nov 2026 08:00:00 GMT", Date=date) == timedelta(hours=2)
    assert of(Expires="Mon, 23 Nov 2026 05:00:00 GMT", Date=date) is None
    assert of(Expires="0", Date=date) is None
    assert of(Expires="Mon, 23 Nov 2027 08:00:00 GMT", Date=date) == timedelta(days=1)


def test_hours_and_days_that_a_feed_wants_to_be_left_alone(polled: Polled) -> None:
    poll = polled.crawl.polls["skips"]
    assert (poll.skip_hours, poll.skip_days) == ((0, 3), (7,))


def test_a_feed_that_used_to_hold_entries_and_is_empty_has_failed(polled: Polled) -> None:
    poll = polled.crawl.polls["emptied"]
    assert (poll.outcome, poll.error_kind, poll.validators) == (FAILED, "empty", None)
    assert polled.crawl.polls["always-empty"].outcome is CHANGED


def test_a_login_before_a_feed_is_a_refusal(polled: Polled) -> None:
    assert (polled.crawl.polls["login"].outcome, polled.crawl.polls["login"].error_kind) == (BLOCKED, "login")


def test_how_long_an_answer_took_is_known(polled: Polled) -> None:
    latency = polled.crawl.polls["first"].latency
    assert latency is not None and 0 < latency < 5


def test_a_check_for_humans_is_no_error_of_the_server(polled: Polled) -> None:
    poll = polled.crawl.polls["challenge"]
    assert (poll.outcome, poll.error_kind) == (BLOCKED, "challenge")


def test_a_host_that_asks_for_patience_gets_it() -> None:
    wish = {"Retry-After": "3600"}
    with Site("127.0.0.2") as busy, Site() as calm:
        busy.pages |= {"/a": Reply("slow down", 429, wish), "/b": FEED, "/c": FEED}
        calm.pages["/d"] = rss(item(busy.url("/article")))
        sources = [source(busy.url(path)) for path in ("/a", "/b", "/c")]
        done = crawl(Order(sources=[*sources, source(calm.url("/d"))], allow=[busy.netloc, calm.netloc], spider={"at_once": 1}))
        assert busy.paths() == ["/robots.txt", "/a"]
    for name in ("a", "b", "c"):
        poll = done.polls[name]
        assert (poll.outcome, poll.error_kind) == (FAILED, "http-429")
        assert poll.retry_after == NOW + timedelta(hours=1)
    assert done.polls["d"].outcome is CHANGED
    (arrival,) = done.of("d")
    assert arrival.retry and arrival.article.why_no_page == "http-429"


def test_who_failed_last_time_is_read_after_all_others() -> None:
    with Site() as site:
        site.pages |= {f"/{name}": FEED for name in ("bad", "good", "fine")}
        sources = [source(site.url(f"/{name}"), pages=False) for name in ("bad", "good", "fine")]
        crawl(Order(sources=sources, states={"bad": _state("bad", error_streak=1)}, allow=[site.netloc], spider={"at_once": 1}))
        assert site.paths() == ["/robots.txt", "/good", "/fine", "/bad"]


def test_a_moved_feed_is_asked_at_its_new_address_and_where_that_fails_at_the_old(polled: Polled) -> None:
    with Site() as site:
        site.pages |= {"/new": Reply("", 500), "/old": FEED, "/old2": FEED}
        known = replace(polled.states["etag"], url=site.url("/new"))
        states = {"old": known, "old2": replace(known, error_streak=1)}
        done = crawl(Order(sources=[source(site.url("/old")), source(site.url("/old2"))], states=states, allow=[site.netloc]))
        assert sorted(site.paths()) == ["/new", "/old2", "/robots.txt"]
    assert (done.polls["old"].error_kind, done.polls["old2"].outcome) == ("http-500", CHANGED)
