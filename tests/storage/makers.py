"""Small records for the tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storage.articles import NewArticle
from storage.identity import outlet_host, url_key
from storage.items import Article, Mention, Source, Suppression
from storage.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def source(name: str = "bao", **fields: Any) -> Source:
    """A feed."""
    return Source(**({"id": name, "url": f"https://{name}.example/rss", "outlet": name.title()} | fields))


def article(number: int = 1, **fields: Any) -> Article:
    """An article that mentions FPT."""
    url = fields.pop("url", f"https://bao.example/tin-{number}.html")
    values: dict[str, Any] = {
        "url": url,
        "title": f"FPT mở trung tâm thứ {number}",
        "text": f"Sáng nay FPT mở trung tâm thứ {number} ở Đà Nẵng.",
        "summary": "Tóm tắt.",
        "published": NOW - HOUR,
        "authors": ("An Bình",),
        "outlet": "Báo Ví Dụ",
        "outlet_host": outlet_host(url),
        "language": "vi",
        "country": "VN",
    }
    return Article(**(values | fields))


def mention(topic: str = "FPT", **fields: Any) -> Mention:
    """A mention in the headline."""
    values: dict[str, Any] = {
        "topic": topic, "alias": topic, "field": "title", "start": 0, "end": len(topic), "snippet": f"{topic} mở trung tâm", "snippet_start": 0,
        "score": 0.75, "parts": (("name", 0.5), ("headline", 0.25)),
    }  # fmt: skip
    return Mention(**(values | fields))


def suppression(topic: str = "FPT", **fields: Any) -> Suppression:
    """A hit that was not told."""
    values: dict[str, Any] = {
        "topic": topic, "alias": topic, "field": "text", "start": 9, "end": 12, "snippet": "súng FPT", "rule": "rival: weapon", "score": 0.1,
        "parts": (("rival", -0.5),),
    }  # fmt: skip
    return Suppression(**(values | fields))


def new(number: int = 1, **fields: Any) -> NewArticle:
    """An article ready to be added; fields of `NewArticle` are taken, all others are the article's."""
    own = {name: fields.pop(name) for name in NewArticle.__dataclass_fields__ if name in fields}
    made = own.pop("article", None) or article(number, **fields)
    values: dict[str, Any] = {"article": made, "url_keys": (url_key(made.url),), "first_seen": NOW, "mentions": (mention(),)}
    return NewArticle(**(values | own))


def add(store: Store, number: int = 1, **fields: Any) -> int:
    """Store one article in a transaction of its own; returns its id."""
    with store.transaction() as transaction:
        return transaction.articles.add(new(number, **fields))
