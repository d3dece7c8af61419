"""Pages of links polled as sources: page after page until something is known, lists without an end, a redesign that is noticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.items import Kind, PollOutcome, Source, SourceState
from tests.spiders.run_spider import NOW, Crawl, Order, crawl, page, source
from tests.spiders.site import Reply, Site
from tests.spiders.test_listings import HANOI, LONG, _listing

CHANGED, FAILED = PollOutcome.CHANGED, PollOutcome.FAILED


def _source(site: Site, path: str, name: str, **fields: object) -> Source:
    return source(site.url(path), name, kind=Kind.LISTING, timezone=HANOI, **fields)


def _known(name: str, shape: str, **fields: object) -> SourceState:
    past = NOW - timedelta(hours=3)
    return SourceState(
        **({"source_id": name, "last_ok": past, "first_poll": past, "last_full": past, "entries_total": 9, "shape": shape} | fields)
    )  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def done() -> tuple[Site, Crawl]:  # type: ignore[misc]
    """One crawl over sites in every state."""
    with Site() as site:
        shape = "main>div.list>h3>a"
        site.pages |= {f"/tin/bai-viet-dai-so-{n}.html": page(f"Bài viết dài số {n} của báo này", LONG) for n in range(1, 90)}
        site.pages |= {
            "/first": _listing(1, 2, 3, following="/first-2", date="2 giờ trước"),
            "/first-2": _listing(4, 5, 6),
            "/pause": _listing(11, 12, 13, following="/pause-2"),
            "/pause-2": _listing(14, 15, 16, following="/pause-3"),
            "/pause-3": _listing(17, 18, 19, following="/pause-4"),  # 17 is known: the end
            "/pause-4": _listing(20, 21, 22),
            "/loop": _listing(31, 32, 33, following="/loop-2"),
            "/loop-2": _listing(34, 35, 36, following="/loop"),
            "/same?page=1": _listing(41, 42, 43),
            **{f"/same?page={n}": _listing(41, 42, 43) for n in range(2, 9)},
            "/ends/page/1": _listing(51, 52, 53),
            "/redesigned": "<html><body><div id='app'></div></body></html>",
            "/shrunk": _listing(61, 62, 63),
            "/elsewhere": _listing(71, 72, 73, shape="teaser"),
            "/moved-list": _listing(1, 2, 3, shape="teaser"),
            "/believed": _listing(81, 82, 83),
            "/500": Reply("", 500),
        }  # fmt: skip
        names = [path.strip("/").partition("?")[0].partition("/")[0] for path in site.pages if not path.startswith("/tin/")]
        sources = [
            _source(site, path, name)
            for path, name in zip([path for path in site.pages if not path.startswith("/tin/")], names, strict=True)
            if path
            in {
                "/first",
                "/pause",
                "/loop",
                "/same?page=1",
                "/ends/page/1",
                "/redesigned",
                "/shrunk",
                "/elsewhere",
                "/moved-list",
                "/believed",
                "/500",
            }
        ]
        states = {name: _known(name, f"3 {shape}") for name in ("pause", "loop", "same", "ends", "redesigned", "elsewhere", "moved-list")}
        states["shrunk"] = _known("shrunk", f"24 {shape}")
        states["believed"] = _known(
            "believed", f"24 {shape}", error_kind="listing-broken", failing_since=NOW - timedelta(days=15), error_streak=9
        )
        known = [site.url(f"/tin/bai-viet-dai-so-{n}.html") for n in (2, 17)]
        yield site, crawl(Order(sources=sources, allow=[site.netloc], states=states, known=known))


def test_the_first_poll_takes_the_first_page(done: tuple[Site, Crawl]) -> None:
    site, found = done
    poll = found.polls["first"]
    assert (poll.outcome, poll.entries, poll.new, poll.shape) == (CHANGED, 3, 2, "3 main>div.list>h3>a")
    assert "/first-2" not in site.paths()
    entry = found.of("first")[0].entry
    assert entry is not None and entry.published == NOW - timedelta(hours=2)


def test_after_a_pause_further_pages_are_read_until_something_is_known(done: tuple[Site, Crawl]) -> None:
    site, found = done
    assert {title.split()[4] for title in found.titles("pause")} == {"11", "12", "13", "14", "15", "16", "18", "19"}
    assert "/pause-4" not in site.paths()


@pytest.mark.parametrize(("name", "number"), [("loop", 6), ("same", 3), ("ends", 3)])
def test_lists_that_go_round_or_end(done: tuple[Site, Crawl], name: str, number: int) -> None:
    site, found = done
    assert (found.polls[name].outcome, found.polls[name].entries) == (CHANGED, number)
    assert len([path for path in site.paths() if path.startswith(f"/{name}")]) == 2


@pytest.mark.parametrize(
    ("name", "said", "arrived"),
    [
        ("redesigned", "drawn by script", 0),
        ("shrunk", "shows 3 articles where there used to be 24", 3),
        ("elsewhere", "another place, and none that was known", 3),
    ],
)
def test_a_redesign_is_noticed(done: tuple[Site, Crawl], name: str, said: str, arrived: int) -> None:
    _, found = done
    poll = found.polls[name]
    assert (poll.outcome, poll.error_kind) == (FAILED, "listing-broken")
    assert said in (poll.error or "")
    assert len(found.of(name)) == arrived


def test_a_list_that_only_moved_in_its_page_is_fine_and_a_new_look_is_believed_in_time(done: tuple[Site, Crawl]) -> None:
    _, found = done
    assert found.polls["moved-list"].outcome is CHANGED
    assert found.polls["believed"].outcome is CHANGED
    assert found.polls["500"].error_kind == "http-500"


def test_the_past_is_read_page_by_page() -> None:
    with Site() as site:
        site.pages |= {f"/tin/bai-viet-dai-so-{n}.html": page(f"Bài số {n}", LONG) for n in range(1, 30)}
        dates = ["20/11/2026", "10/11/2026", "01/10/2026", "01/09/2026"]
        site.pages |= {f"/p{n + 1}": _listing(*range(3 * n, 3 * n + 3), date=date) for n, date in enumerate(dates)}
        found = crawl(
            Order(sources=[_source(site, "/p1", "p")], allow=[site.netloc], spider={"since": datetime(2026, 11, 1, tzinfo=UTC)})
        )  # fmt: skip
    assert found.polls["p"].entries == 9
    assert "/p3" in site.paths() and "/p4" not in site.paths()
