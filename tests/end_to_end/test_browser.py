"""The room, the archive and the digest's page in a real Chromium: they open, nothing leaves the host, keys work, axe finds no serious fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from monitor.editions import next_edition, preview_edition
from monitor.shapes import render
from storage.store import Store
from tests.chromium import Chromium, available
from tests.monitor.desk import take
from tests.monitor.test_site import archive, told
from tests.monitor.visitor import BRIDGE, opened

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    available()
    window = Chromium(tmp_path_factory.mktemp("profile"))
    yield window
    window.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A store with one day told and some news after it: served, archived, and as the page that is mailed."""
    folder = tmp_path_factory.mktemp("shown")
    with Store.open(str(folder / "monitor.db")) as store:
        desk = told(store, folder)
        archive(desk, folder / "archive")
        take(
            store,
            7,
            "FPT đóng tàu gỗ ở Hội An",
            "FPT đóng con tàu gỗ đầu tiên ở Hội An cho dân chài, dài mười hai mét.",
            host="tau.example",
        )
        take(
            store,
            8,
            "FUNiX trồng rau trên mái nhà",
            "FUNiX trồng rau sạch trên mái nhà ở Gò Vấp cho bếp ăn của trường.",
            host="rau.example",
        )
        (folder / "digest.html").write_text(render(preview_edition(desk).digest, "html"), encoding="utf-8")
        for served in opened(store):
            yield SimpleNamespace(
                web=f"http://127.0.0.1:{served.port}",
                site=(folder / "archive").as_uri(),
                page=(folder / "digest.html").as_uri(),
                hall=served.hall,
            )


WEB = ("/", "/day/2026-11-23", "/days", "/topics", "/topic/FPT", "/story/s1", "/outlets", "/outlet/nua.example", "/search?q=cau", "/trends", "/sources", "/suppressed", "/api")  # fmt: skip
SITE = (
    "index.html",
    "days.html",
    "topics.html",
    "outlets.html",
    "outlet/nua.example.html",
    "story/0/s1.html",
    "search.html?q=cau+go",
    "trends.html",
)


def addresses(shown: SimpleNamespace) -> list[str]:
    return [shown.web + path for path in WEB] + [f"{shown.site}/{name}" for name in SITE] + [shown.page]


def test_pages_open_without_a_complaint_and_nothing_leaves_the_host(browser: Chromium, shown: SimpleNamespace) -> None:
    browser.look(dark=False, width=1280)
    for address in addresses(shown):
        browser.open(address)
        assert len(browser.text()) > 60, address
        assert browser.complaints() == [], address
        strangers = [one for one in browser.asked() if not one.startswith((shown.web + "/", "file:", "data:", "about:"))]
        assert strangers == [], address


def test_axe_finds_no_serious_fault_by_day_and_by_night(browser: Chromium, shown: SimpleNamespace) -> None:
    browser.open("data:text/html,<html lang=en><title>x</title><main><h1>x</h1><p style='color:%23aaa'>pale <button></button></main>")
    assert {one.partition(":")[0] for one in browser.faults()} == {"color-contrast", "button-name"}  # it does look
    for dark in (False, True):
        browser.look(dark=dark, width=1280)
        for address in addresses(shown):
            browser.open(address)
            assert browser.faults("color-contrast" if dark else "") == [], (address, dark)


def test_a_phone_needs_no_scrolling_sideways(browser: Chromium, shown: SimpleNamespace) -> None:
    browser.look(dark=False, width=360)
    for address in addresses(shown):
        browser.open(address)
        assert browser.overflow() <= 0, address
    assert browser.faults() == []
    browser.look(dark=False, width=1280)


def test_the_keyboard_reaches_everything(browser: Chromium, shown: SimpleNamespace) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    browser.open(shown.web + "/outlet/nua.example")
    driver = browser.driver
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = driver.switch_to.active_element
    assert skip.get_attribute("class") == "skip" and skip.rect["y"] >= 0  # it comes into sight
    skip.send_keys(Keys.ENTER)
    WebDriverWait(driver, 20).until(lambda driver: driver.current_url.endswith("#main"))
    assert driver.switch_to.active_element.get_attribute("id") == "main"
    reached = []
    for _ in range(12):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        if driver.execute_script("return document.activeElement === document.body"):
            break  # past the last one
        reached.append(driver.execute_script("return document.activeElement.getAttribute('href') || ''"))
        outline = driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
    assert any(one.startswith("/story/") for one in reached)
    # Words typed into the field at the top are looked for with the Enter key.
    field = driver.find_element(By.ID, "quick")
    browser.follow(lambda: field.send_keys("tau go", Keys.ENTER))
    assert "đóng tàu gỗ" in browser.text() and driver.find_elements(By.CSS_SELECTOR, "article mark")


def test_the_archives_search_finds_without_tone_marks_from_the_disk(browser: Chromium, shown: SimpleNamespace) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    def found(query: str) -> list[str]:
        browser.open(f"{shown.site}/search.html?{query}")
        # It is done when it says how many it found.
        WebDriverWait(browser.driver, 20).until(lambda driver: any(word in browser.text() for word in ("these words", "Nothing found")))
        return [one.text for one in browser.driver.find_elements(By.CSS_SELECTOR, "#results h2")]

    assert found("q=rung+duoc") == ["FPT nuôi tôm trong rừng đước"]
    assert found("q=R%E1%BB%AANG") == ["FPT nuôi tôm trong rừng đước"]
    assert len(found("q=cau+go")) == 2 and found("q=fpt+-cau") == ["FPT nuôi tôm trong rừng đước"]
    assert found("q=du*&topic=FPT") == ["FPT nuôi tôm trong rừng đước"] and found("q=cau&outlet=nua.example") == ["FPT xây cầu gỗ ở Huế"]
    assert found("q=khongco") == [] and found("q=fpt&until=2020-01-01") == [] and found("q=fpt&lang=fr") == []
    link = browser.driver.get(f"{shown.site}/search.html?q=duoc") or WebDriverWait(browser.driver, 20).until(
        lambda driver: driver.find_element(By.PARTIAL_LINK_TEXT, "Story s")
    )
    browser.follow(link.click)
    assert "Timeline" in browser.text() and browser.complaints() == []


def test_a_verdict_by_mouse_changes_what_the_next_digest_tells(browser: Chromium, shown: SimpleNamespace) -> None:
    from selenium.webdriver.common.by import By

    browser.open(shown.web + "/")
    assert "trồng rau trên mái nhà" in browser.text()
    item = next(one for one in browser.driver.find_elements(By.TAG_NAME, "article") if "trồng rau" in one.text)
    browser.follow(item.find_element(By.PARTIAL_LINK_TEXT, "Story").click)
    browser.follow(browser.driver.find_element(By.XPATH, "//button[starts-with(., 'Not us: FUNiX')]").click)
    assert "Remembered" in browser.text() and "your verdicts" in browser.text()
    desk = shown.hall.counter("").desk
    lines = next_edition(desk).digest.lines
    assert [line.headline for line in lines] == ["FPT đóng tàu gỗ ở Hội An"]


def test_the_room_needs_no_script(shown: SimpleNamespace, tmp_path: Path) -> None:
    available()
    window = Chromium(tmp_path, script=False)
    try:
        window.driver.get(shown.web + "/search?q=cau+go")
        assert BRIDGE[:12] in window.driver.page_source and "2 articles hold these words" in window.driver.page_source
    finally:
        window.close()
