"""A loopback server of generated feeds, as lean as can be: `python -m benchmarks.feedserver PORT_FILE FEEDS ENTRIES`.

/feed/N.xml answers 200 with an ETag and Last-Modified, or 304 to a conditional request; /robots.txt answers 404. The bodies are
about 26 KB for 30 entries: title, link, guid, date, a summary with a little HTML, a category, as news feeds have them.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from storage.text import fold

WORDS = (
    "thành phố công nghệ doanh nghiệp chuyển đổi số sinh viên hợp tác đầu tư nghiên cứu phát triển thị trường sản phẩm dịch vụ khách hàng "
    "government market research students company growth digital report quarter results partnership announced regional technology "
    "économie recherche université entreprise numérique projet avenir région investissement marché annonce résultats"
).split()


def text(seed: int, words: int) -> str:
    """Some words, the same for the same seed."""
    picked = []
    state = seed * 2_654_435_761 % 2**32
    for _ in range(words):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        picked.append(WORDS[state % len(WORDS)])
    return " ".join(picked).capitalize()


def feed(number: int, entries: int, start: datetime) -> bytes:
    """One RSS 2.0 document."""
    items = []
    for index in range(entries):
        seed = number * 1_000 + index
        slug = fold(text(seed, 5)).replace(" ", "-")  # addresses of news are plain ASCII
        link = f"http://127.0.0.1/news/{number}/{slug}-{seed}.html"
        items.append(
            f"<item><title>{text(seed, 11)}</title><link>{link}</link><guid isPermaLink='false'>{link}</guid>"
            f"<pubDate>{format_datetime(start - timedelta(minutes=7 * index + number % 60))}</pubDate><category>news</category>"
            f"<description><![CDATA[<a href='{link}'><img src='http://127.0.0.1/i/{seed}.jpg'></a></br>{text(seed + 7, 60)}]]></description></item>"
        )
    head = f"<title>Feed {number}</title><link>http://127.0.0.1/</link><description>generated</description><ttl>30</ttl>"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


class FeedServer:
    """Feeds made beforehand, and the answers to requests for them."""

    def __init__(self, feeds: int, entries: int) -> None:
        start = datetime.now(UTC).replace(microsecond=0)
        self.modified = format_datetime(start, usegmt=True)
        self.answers: dict[str, tuple[bytes, bytes, str]] = {}
        for number in range(feeds):
            body = feed(number, entries, start)
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            head = f"ETag: {tag}\r\nLast-Modified: {self.modified}\r\nContent-Type: application/rss+xml; charset=utf-8\r\n"
            full = f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            unchanged = f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode()
            self.answers[f"/feed/{number}.xml"] = (full, unchanged, tag)

    def look(self, path: str, head: str) -> bytes | None:
        """Return the answer to a request with this head, None where there is no such feed."""
        if path not in self.answers:
            return None
        full, unchanged, tag = self.answers[path]
        return unchanged if tag in head else full


async def listening(look: Callable[[str, str], bytes | None]) -> tuple[asyncio.Server, int]:
    """Open a port on loopback; return its server and the port.

    Args:
        look: from a request's path and whole head to the answer, None for 404.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(look(head.split(" ", 2)[1], head) or b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**20)
    return server, server.sockets[0].getsockname()[1]


async def main() -> None:
    """Serve until killed; the port is written to a file once it is open."""
    port_file, feeds, entries = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    server, port = await listening(FeedServer(feeds, entries).look)
    port_file.write_text(str(port))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
