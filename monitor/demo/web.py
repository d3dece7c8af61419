"""The demo's web: reads `web.toml`, writes feeds and pages, answers as a forward proxy on loopback.

The outlets have names under `.example`, which no resolver knows: the crawl is sent through this server by `http_proxy`, so the
whole line runs as it does in earnest: robots.txt, conditional requests, feeds, pages, a host that does not answer.
"""

from __future__ import annotations

import hashlib
import json
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from storage.items import Ownership, Source


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """A made-up outlet and where its feed stands."""

    host: str
    name: str
    language: str
    country: str
    timezone: str
    feed: str
    format: str
    ownership: str = "earned"
    dead: bool = False

    @property
    def feed_url(self) -> str:
        """The absolute address of the feed."""
        return f"http://{self.host}{self.feed}"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One made-up article, dated."""

    id: str
    outlet: Outlet
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    when: datetime
    gone: bool = False

    @property
    def url(self) -> str:
        """The absolute address of the page."""
        return f"http://{self.outlet.host}/news/{self.id}.html"


@dataclass(frozen=True)
class Answer:
    """One response of this web."""

    status: int
    content_type: str
    body: bytes


class DemoWeb:
    """All addresses of the made-up web, as they stand at `now`."""

    def __init__(self, now: datetime) -> None:
        data = tomllib.loads(resources.files(__package__).joinpath("web.toml").read_text("utf-8"))
        self.outlets = {row["host"]: Outlet(**row) for row in data["outlet"]}
        rows = {row["id"]: row for row in data["article"]}
        self.pieces = [self._piece(row, rows, now) for row in rows.values()]
        self.answers = dict(self._answers())

    def sources(self) -> list[Source]:
        """The feeds of all outlets, the dead one among them."""
        return [
            Source(
                id=outlet.host.removesuffix(".example"),
                url=outlet.feed_url,
                outlet=outlet.name,
                language=outlet.language,
                country=outlet.country,
                timezone=outlet.timezone,
                ownership=Ownership(outlet.ownership),
                groups=("demo",),
                origin="demo",
            )
            for outlet in self.outlets.values()
        ]

    def _piece(self, row: dict[str, str], rows: dict[str, dict[str, str]], now: datetime) -> Piece:
        text = rows[row.get("copy_of", row["id"])]
        paragraphs = tuple(line.strip() for line in text.get("text", "").splitlines() if line.strip())
        if paragraphs and (dateline := row.get("dateline")):
            paragraphs = (dateline + paragraphs[0], *paragraphs[1:])
        summary = row.get("summary") or text.get("summary") or (paragraphs[0] if paragraphs else "")
        return Piece(
            id=row["id"],
            outlet=self.outlets[row["outlet"]],
            title=row.get("title") or text["title"],
            summary=summary,
            paragraphs=paragraphs,
            when=now - timedelta(hours=float(row["hours"])),
            gone=row.get("page") == "gone",
        )

    def _answers(self) -> Iterator[tuple[str, Answer]]:
        for outlet in self.outlets.values():
            if outlet.dead:
                continue
            yield f"http://{outlet.host}/robots.txt", Answer(200, "text/plain", b"User-agent: *\nDisallow: /private/\n")
            own = sorted((piece for piece in self.pieces if piece.outlet is outlet), key=lambda piece: piece.when, reverse=True)
            write = {"rss": _rss, "atom": _atom, "json": _json_feed}[outlet.format]
            yield outlet.feed_url, write(outlet, own)
            for piece in own:
                yield piece.url, Answer(410, "text/plain", b"gone\n") if piece.gone else self._page(piece)

    def _page(self, piece: Piece) -> Answer:
        """A page with the furniture that real ones have: names in it are not mentions."""
        related = [other for other in self.pieces if other.outlet is not piece.outlet][:3]
        links = "".join(f'<li><a href="{other.url}">{escape(other.title)}</a></li>' for other in related)
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in piece.paragraphs)
        heading = {"vi": "Tin liên quan", "fr": "À lire aussi"}.get(piece.outlet.language, "Related")
        title, name = escape(piece.title), escape(piece.outlet.name)
        page = (
            f'<!doctype html><html lang="{piece.outlet.language}"><head><meta charset="utf-8"><title>{title} - {name}</title>'
            f'<link rel="canonical" href="{piece.url}"><meta property="og:site_name" content="{name}">'
            f'<meta property="article:published_time" content="{piece.when.isoformat()}"></head><body>'
            f'<nav><a href="/">{name}</a> <a href="/tech">Tech</a> <a href="/fpt">FPT</a></nav>'
            f"<main><article><h1>{title}</h1>{body}</article></main>"
            f'<aside class="related"><h2>{heading}</h2><ul>{links}</ul></aside>'
            f"<footer>{name}. Advertisement: FPT Shop</footer></body></html>"
        )
        return Answer(200, "text/html; charset=utf-8", page.encode())


def _rss(outlet: Outlet, pieces: list[Piece]) -> Answer:
    zone = ZoneInfo(outlet.timezone)
    items = "".join(
        f"<item><title>{escape(piece.title)}</title><link>{piece.url}</link><guid>{piece.url}</guid>"
        f"<pubDate>{format_datetime(piece.when.astimezone(zone))}</pubDate>"
        f"<description><![CDATA[<p>{escape(piece.summary)}</p>]]></description></item>"
        for piece in pieces
    )
    head = f"<title>{escape(outlet.name)}</title><link>http://{outlet.host}/</link><description>demo</description><ttl>15</ttl>"
    text = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'
    return Answer(200, "application/rss+xml; charset=utf-8", text.encode())


def _atom(outlet: Outlet, pieces: list[Piece]) -> Answer:
    entries = "".join(
        f'<entry><id>{piece.url}</id><title>{escape(piece.title)}</title><link href="{piece.url}"/>'
        f"<published>{piece.when.isoformat()}</published><updated>{piece.when.isoformat()}</updated>"
        f"<summary>{escape(piece.summary)}</summary></entry>"
        for piece in pieces
    )
    newest = max(piece.when for piece in pieces).isoformat()
    head = f"<id>http://{outlet.host}/</id><title>{escape(outlet.name)}</title><updated>{newest}</updated>"
    text = f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'
    return Answer(200, "application/atom+xml; charset=utf-8", text.encode())


def _json_feed(outlet: Outlet, pieces: list[Piece]) -> Answer:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"http://{outlet.host}/",
        "items": [
            {
                "id": piece.url,
                "url": piece.url,
                "title": piece.title,
                "summary": piece.summary,
                "date_published": piece.when.isoformat(),
            }
            for piece in pieces
        ],
    }
    return Answer(200, "application/feed+json", json.dumps(feed, ensure_ascii=False).encode())


@contextmanager
def serve(web: DemoWeb, seen: list[tuple[str, dict[str, str]]] | None = None) -> Iterator[str]:
    """Answer for `web` on a free port of loopback; yields the address to set as `http_proxy`.

    Args:
        seen: each request's address and headers are added to it.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if seen is not None:
                seen.append((self.path, dict(self.headers.items())))
            answer = web.answers.get(self.path) or self._missing()
            tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
            unchanged = answer.status == 200 and self.headers.get("If-None-Match") == tag
            self.send_response(304 if unchanged else answer.status)
            self.send_header("ETag", tag)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", "0" if unchanged else str(len(answer.body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(answer.body)

        def _missing(self) -> Answer:
            outlet = web.outlets.get(urlsplit(self.path).netloc)
            if outlet is None or outlet.dead:
                return Answer(502, "text/plain", b"no such host\n")
            return Answer(404, "text/plain", b"no such page\n")

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet: the crawl tells what it asked for."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="demo-web", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
