"""The reading room over real connections: who may come in, what it shows, what a verdict changes; on both engines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from monitor.config_web import check_access
from monitor.editions import next_edition
from monitor.web.openapi import document
from storage.errors import UsageError
from storage.store import Store
from tests.monitor.desk import NOW, take
from tests.monitor.visitor import BRIDGE, TOKEN, Served, fill, opened


@pytest.fixture
def room(store: Store) -> Iterator[Served]:
    fill(store)
    yield from opened(store)


def story_of(page: str, words: str) -> str:
    """The number of the story that stands with these words on a page."""
    found = re.search(rf"{words}.*?/story/(s\d+)", page, re.DOTALL)
    assert found, page
    return found[1]


# ---------------------------------------------------------------------- what it shows


def test_every_page_opens_and_leads_to_the_others(room: Served) -> None:
    next_edition(room.hall.counter("").desk)
    browser = room.browser()
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        page = browser.page(path)
        assert page.startswith("<!DOCTYPE html>") and page.count("<h1") == 1
        links = {one.replace("&amp;", "&") for one in re.findall(r'href="(/[^"#]*)"', page)}
        waiting += [one for one in links if one not in seen and one not in waiting and not one.startswith(("/static/", "/api/"))]
        assert len(seen) < 200
    kinds = {re.sub(r"[?].*|(?<=/)(s\d+|[\d-]{10})|(?<=topic/).*|(?<=outlet/).*", "", one) for one in seen}
    assert {
        "/",
        "/days",
        "/day/",
        "/topics",
        "/topic/",
        "/outlets",
        "/outlet/",
        "/story/",
        "/search",
        "/trends",
        "/sources",
        "/suppressed",
    } <= kinds


def test_a_story_is_told_with_its_copies_in_the_order_of_time(room: Served) -> None:
    browser = room.browser()
    page = browser.page(f"/story/{story_of(browser.page('/topic/FPT'), 'FPT')}")
    assert page.count('<li id="a') == 2 and "near-verbatim copy of a1" in page and "nua.example" in page
    assert "Not told yet" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=cau go", 2), ("q=CẦU GỖ", 2), ('q="lop hoc dem"', 1), ("q=xay -go", 0), ("q=fpt&outlet=nua.example", 1), ("q=lop*&topic=FUNiX", 1),
        ("q=fpt&lang=fr", 0), ("q=fpt&lang=vi", 2), ("q=fpt&ownership=owned", 0), ("q=fpt&since=2026-11-24", 0), ("q=fpt&since=2026-11-23&until=2026-11-23", 2),
        ("q=fpt&topic=FPT&unit=FPT Software", 0), ("q=mila", 0),
    ],
)  # fmt: skip
def test_search_finds_without_tone_marks_and_through_filters(room: Served, query: str, found: int) -> None:
    page = room.browser().page("/search?" + quote(query, safe="=&"))
    assert page.count('<article class="item"') == found


def test_wrong_questions_are_answered_with_what_is_wrong(room: Served) -> None:
    browser = room.browser()
    for path in ("/search?q=a&since=gestern", "/search?q=a&topic=Nobody", "/trends?days=x", "/topic/FPT?after=zz", "/?digest=nobody"):
        status, text, _ = browser.ask(path)
        assert status == 400 and "<h1" in text, path
    for path in (
        "/story/s99999",
        "/story/s99999999999999999999",
        "/day/2020-01-01",
        "/day/x",
        "/topic/Nobody",
        "/outlet/no.example",
        "/nothing",
    ):
        assert browser.ask(path)[0] == 404, path
    assert browser.ask("/search?q=%00%27%22%3Cscript%3E")[0] == 200
    assert "<script>" not in browser.ask("/search?q=%3Cscript%3E")[1]


def test_a_hostile_headline_is_text(store: Store) -> None:
    take(store, 1, 'FPT <script>alert(1)</script> "><img src=x onerror=1>', BRIDGE)
    for served in opened(store):
        browser = served.browser()
        for path in ("/", "/topic/FPT", "/story/s1", "/search?q=fpt", "/outlet/bao.example"):
            page = browser.page(path)
            assert "alert(1)" in page and "<script" not in page and "<img" not in page


# ---------------------------------------------------------------------- verdicts


def test_a_verdict_changes_what_the_next_digest_tells(room: Served) -> None:
    browser = room.browser()
    before = browser.page("/")
    bridge, school = story_of(before, "xây cầu"), story_of(before, "lớp học đêm")
    page = browser.say(f"/story/{school}", "not-us", target=school, topic="FUNiX")
    assert "Remembered" in page and "lớp học đêm" in page and "<h1>Left out" in page  # it has no page of its own any more
    page = browser.page("/")
    assert "lớp học đêm" not in page and bridge in page
    hidden = browser.page("/suppressed")
    assert "your verdicts" in hidden and "lớp học đêm" in hidden
    target = re.search(r'id="(a\d+)">(?:(?!<article).)*lớp học đêm', hidden, re.DOTALL)
    assert target
    assert "Remembered" in browser.say("/suppressed", "is-us", target=target[1], topic="FUNiX")
    assert "lớp học đêm" in browser.page("/")


def test_stories_are_joined_and_parted_and_outlets_muted(room: Served) -> None:
    browser = room.browser()
    first = browser.page("/")
    bridge, school = story_of(first, "xây cầu"), story_of(first, "lớp học đêm")
    page = browser.say(f"/story/{bridge}", "same-story", target=bridge, other=school)
    assert page.count('<li id="a') == 3 and "your verdict" in page
    for old, new in ((f"/story/{school}", f"/story/{bridge}"), (f"/api/v1/stories/{school[1:]}", f"/api/v1/stories/{bridge[1:]}")):
        status, _, headers = browser.ask(old)
        assert (status, headers["location"]) == (302, new)
    page = browser.say(f"/story/{bridge}", "not-same", target="a3")
    assert page.count('<li id="a') == 2
    browser.say(f"/story/{bridge}", "mute", outlet="bao.example", topic="FPT")
    assert browser.page(f"/story/{bridge}").count('<li id="a') == 1
    digest = next_edition(room.hall.counter("").desk).digest
    assert {line.outlet for line in digest.lines if "FPT" in line.topics} == {"nua.example"}
    assert digest.trend is not None and "muted outlet" in {one.name for one in digest.trend.hidden}
    browser.say("/suppressed", "unmute", outlet="bao.example", topic="FPT")
    assert browser.page(f"/story/{bridge}").count('<li id="a') == 2


def test_what_other_sites_send_is_not_obeyed(room: Served) -> None:
    browser = room.browser()
    mark = re.search(r'name="csrf" value="([0-9a-f]+)"', browser.page("/story/s1"))
    assert mark
    form = {"csrf": mark[1], "said": "not-us", "target": "s1", "back": "/"}
    assert browser.ask("/verdict", form=form, Origin="http://evil.example")[0] == 403
    assert browser.ask("/verdict", form=form, Origin="null")[0] == 403
    assert browser.ask("/verdict", form=form, Sec_Fetch_Site="cross-site")[0] == 403
    assert browser.ask("/verdict", form=form, Sec_Fetch_Site="same-site")[0] == 403
    assert browser.ask("/verdict", form=form | {"csrf": "0" * 64})[0] == 403
    assert browser.ask("/verdict", form={"said": "not-us", "target": "s1"})[0] == 403
    assert room.browser().ask("/verdict", form=form)[0] == 403  # another browser's mark
    assert browser.ask("/api/v1/verdicts", form=form)[0] == 415
    assert browser.ask("/api/v1/verdicts", data={"said": "not-us", "target": "s1"}, Content_Type="text/plain")[0] == 415
    assert browser.ask("/api/v1/verdicts", data={"said": "not-us", "target": "s1"}, Origin="http://evil.example")[0] == 403
    with room.hall.store.reading() as reading:
        assert reading.verdicts.latest(10) == []
    status, _, headers = browser.ask("/verdict", form=form | {"back": "https://evil.example/"}, Sec_Fetch_Site="same-origin")
    assert status == 303 and headers["location"] == "/"
    status, _, headers = browser.ask("/verdict", form=form | {"back": "//evil.example"})
    assert headers["location"] == "/"


# ---------------------------------------------------------------------- the door


@pytest.fixture
def sqlite_store(tmp_path: Any) -> Iterator[Store]:
    with Store.open(str(tmp_path / "monitor.db")) as opened_store:
        fill(opened_store)
        yield opened_store


def test_another_name_than_ours_is_refused_and_headers_arm_each_answer(sqlite_store: Store) -> None:
    for served in opened(sqlite_store):
        browser = served.browser()
        assert browser.ask("/", Host="evil.example")[0] == 421
        assert browser.ask("/", Host=f"evil.example:{served.port}")[0] == 421
        assert browser.ask("/", Host=f"localhost:{served.port}")[0] == 200
        for path in ("/", "/nothing", "/api/v1/topics", "/static/room.css"):
            headers = browser.ask(path)[2]
            assert "default-src 'none'" in headers["content-security-policy"] and "script-src" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        fresh = served.browser()
        cookie = fresh.ask("/")[2]["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
        assert not re.search(r'(?:src|href)="(?:https?:)?//', re.sub(r'<a [^>]*rel="noreferrer[^>]*>', "", fresh.page("/")))


def test_with_a_token_nobody_else_comes_in(sqlite_store: Store) -> None:
    for served in opened(sqlite_store, token=TOKEN):
        stranger = served.browser()
        for path in ("/", "/search?q=fpt", "/story/s1", "/nothing"):
            status, text, _ = stranger.ask(path)
            assert status == 401 and "FPT" not in text, path
        assert stranger.ask("/api/v1/topics")[0] == 401 and stranger.ask("/api/openapi.json")[0] == 401
        assert stranger.ask("/verdict", form={"said": "not-us", "target": "s1"})[0] == 401
        assert stranger.ask("/api/v1/verdicts", data={"said": "not-us", "target": "s1"})[0] == 401
        assert stranger.ask("/sign-in", form={"token": "wrong", "back": "/"})[0] == 401
        assert stranger.ask("/api/v1/topics", Authorization="Bearer wrong")[0] == 401
        assert stranger.ask("/api/v1/topics", Authorization=f"Bearer {TOKEN}")[0] == 200
        reader = served.browser()
        status, _, headers = reader.ask("/sign-in", form={"token": TOKEN, "back": "/topic/FPT"})
        assert status == 303 and headers["location"] == "/topic/FPT"
        assert "FPT" in reader.page("/topic/FPT")
        forged = served.browser()
        name, value = next(iter(reader.cookies.items()))
        forged.cookies[name] = value[:-1] + ("0" if value[-1] != "0" else "1")
        assert forged.ask("/")[0] == 401


@pytest.mark.parametrize(
    ("host", "behind", "token", "fine"),
    [
        ("127.0.0.1", "", "", True), ("localhost", "", "", True), ("::1", "", "", True), ("127.8.8.8", "", "", True), ("0.0.0.0", "", "", False),
        ("192.168.1.4", "", "", False), ("::", "", "", False), ("news.example", "", "", False), ("0.0.0.0", "", TOKEN, True), ("0.0.0.0", "", "short", False),
        ("0.0.0.0", "https://news.example", "", True), ("0.0.0.0", "https://news.example/path", "", False), ("0.0.0.0", "news.example", "", False),
    ],
)  # fmt: skip
def test_the_room_is_not_shown_to_a_network_without_a_lock(host: str, behind: str, token: str, fine: bool) -> None:
    if fine:
        check_access(host, behind, token)
    else:
        with pytest.raises(UsageError):
            check_access(host, behind, token)


def test_behind_a_proxy_its_name_is_ours(sqlite_store: Store) -> None:
    for served in opened(sqlite_store, origin="https://news.example"):
        served_names = served.browser()
        assert served_names.ask("/", Host="127.0.0.1")[0] == 200
        assert "Secure" in served_names.ask("/days")[2].get("set-cookie", "Secure")


# ---------------------------------------------------------------------- JSON


def test_every_question_of_the_api_is_answered_as_it_is_described(room: Served) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = pytest.importorskip("openapi_spec_validator")
    described = json.loads(room.browser().page("/api/openapi.json"))
    assert described == document()
    validator.validate(described)
    next_edition(room.hall.counter("").desk)
    browser = room.browser()
    day = json.loads(browser.page("/api/v1/digests"))["digests"][0]["day"]
    asked = 0
    for path, methods in described["paths"].items():
        at = path.replace("{day}", day).replace("{number}", "1") + ("?q=fpt" if path.endswith("/search") else "")
        answer = json.loads(browser.page(at))
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer, schema | {"components": described["components"]})
        asked += 1
    assert asked == 12
    status, text, _ = browser.ask("/api/v1/verdicts", data={"said": "not-us", "target": "s1"})
    assert status == 200 and "remembered" in json.loads(text)
    for wrong in ({"said": "love"}, {"said": "not-us"}, {"said": "mute", "outlet": "bao.example"}, [1], {"said": 4}):
        assert browser.ask("/api/v1/verdicts", data=wrong)[0] == 400
    assert browser.ask("/api/v1/search")[0] == 400 and browser.ask("/api/v1/stories/99")[0] == 404 and browser.ask("/api/v1/none")[0] == 404


def test_pages_of_stories_follow_each_other_without_a_gap(store: Store) -> None:
    for number in range(1, 8):
        take(
            store,
            number,
            f"FPT việc thứ {number}",
            f"FPT làm việc số {number * 1234567} ở tỉnh {number}.",
            now=NOW - timedelta(minutes=number),
        )
    for served in opened(store):
        browser = served.browser()
        seen: list[str] = []
        after = ""
        for _ in range(10):
            page = json.loads(browser.page(f"/api/v1/stories?topic=FPT&limit=2{after}"))
            seen += [one["id"] for one in page["stories"]]
            if page["after"] is None:
                break
            after = f"&after={page['after']}"
        everything = json.loads(browser.page("/api/v1/stories?topic=FPT"))
        assert seen == [one["id"] for one in everything["stories"]] and len(seen) == len(set(seen))


def test_readers_are_answered_while_a_crawl_writes(room: Served) -> None:
    browser = room.browser()
    with room.hall.store.transaction() as transaction:
        transaction.set_meta("busy", "writing")
        assert "FPT" in browser.page("/topic/FPT")
        assert json.loads(browser.page("/api/v1/search?q=fpt"))["total"] == 2
