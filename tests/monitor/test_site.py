"""The archive as files: every link leads to a file, only what changed is written, nothing of an article's text is given away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from monitor.config import load_config
from monitor.desks import desk_of
from monitor.editions import Desk, next_edition
from monitor.files import FileError
from monitor.packs import reach_of
from monitor.room.links import safe_name
from monitor.room.press import Press
from monitor.room.view import Room
from monitor.site.archive import PAGES, Site
from monitor.site.folder import LEDGER, Folder
from monitor.verdicts import judge, merge
from storage.errors import UsageError
from storage.store import Store
from tests.monitor.desk import MATCHER, NOW, take
from tests.monitor.visitor import SCHOOL, fill

SECRET = " Kể từ đây là phần thân bài mà kho lưu trữ không được phép chép lại, dù chỉ một dòng." * 3
LATER = NOW + timedelta(days=1)


def desk_for(store: Store, folder: Path, language: str = "en") -> Desk:
    config = load_config(None, {}, folder)
    return replace(desk_of(store, config, config.digests[0], lambda: NOW), language=language)


def archive(desk: Desk, folder: Path, address: str = "") -> Folder:
    watchlist = load_config(None, {}, folder.parent).watchlist()
    held = Folder(folder)
    press = Press(Room(desk.topics, desk.zone, desk.language, reach_of), PAGES)
    Site(desk, press, watchlist, held, address=address, told=lambda *_: None).make()
    return held


def told(store: Store, folder: Path, language: str = "en") -> Desk:
    fill(store)
    take(store, 5, "FPT nuôi tôm trong rừng đước", "FPT nuôi tôm trong rừng đước ở Cà Mau từ mùa nước này." + SECRET)
    desk = desk_for(store, folder, language)
    next_edition(desk)
    return desk


def pages_of(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def broken_links(folder: Path) -> list[tuple[str, str]]:
    broken = []
    for name, text in pages_of(folder).items():
        if not name.endswith(".html"):
            continue
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            parts = urlsplit(link.replace("&amp;", "&"))
            if parts.scheme in {"http", "https"} or not parts.path:
                continue
            if not (folder / name).parent.joinpath(unquote(parts.path)).resolve().is_file():
                broken.append((name, link))
    return broken


def test_the_archive_is_linked_without_a_gap_and_gives_no_text_away(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    archive(told(store, tmp_path), folder)
    pages = pages_of(folder)
    assert broken_links(folder) == []
    assert {
        "index.html",
        "days.html",
        "topics.html",
        "outlets.html",
        "search.html",
        "trends.html",
        "day/2026-11-23.html",
        "feed/all.xml",
    } <= pages.keys()
    assert sum(name.startswith("story/") for name in pages) == 3
    assert any(name.startswith("topic/fpt") for name in pages) and "outlet/nua.example.html" in pages
    for name, text in pages.items():
        assert "không được phép chép lại" not in text, name
        if name.endswith(".html"):
            assert "default-src 'none'" in text and 'http-equiv="Content-Security-Policy"' in text
            assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//", text), name
            assert '<form method="post"' not in text
    assert str(tmp_path) not in "".join(pages.values())


def test_only_what_changed_is_written(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    desk = told(store, tmp_path)
    first = archive(desk, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != LEDGER}
    again = archive(desk, folder)
    assert (again.written, again.removed, again.kept) == (0, 0, first.written)
    assert all(path.stat().st_mtime_ns == moment for path, moment in before.items())
    take(store, 6, "FUNiX dạy lái thuyền", "FUNiX dạy lái thuyền cho người đi biển ở Cửa Lò.", host="bien.example", now=LATER)
    more = archive(replace(desk, clock=lambda: LATER), folder)
    untouched = {path.name for path, moment in before.items() if path.is_file() and path.stat().st_mtime_ns == moment}
    assert 0 < more.written < first.written and "s1.html" in untouched and "2026-11-23.html" in untouched
    assert (folder / "outlet" / "bien.example.html").is_file() and broken_links(folder) == []


def test_what_people_say_changes_the_archive_and_old_pages_go(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    desk = told(store, tmp_path)
    archive(desk, folder)
    stories = {path.stem for path in folder.glob("story/*/*.html")}
    with store.reading() as reading:
        ids = {reading.articles.get(number).story_id: number for number in (1, 3)}  # type: ignore[union-attr]
    bridge, school = ids
    merge(store, bridge, school, LATER)
    archive(desk, folder)
    pages = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("story/*/*.html")}
    assert pages.keys() == stories and broken_links(folder) == []
    assert f'url=../../story/0/s{bridge}.html"' in pages[f"s{school}"] and "part of another one" in pages[f"s{school}"]
    judge(store, MATCHER, f"s{bridge}", "not-us", None, LATER)
    held = archive(desk, folder)
    assert held.removed and not (folder / "outlet" / "nua.example.html").exists() and broken_links(folder) == []
    assert SCHOOL[:20] not in "".join(pages_of(folder).values())


def test_feeds_by_topic_are_feeds(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    archive(told(store, tmp_path), folder, address="https://news.example/archive")
    name = "{http://www.w3.org/2005/Atom}"
    feeds = {path.name: ElementTree.fromstring(path.read_text(encoding="utf-8")) for path in folder.glob("feed/*.xml")}
    assert len(feeds) == 3
    for feed in feeds.values():
        entries = feed.findall(f"{name}entry")
        assert entries and feed.findtext(f"{name}id", "").startswith("tag:") and feed.findtext(f"{name}updated", "").endswith("Z")
        assert {link.get("rel"): link.get("href", "")[:29] for link in feed.findall(f"{name}link")} == dict.fromkeys(
            ("self", "alternate"), "https://news.example/archive/"
        )
        assert len({entry.findtext(f"{name}id") for entry in entries}) == len(entries)
    assert len(feeds["all.xml"].findall(f"{name}entry")) == 3


def test_the_index_holds_each_headlines_words_folded(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    archive(told(store, tmp_path), folder)
    part = (folder / "assets/search/2026/w-ru.js").read_text(encoding="utf-8")
    called = re.fullmatch(r'monitorPart\("2026/w-ru",(.*)\);\n', part)
    assert called and json.loads(called[1])["rung"] == [5]
    shown = json.loads(
        re.fullmatch(r'monitorPart\("2026/a-0",(.*)\);\n', (folder / "assets/search/2026/a-0.js").read_text(encoding="utf-8"))[1]
    )  # type: ignore[index]
    assert shown["5"][0] == "FPT nuôi tôm trong rừng đước" and len(shown["5"][10].split()) <= 40
    assert "4" not in shown  # left out: of nobody we know


def test_hostile_words_are_text_and_end_no_script(store: Store, tmp_path: Path) -> None:
    take(store, 1, "FPT </script><script>alert(1)</script> ../../x", "FPT xây cầu.", host="xau.example")
    desk = desk_for(store, tmp_path)
    next_edition(desk)
    archive(desk, tmp_path / "archive")
    for name, text in pages_of(tmp_path / "archive").items():
        if name.endswith((".html", ".xml")):
            assert "<script>alert" not in text, name
        elif name.startswith("assets/search/"):
            assert "<" not in text, name


@pytest.mark.parametrize(
    ("one", "other"),
    [("FPT", "fpt"), ("con", "Con"), ("a/b", "a-b"), ("../x", "x"), ("日本", "中国"), ("", "-"), ("x" * 300, "x" * 301), ("a b", "a  b")],
)
def test_names_of_files_are_safe_and_never_shared(one: str, other: str) -> None:
    names = [safe_name(one), safe_name(other)]
    assert names[0] != names[1]
    for name in names:
        assert re.fullmatch(r"[a-z0-9.-]{1,80}", name) and name not in {"con", ".", ".."} and not name.startswith((".", "-"))


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not of an archive"):
        Folder(tmp_path)
    with pytest.raises((UsageError, FileError)):
        Folder(tmp_path / "thesis.txt")


def test_a_ledger_cannot_reach_outside_of_its_folder(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside.txt", tmp_path / "archive"
    outside.write_text("mine")
    folder.mkdir()
    (folder / LEDGER).write_text(json.dumps({"version": 1, "files": {"../outside.txt": "x", str(outside): "y"}}))
    Folder(folder).finish()
    assert outside.read_text() == "mine"


def test_a_run_that_breaks_off_is_made_good_by_the_next(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    desk = told(store, tmp_path)
    whole = archive(desk, folder)
    put: Callable[..., None] = Folder.put
    (folder / "index.html").unlink()
    count = iter(range(20))

    def breaking(self: Folder, *arguments: object) -> None:
        if next(count, None) is None:
            raise KeyboardInterrupt
        put(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "put", breaking)
        with pytest.raises(KeyboardInterrupt):
            archive(desk, folder)
    assert archive(desk, folder).kept + 1 == whole.written and broken_links(folder) == []
    assert not [path for path in folder.rglob("*") if path.name.startswith(".") and path.name != LEDGER]


@pytest.mark.parametrize(("language", "words"), [("vi", ["Tìm kiếm", "Chủ đề"]), ("fr", ["Recherche", "Sujets"])])
def test_the_archive_speaks_the_digests_language(sqlite: Store, tmp_path: Path, language: str, words: list[str]) -> None:
    archive(told(sqlite, tmp_path, language), tmp_path / "archive")
    index = (tmp_path / "archive/index.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in index and all(word in index for word in words)
    assert "{" not in re.sub(r"<[^>]*>", "", index)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "own.db")) as opened:
        yield opened
