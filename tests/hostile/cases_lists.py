"""Pages that list articles: traps that lead on without end, lists that are huge, deep, false or broken, links into the network."""

from __future__ import annotations

import gzip
import json

from tests.hostile.case import Case, named, page
from tests.hostile.cases_documents import LONG
from tests.spiders.site import Reply, drips, redirect

_BROKEN = ("listing-broken", "not-a-listing")
_CROWD = ("read", "unreadable", "too-large", "timeout", *_BROKEN)


def cases() -> list[Case]:
    """All of this file."""
    return [*_lists(), *_mapped()]


def card(host: str, number: int | str, title: str, *, link: str = "", date: str = "23/11/2026 07:05") -> str:
    """An article as a list shows it."""
    address = link or f"/tin-tuc/fpt-software-bai-viet-so-{number}-48000{number}.html"
    return (
        f'<div class="item-news"><h3 class="title-news"><a href="{address}">{title}</a></h3><span class="time">{date}</span>'
        f'<p class="description">{host}</p></div>'
    )


def listing(host: str, titles: list[str], *, more: str = "", head: str = "") -> str:
    """A page that lists articles."""
    cards = "".join(card(host, number, title) for number, title in enumerate(titles, 1))
    return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>Tin</title>{head}</head><body><main>{cards}</main>{more}</body></html>"


def articles(titles: list[str]) -> dict[str, str]:
    """The pages of a list's articles."""
    return {f"/tin-tuc/fpt-software-bai-viet-so-{n}-48000{n}.html": page(title, LONG) for n, title in enumerate(titles, 1)}


def _case(name: str, number: int = 4, *, more: str = "", head: str = "", expect: tuple[str, ...] = ("read",), arrives: bool = True) -> Case:
    titles = [named(f"danh sách {name} bài thứ {at}") for at in range(1, number + 1)]
    return Case(
        name=name, kind="listing", expect=expect, arrives=tuple(titles) if arrives else (), never=("PATH=",),
        pages={"/feed": listing(name, titles, more=more, head=head), **articles(titles)},
    )  # fmt: skip


def _lists() -> list[Case]:
    inside = (
        "http://127.0.0.1/secret",
        "http://[::1]/secret",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//inside.example/secret",
    )
    links = "".join(card("x", number, named(f"lối vào trong số {number}"), link=link) for number, link in enumerate(inside))
    calendar = "".join(f"<a href='/lich/2026/{month}/{day}'>{day}</a>" for month in range(1, 13) for day in range(1, 29))
    return [
        _case("list-honest"),
        _case("list-calendar", more=f"<nav>{calendar}<a rel='next' href='/feed?year=2027'>Trang sau</a></nav>"),
        _case("list-next-inside", head="<link rel='next' href='http://127.0.0.1/secret'>", more="<a rel='next' href='http://inside.example/secret'>Next</a>"),
        _case("list-base-inside", more="<a href='http://tracker.example/'>x</a>", head="<link rel='canonical' href='http://127.0.0.1/'>"),
        Case(name="list-links-inside", kind="listing", feed=f"<html><body><main>{links}</main></body></html>", expect=("read", *_BROKEN)),
        Case(name="list-many", kind="listing", feed="<html><body>" + "".join(card("x", n, "Một tin tức dài vừa đủ cho một tít") for n in range(25_000)) + "</body></html>", expect=_CROWD, config={"pages": False}),
        Case(name="list-anchors", kind="listing", feed="<html><body>" + "<a href='/a-b-c-d-e-12345.html'>x" * 200_000, expect=_CROWD),
        Case(name="list-boxes", kind="listing", feed="<html><body>" + "<div class='date title'><h3><a href='/x-y-z-w-1234.html'>một hai ba bốn năm</a>" * 20_000, expect=_CROWD),
        Case(name="list-deep", kind="listing", feed="<html><body>" + "<div>" * 150_000 + card("x", 1, "tin"), expect=_CROWD),
        Case(name="list-classes", kind="listing", feed=f"<html><body class='{'a ' * 2_000_000}'>" + card("x", 1, "tin"), expect=_CROWD),
        Case(name="list-dates", kind="listing", feed="<html><body>" + "".join(card("x", n, f"Một tin tức dài vừa đủ số {n}", date="1 " * 20_000) for n in range(40)), expect=_CROWD, config={"pages": False}),
        Case(name="list-titles", kind="listing", feed="<html><body>" + "".join(card("x", n, "dài " * 100_000) for n in range(8)), expect=_CROWD, config={"pages": False}),
        Case(name="list-bomb", kind="listing", feed=Reply(gzip.compress(b"<a href=/x>" * 6_000_000), headers={"Content-Encoding": "gzip"}), expect=("too-large",)),
        Case(name="list-endless", kind="listing", feed=Reply(raw=drips(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<a href='/a-b-c-d'>x</a>" * 4_000, 0)), expect=("too-large", "timeout")),
        Case(name="list-drips", kind="listing", feed=Reply(raw=drips(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", b"<", 0.05)), expect=("timeout",)),
        Case(name="list-inside", kind="listing", feed=redirect("http://127.0.0.1/secret"), expect=("private-address",)),
        Case(name="list-empty", kind="listing", feed="<html><body></body></html>", expect=_BROKEN),
        Case(name="list-scripted", kind="listing", feed="<html><body><div id='__next'></div><script>x</script></body></html>", expect=_BROKEN),
        Case(name="list-bytes", kind="listing", feed=Reply(bytes(range(256)) * 4_000, headers={"Content-Type": "text/html; charset=utf-16"}), expect=_CROWD),
        Case(name="list-soft-404", kind="listing", feed="<html><head><title>404</title></head><body><h1>Không tìm thấy trang</h1><a href='/'>Trang chủ</a></body></html>", expect=_BROKEN),
        Case(name="list-login", kind="listing", feed="<html><body><form action='http://tracker.example/'><input name='pw' type='password'></form></body></html>", expect=("login", *_BROKEN)),
    ]  # fmt: skip


def _mapped() -> list[Case]:
    fields = {"fields": {"items": "data", "url": "u", "title": "t", "date": "d"}}
    good = {"data": [{"u": "http://json-honest.example/1", "t": named("từ giao diện"), "d": 1795392000}]}
    odd = [
        {"u": ["http://127.0.0.1/secret"], "t": {"rendered": named("lạ một")}, "d": 10**300},
        {"u": "http://json-odd.example/2", "t": named("lạ hai"), "d": "9999-99-99"},
    ]
    return [
        Case(name="json-honest", kind="json", feed=json.dumps(good), config=fields, arrives=(named("từ giao diện"),)),
        Case(name="json-odd", kind="json", feed=json.dumps({"data": odd}), config=fields, arrives=(named("lạ hai"),)),
        Case(name="json-nested", kind="json", feed='{"data":' + "[" * 300_000, config=fields, expect=("not-a-feed", "unreadable")),
        Case(name="json-many", kind="json", feed=json.dumps({"data": [{"u": f"http://json-many.example/{n}", "t": "tin"} for n in range(100_000)]}), config=fields | {"pages": False}, expect=("read", "unreadable", "timeout", "too-large")),
        Case(name="json-other", kind="json", feed="<html>", config=fields, expect=("not-a-feed", "unreadable")),
    ]  # fmt: skip
