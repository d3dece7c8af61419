"""No shape of a digest lets a stranger's words do anything."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any
from xml.etree import ElementTree

import pytest

from monitor.digest.render_atom import render_atom
from monitor.digest.render_html import render_html
from monitor.digest.render_json import render_json
from monitor.digest.render_markdown import render_markdown
from monitor.digest.render_terminal import render_terminal
from monitor.digest.safe import plain, safe_url
from monitor.shapes import SHAPES, render
from tests.monitor.told import (
    ATOM,
    HOSTILE,
    Page,
    coverage,
    day_of_news,
    digest,
    entries,
    failing,
    hostile,
    mention,
    stored,
    story,
)

BAD_URLS = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", " \x01javascript:alert(1)", "data:text/html,<script>", "vbscript:x",
    "file:///etc/passwd", "//evil.example/x", "/local", "http://", "https://[bad", "http://[::1][::1]", "http://a.example:x/", "", "mailto:a@b.example", "\u200bjavascript:alert(1)",
]  # fmt: skip


def assert_no_controls(text: str) -> None:
    bad = {character for character in text if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn"}}
    assert not bad


@pytest.mark.parametrize("shape", SHAPES)
def test_hostile_characters_reach_no_shape(shape: str) -> None:
    shown = render(hostile(), shape)
    shown.encode("utf-8")
    assert_no_controls(shown)


def test_hostile_words_cannot_break_a_coloured_terminal() -> None:
    shown = render_terminal(hostile(), width=60, color=True)
    assert_no_controls(re.sub(r"\x1b\[(0|1|2|36|33|1;35)m", "", shown))


def test_hostile_words_make_no_line_of_their_own() -> None:
    lines = render_terminal(hostile(), width=100_000).splitlines()
    assert plain(HOSTILE).strip() in lines
    assert not [line for line in lines if line.lstrip().startswith(("# Not", "- not a list"))]


ALLOWED_TAGS = set("html head meta title style body div table tbody tr td h1 h2 h3 p a span strong ul li br svg path".split())


def test_hostile_words_are_text_in_html() -> None:
    page = Page(render_html(hostile()))
    assert {tag for tag, _ in page.tags} <= ALLOWED_TAGS
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name in {"src", "srcset", "action"}]
    assert page.links() and all(link.startswith("https://evil.example/a%22%3E%3Cscript%3E") for link in page.links())
    assert "<script>alert(1)</script>" in "".join(page.text)
    assert "{{ 7*7 }}" in "".join(page.text)
    assert not any("lang" in attributes and '"' in str(attributes["lang"]) for _, attributes in page.tags)


def test_html_loads_nothing_and_keeps_its_dark_side() -> None:
    page = render_html(day_of_news())
    assert not re.search(r"<(script|img|link|iframe|form)|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert page.startswith("<!DOCTYPE html>")
    page = render_html(day_of_news(coverage=coverage(ailing=(failing(),))))
    styled = [attributes for tag, attributes in Page(page).tags if tag in {"h1", "h2", "h3", "h4", "a", "p", "ul", "td"}]
    assert styled and all(attributes.get("style") for attributes in styled if attributes.keys() - {"align"})
    assert "built-in" not in page


@pytest.mark.parametrize("url", BAD_URLS)
def test_only_web_addresses_become_links(url: str) -> None:
    assert safe_url(url) == ""
    made = hostile(url)
    assert Page(render_html(made)).links() == []
    assert not [link.get("href") for link in ElementTree.fromstring(render_atom(made)).iter(f"{ATOM}link")]
    assert "<a " not in "".join(entry.findtext(f"{ATOM}content", "") for entry in entries(made))
    assert markdown_links(render_markdown(made)) == []
    assert json.loads(render_json(made))["sections"][0]["stories"][0]["url"] is None


@pytest.mark.parametrize("url", ["https://a.example/x?y=1&z=ü%20(1)'#f", "http://a.example", "https://a.example/đường-dẫn"])
def test_a_web_address_stays_as_it_is(url: str) -> None:
    assert safe_url(url) == url
    assert safe_url(f" {url}\n") == url
    assert Page(render_html(digest(story(1, stored(1, mention(), url=url))))).links() == [url]


def markdown_tokens(text: str) -> list[Any]:
    markdown_it = pytest.importorskip("markdown_it")
    tokens = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").parse(text)
    return [one for token in tokens for one in (token, *(token.children or ()))]


def markdown_links(text: str) -> list[str]:
    return [token.attrs["href"] for token in markdown_tokens(text) if token.type == "link_open"]


def test_hostile_words_are_text_in_markdown() -> None:
    shown = render_markdown(hostile())
    tokens = markdown_tokens(shown)
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "image", "fence", "code_block", "table_open", "s_open", "ordered_list_open"}
    assert {token.content for token in tokens if token.type == "code_inline"} == {"s1"}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h3"]
    links = markdown_links(shown)
    assert len(links) == 3 and all(link.startswith("https://evil.example/a%22%3E%3Cscript%3E") for link in links)
    texts = "".join(token.content for token in tokens if token.type in {"text", "text_special"})
    assert "<script>alert(1)</script>" in texts and "**b** `c`" in texts


@pytest.mark.parametrize(
    "start", ["- a", "+ a", "1. a", "2) a", "# a", "> a", "=== a", "--- a", "    code", "```a", "~~~ a", "| a | b |", "<div>", "* a"]
)
def test_a_snippet_begins_no_block_in_markdown(start: str) -> None:
    tokens = markdown_tokens(render_markdown(digest(story(1, stored(1, mention(alias="FPT", snippet=f"{start} and FPT"), title=start)))))
    kinds = [token.type for token in tokens]
    assert kinds.count("bullet_list_open") == 0 and kinds.count("ordered_list_open") == 0
    assert not {"html_block", "fence", "code_block", "html_inline"} & set(kinds)
    assert kinds.count("heading_open") == 3 and kinds.count("blockquote_open") == 1 and kinds.count("hr") == 1


def test_hostile_words_are_text_in_atom() -> None:
    root = ElementTree.fromstring(render_atom(hostile()))
    assert {element.tag.removeprefix(ATOM) for element in root.iter()} <= set(
        "feed id title subtitle updated author name entry published link category content".split()
    )
    content = Page(root.findtext(f"{ATOM}entry/{ATOM}content", ""))
    assert {tag for tag, _ in content.tags} <= {"p", "strong", "a", "small"}
    assert re.fullmatch(r"tag:[\w.-]+,\d{4}:[\w.~%-]+", root.findtext(f"{ATOM}id", ""))


def test_hostile_words_are_strings_in_json() -> None:
    shown = render_json(hostile())
    assert "</script" not in shown
    assert json.loads(shown)["sections"][0]["stories"][0]["headline"].startswith("<script>alert(1)</script>")


def test_plain_keeps_words_of_all_scripts() -> None:
    said = "Đặng Thị Hoàng – « FPT » 日本語 العربية नमस्ते 👍🏽 ﬁ ½"
    assert plain(said) == said
    assert plain(" a\u200b\u00ad\tb\u2029 c\n") == " a b c "
