"""OPML in and out: nothing is lost on the way, and a hostile file does no harm."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from monitor.cli import app
from monitor.config import load_config
from monitor.opml import _OURS, LARGEST, Outlined, read_opml, write_opml
from monitor.packs import GROUPS, SEARCHES, serving
from monitor.subscriptions import export_opml, import_opml
from storage.errors import UsageError
from storage.items import Kind, Ownership, Source

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.1"><head><title>Mine</title></head><body>
<outline text="Tin tức"><outline text="Hà Nội">
  <outline type="rss" text="Báo Một" title="Báo Một - Trang chủ" xmlUrl="https://one.example/rss" htmlUrl="https://one.example/" language="vi-VN"/>
</outline>
<outline type="atom" text="Two &amp; co" xmlUrl="https://two.example/atom" description="d&#10;e" category="/a,/b" x:sort="3" xmlns:x="urn:x"/></outline>
<outline text="Three" XMLURL="https://three.example/feed"/>
<outline text="Twice"><outline text="Three again" xmlUrl="http://www.three.example/feed/"/></outline>
<outline text="A bookmark" type="link" url="https://four.example/"/>
<outline text="Broken" xmlUrl="ftp://five.example/"/>
</body></opml>
"""
OFF = "[packs]\n" + "\n".join(f"{group} = false" for group in (*GROUPS, SEARCHES)) + "\n"


def test_folders_become_labels_and_what_has_no_place_is_kept() -> None:
    found, unusable = read_opml(LIST.encode(), name="list.opml")
    one, two, three, again = found
    assert (one.source.url, one.source.outlet, one.source.language, one.source.groups) == (
        "https://one.example/rss",
        "Báo Một",
        "vi",
        ("Tin tức/Hà Nội",),
    )
    assert one.rest == {"title": "Báo Một - Trang chủ", "htmlUrl": "https://one.example/", "language": "vi-VN"}
    assert two.rest == {"type": "atom", "description": "d\ne", "category": "/a,/b", "{urn:x}sort": "3"}
    assert (three.source.groups, again.source.groups) == ((), ("Twice",))
    assert [(item.name, item.line) for item in unusable] == [("Broken", 10)]


_texts = st.text(st.characters(blacklist_categories=("C", "Z"), blacklist_characters="/"), min_size=1, max_size=12).filter(
    lambda text: text == clean(text)
)


def clean(text: str) -> str:
    from storage.text import clean_text

    return clean_text(text, 2_000)


_sources = st.builds(
    Source,
    id=st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True),
    url=st.builds(lambda host, path: f"https://{host}.example/{path}", st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers(0, 99)),
    kind=st.sampled_from([Kind.FEED, Kind.SEARCH, Kind.LISTING]),
    verify_tls=st.booleans(),
    browser=st.booleans(),
    fields=st.sampled_from([(), (("url", "link"), ("title", "headline.text"))]),
    outlet=_texts,
    language=st.sampled_from(["", "vi", "en", "fil"]),
    country=st.sampled_from(["", "VN", "CA"]),
    timezone=st.sampled_from(["UTC", "Asia/Ho_Chi_Minh"]),
    ownership=st.sampled_from(Ownership),
    groups=st.lists(st.lists(_texts, min_size=1, max_size=3).map("/".join), unique=True, max_size=3).map(tuple),
    robots=st.booleans(),
    pages=st.booleans(),
    origin=st.just("config"),
)
_rest = st.dictionaries(
    st.sampled_from(["htmlUrl", "title", "description", "category", "language", "type", "{urn:other}note", "isComment"]), _texts, max_size=4
)


@given(st.lists(st.tuples(_sources, _rest), max_size=5, unique_by=(lambda pair: pair[0].id, lambda pair: pair[0].url)))
def test_a_round_trip_loses_nothing(listed: list[tuple[Source, dict[str, str]]]) -> None:
    # What an import never keeps: words that say what the source says already.
    wanted = []
    for source, rest in listed:
        kept = {key: value for key, value in rest.items() if value != source.outlet or key != "title"}
        if kept.get("type") in {"rss", "link"}:
            del kept["type"]
        kept.pop("language", None)  # a source without a language would learn one from it
        wanted.append(Outlined(source=source, rest=kept))
    found, unusable = read_opml(write_opml(wanted, title="x"), name="x")
    assert not unusable
    assert sorted((one.source.id, one.source, dict(one.rest)) for one in found) == sorted(
        (one.source.id, one.source, dict(one.rest)) for one in wanted
    )


def test_a_round_trip_through_the_configuration_loses_nothing(tmp_path: Path) -> None:
    before = config_in(tmp_path, "one")
    result = import_opml(before, LIST.encode(), name="list.opml", known=[])
    assert (len(result.added), result.repeated, len(result.unusable)) == (3, 1, 1)
    config = load_config(before.path, {}, tmp_path)
    sources = config.sources(config.watchlist())
    assert next(one.groups for one in sources if one.outlet == "Three") == ("Twice",)
    data = export_opml(config, sources)
    other = config_in(tmp_path, "two")
    import_opml(other, data, name="again.opml", known=[])
    again = load_config(other.path, {}, tmp_path)
    assert again.source == config.source
    assert b'x:sort="3"' in data.replace(b"ns0:", b"x:").replace(b"ns1:", b"x:").replace(b"ns2:", b"x:")
    assert b'language="vi-VN"' in data and b'description="d&#10;e"' in data
    assert import_opml(again, data, name="again.opml", known=sources).added == ()


def test_a_source_without_a_name_has_words_in_other_readers_and_stays_without() -> None:
    data = write_opml([Outlined(source=Source(id="x", url="https://one.example/rss"))], title="all")
    assert b'text="one.example"' in data
    ((again,), _) = read_opml(data, name="again.opml")
    assert (again.source.outlet, again.rest) == ("", {})


def config_in(tmp_path: Path, name: str):  # type: ignore[no-untyped-def]
    path = tmp_path / f"{name}.toml"
    path.write_text(OFF, encoding="utf-8")
    return load_config(path, {}, tmp_path)


def test_what_other_readers_have_no_word_for_comes_back_through_the_configuration(tmp_path: Path) -> None:
    tables = """
[[source]]
url = "https://a.example/maps/news-{yyyy}-{mm}.xml"
kind = "sitemap"
verify_tls = false
[[source]]
url = "https://b.example/newsroom"
kind = "listing"
browser = true
only = "/news/"
[[source]]
url = "https://c.example/api"
kind = "json"
fields = { items = "data", url = "link", title = "headline" }
[[source]]
url = "https://d.example/"
kind = "spider"
spider = "mine.py:Mine"
"""
    (tmp_path / "one.toml").write_text(OFF + tables, encoding="utf-8")
    before = load_config(tmp_path / "one.toml", {}, tmp_path)
    data = export_opml(before, before.sources(before.watchlist()))
    other = config_in(tmp_path, "two")
    result = import_opml(other, data, name="again.opml", known=[])
    assert [one.why for one in result.unusable] == ["it is a spider, which is code: copy its file and its [[source]]"]
    again = load_config(other.path, {}, tmp_path)
    assert list(again.source) == list(before.source[:3])


@pytest.mark.parametrize(
    ("fields", "why"), [('{"title": "t"}', "need a url"), ("[1]", "not known"), ('{"url": "u", "x": "y"}', "may name")]
)
def test_a_mapping_that_is_none_is_left_out(tmp_path: Path, fields: str, why: str) -> None:
    shown = fields.replace('"', "&quot;")
    outline = f'<outline text="x" url="https://a.example/" xmlns:m="{_OURS[1:-1]}" m:kind="json" m:fields="{shown}"/>'
    data = f'<opml version="2.0"><body>{outline}</body></opml>'.encode()
    (unusable,) = import_opml(config_in(tmp_path, "one"), data, name="x", known=[]).unusable
    assert why in unusable.why


def test_the_pack_goes_out_and_comes_back(tmp_path: Path) -> None:
    config = config_in(tmp_path, "empty")
    pack = [source for source in serving(GROUPS, more=True) if source.kind in {Kind.FEED, Kind.SEARCH}]
    found, unusable = read_opml(export_opml(config, pack), name="pack")
    assert not unusable
    assert sorted((one.source for one in found), key=lambda source: source.id) == sorted(
        (replace(source, origin="config") for source in pack), key=lambda source: source.id
    )


BOMB = '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><opml version="2.0"><body><outline text="&b;" xmlUrl="https://x.example/"/></body></opml>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB.encode(), "document type"),
        (BOMB.encode("utf-16"), "document type"),
        (b'<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml><body/></opml>', "document type"),
        (b"", "no OPML"),
        (b"<html><body>Sign in</body></html>", "no OPML"),
        (b"<opml/>", "no OPML"),
        (b" " * (LARGEST + 1), "larger"),
        (b"<opml><body>" + b'<outline xmlUrl="https://a.example/"/>' * 20_001 + b"</body></opml>", "more than"),
    ],
)
def test_what_is_hostile_or_no_opml_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_opml(data, name="list.opml")


def test_names_and_characters_that_do_not_exist_cost_no_more_than_their_entry() -> None:
    with pytest.raises(UsageError, match="no OPML"):
        read_opml(b'<urn:media-monitor:opml"><body/></opml>', name="f.opml")
    body = '<opml><body><outline text="&#xd800;" xmlUrl="https://a.example/&#55296;"/><outline text="B" xmlUrl="https://b.example/"/></body></opml>'
    assert [one.source.outlet for one in read_opml(body.encode(), name="f.opml")[0]] == ["\ufffd", "B"]
    found, unusable = read_opml(body.encode("utf-16"), name="f.opml")
    assert [one.source.outlet for one in found] == ["B"]
    assert [one.why for one in unusable] == ["holds characters that do not exist"]


def test_an_address_of_another_name_does_not_take_the_sources_place() -> None:
    body = (
        '<opml xmlns:mm="urn:media-monitor:opml"><body>'
        '<outline text="A" xmlUrl="https://a.example/" url="https://b.example/" mm:kind="sitemap"/></body></opml>'
    )
    found, _ = read_opml(body.encode(), name="f.opml")
    again, _ = read_opml(write_opml(found, title="t"), name="f.opml")
    assert [one.source.url for one in again] == ["https://a.example/"]


def test_deep_folders_and_long_names_are_bounded() -> None:
    deep = b'<outline text="f">' * 200 + b'<outline text="%s" xmlUrl="https://a.example/"/>' % (b"n" * 5_000) + b"</outline>" * 200
    ((one,), _) = read_opml(b"<opml><body>" + deep + b"</body></opml>", name="deep")
    assert len(one.source.groups[0]) <= 100 and len(one.source.outlet) <= 300


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for head in (b"", b"<opml><body><outline text='"):
        with suppress(UsageError):
            read_opml(head + data, name="x")


def test_the_commands_tell_what_became_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "monitor.toml").write_text("# mine\n" + OFF, encoding="utf-8")
    (tmp_path / "list.opml").write_text(LIST, encoding="utf-8")
    run = CliRunner()
    dry = run.invoke(app, ["sources", "import", "list.opml", "--dry-run"])
    assert dry.exit_code == 3 and "3 would be added" in dry.output
    assert "source" not in tomllib.loads((tmp_path / "monitor.toml").read_text())
    result = run.invoke(app, ["sources", "import", "list.opml", "--label", "from reader"])
    assert result.exit_code == 3
    assert "3 added to monitor.toml, 0 known already, 1 more than once in the file, 1 left out" in result.output.replace(f"{tmp_path}/", "")
    assert (tmp_path / "monitor.toml").read_text().startswith("# mine\n")
    assert "Báo Một" in run.invoke(app, ["sources", "list", "--group", "from reader"]).output
    again = run.invoke(app, ["sources", "import", "list.opml"])
    assert "0 added" in again.output and "a source already: https://one.example/rss (one-example)" in again.output
    out = run.invoke(app, ["sources", "export", "out.opml", "--group", "Tin tức"])
    assert out.exit_code == 0 and "1 sources written" in out.output
    assert run.invoke(app, ["sources", "import", "absent.opml"]).exit_code == 1
