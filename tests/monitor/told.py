"""Made-up stories, watches and digests that tests of the digest's shapes tell; a stranger's words; a reader of HTML."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from monitor.digest.build import build
from monitor.digest.record import Digest, Line
from monitor.digest.render_atom import render_atom
from monitor.shapes import render
from storage.condition import Ail, Ailment, Coverage, Gap
from storage.items import Article, Mention, Ownership, StoredArticle, Story

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 07:30 in Hanoi
SINCE = NOW - timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"


def mention(topic: str = "FPT", alias: str = "FPT Software", **changes: Any) -> Mention:
    snippet = changes.pop("snippet", f"The deal makes {alias} the largest supplier of the port.")
    at = max(snippet.find(alias), 0)
    values: dict[str, Any] = {"field": "text", "start": at, "end": at + len(alias), "snippet": snippet, "snippet_start": at, "score": 0.93}
    return Mention(topic=topic, alias=alias, **(values | changes))


def stored(number: int, *mentions: Mention, seen: datetime = NOW - timedelta(hours=2), **changes: Any) -> StoredArticle:
    outer = {key: changes.pop(key) for key in ("copy_id", "story_id", "updated_at", "baseline") if key in changes}
    values: dict[str, Any] = {
        "url": f"https://outlet{number}.example/news/{number}",
        "title": f"Headline number {number}",
        "outlet": f"Outlet {number}",
        "language": "en",
        "published": seen - timedelta(minutes=30),
    }
    article = Article(**(values | changes))
    rest: dict[str, Any] = {"story_id": number, "copy_id": number} | outer
    return StoredArticle(id=number, article=article, first_seen=seen, mentions=mentions, **rest)


def story(number: int, *articles: StoredArticle) -> Story:
    return Story(id=number, articles=articles or (stored(number, mention()),))


def first(one: Story) -> StoredArticle:
    return one.articles[0]


def coverage(**changes: Any) -> Coverage:
    values: dict[str, Any] = {
        "since": SINCE, "until": NOW, "due": 42, "read": 42, "entries": 1204, "kept": 7, "suppressed": 2,
        "last_crawl": NOW - timedelta(minutes=5),
        "outlets": {"bao": "Báo Ví Dụ", "tin": "Tin Sáng", "le": "Le Quotidien"},
    }  # fmt: skip
    return Coverage(**(values | changes))


def failing(source_id: str = "bao", **changes: Any) -> Ailment:
    since = NOW - timedelta(days=2)
    values: dict[str, Any] = {"kind": Ail.FAILING, "word": "http-503", "since": since, "began": since}
    return Ailment(source_id=source_id, **(values | changes))


def silent(source_id: str, since: datetime | None = None) -> Ailment:
    return Ailment(source_id=source_id, kind=Ail.SILENT, word="silent", since=since, began=NOW)


GAP = Gap(source_id="tin", at=NOW, since=NOW - timedelta(hours=5), until=NOW - timedelta(hours=3))


def digest(*stories: Story, **changes: Any) -> Digest:
    values: dict[str, Any] = {
        "coverage": coverage(), "topics": ["FPT", "Mila", "FUNiX"], "name": "daily", "day": DAY, "edition": 1, "now": NOW,
        "since": SINCE, "until": NOW, "timezone": "Asia/Ho_Chi_Minh", "language": "en", "lead": first,
    }  # fmt: skip
    return build(stories, **(values | changes))


def only(made: Digest) -> Line:
    (line,) = made.lines
    return line


def flat(text: str) -> str:
    return " ".join(text.split())


def day_of_news(**changes: Any) -> Digest:
    return digest(
        story(12, stored(1, mention()), stored(2, mention(), language="vi"), stored(3, mention())),
        story(7, stored(4, mention("Mila", "Mila", unit="Mila › Chair"))),
        story(99, stored(5, mention(passing=True))),
        **changes,
    )


def words_in(made: Digest, shape: str) -> str:
    """What a reader sees, without markup, on one line."""
    shown = render(made, shape, width=100)
    if shape == "html":
        shown = "".join(Page(shown).text)
    if shape == "markdown":
        shown = re.sub(r"\\([^\w\s])", r"\1", shown)
    return flat(shown)


HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">"\'{{ 7*7 }}{% raw %}]](javascript:alert(3)) **b** `c` <http://evil.example> '
    "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\x08\u202egnp.exe\u2066\ud800\ufffe\ufdd0\u2028\r\n# Not a heading\n- not a list & ![i](http://evil.example/x.png) ]]> -->"
)


def hostile(url: str = 'https://evil.example/a"><script>alert(4)</script>?x=(1)&y=<b>\x1b[0m `|\\') -> Digest:
    at = HOSTILE.find("onerror")
    said = mention(HOSTILE, "onerror", snippet=HOSTILE, snippet_start=at, unit=HOSTILE)
    articles = [
        stored(number, said, title=HOSTILE, url=url, outlet=f"{number} {HOSTILE}", language=f'en"><b>{HOSTILE}', copy_id=1, ownership=kind)
        for number, kind in enumerate((Ownership.EARNED, Ownership.EARNED, Ownership.RELEASE), 1)
    ]
    bad = failing(HOSTILE, word=HOSTILE, detail=HOSTILE)
    return digest(
        story(1, *articles), coverage=coverage(ailing=(bad,), never=(HOSTILE,), read=41, outlets={HOSTILE: HOSTILE}), name=HOSTILE
    )


class Page(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def links(self) -> list[str]:
        return [attributes.get("href") or "" for tag, attributes in self.tags if tag == "a"]


def entries(made: Digest) -> list[ElementTree.Element]:
    return ElementTree.fromstring(render_atom(made)).findall(f"{ATOM}entry")
