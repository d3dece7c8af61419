"""Article pages fetched, extracted and stored per second, beside trafilatura alone on the same pages: `python -m benchmarks throughput`.

`RECORDED_WEB=DIR` names a recorded web as its build writes it (index.jsonl); else pages are made up, `THROUGHPUT_PAGES=4000` at most.
`THROUGHPUT_REPEATS=3` times each contender in turn, of which the median by CPU is shown. Three mixes:

- as served: of a recorded web each page's adverts and footers hold a watched name, so that each has to be extracted, and few are stored;
- furniture without names: what the filter over bytes can leave out is left out, and the share that names a topic is the recording's;
- all name a topic: each page names FPT Software before its text, so each is extracted, matched, placed and stored.

`monitor crawl` is the whole process with its start, its workers and the end of the crawl; the server's time is not counted. trafilatura
reads the same bytes from memory in two processes, once its text alone, once with its metadata (date, author, ...), which we read, too.
What counts is pages per second of CPU, start-up included: on a machine that others use, too, it is what travels. By the clock, two cores that
are kept busy read twice as many; where all is stored one process, which places each among the others, is the narrow place.

The pages as they are served are held to 0.9 of trafilatura with metadata, else the exit code is 1. The other two are the ends of the scale and
are shown only: pages of hardly anything, where asking for them costs as much as reading them, and a web that writes of nothing but a topic.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.feedserver import listening, text
from benchmarks.given import ROOT, environment, folders
from benchmarks.measure import serving
from monitor.packs import GROUPS, SEARCHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FLOOR = 0.9
SERVED = "as served"
FEEDS = 48
MOST = int(os.environ.get("THROUGHPUT_PAGES", "4000"))
REPEATS = int(os.environ.get("THROUGHPUT_REPEATS", "3"))
_FURNITURE = re.compile(r"<script>.*?</script>|<aside.*?</aside>|<footer.*?</footer>|<nav.*?</nav>", re.S)

ALONE = """
import json, sys
from concurrent.futures import ProcessPoolExecutor
import trafilatura

def read(page):
    if sys.argv[2] == "text":
        return trafilatura.extract(page) is not None
    return trafilatura.bare_extraction(page, with_metadata=True) is not None

if __name__ == "__main__":
    pages = [line.encode() for line in json.load(open(sys.argv[1], encoding="utf-8"))]
    with ProcessPoolExecutor(2) as pool:
        assert sum(pool.map(read, pages, chunksize=20)) > 0.9 * len(pages)
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a command and all that it started came to."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """Print a table a mix; ends the process with 1 where the pages as they are served miss the floor."""
    become_reaper()
    ratios = {name: compare(name, pages) for name, pages in mixes().items()}
    if ratios[SERVED] < FLOOR:
        sys.exit(1)


def compare(name: str, pages: Sequence[str]) -> float:
    """Measure one mix, print its table, return the ratio to trafilatura with metadata: an article without headline and date is none."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), pages) as address:
        (Path(folder) / "alone.py").write_text(ALONE, encoding="utf-8")
        (Path(folder) / "monitor.toml").write_text(configuration(address), encoding="utf-8")
        runs: dict[str, list[Cost]] = {}
        for turn in range(REPEATS):  # in turn, so that a machine that slows down slows all of them
            for contender in ("text", "metadata"):
                runs.setdefault(contender, []).append(cost([sys.executable, f"{folder}/alone.py", f"{folder}/pages.json", contender]))
            database = f"sqlite:///{folder}/monitor{turn}.db"
            command = [sys.executable, "-m", "monitor", "--config", f"{folder}/monitor.toml", "--database", database, "crawl", "--json"]
            runs.setdefault("monitor", []).append(cost(command, out=Path(folder) / "report.json"))
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    assert report["pages"] == len(pages), report
    kept = report["articles"]["stored"] + report["articles"]["joined"]
    size = sum(len(page.encode()) for page in pages) / len(pages)
    print(f"{name}: {len(pages)} pages of {size / 1024:.1f} KB, {kept} of them stored")
    print(f"{'':34}{'cpu s':>8}{'wall s':>8}{'pages / cpu s':>15}{'wall, pages/s':>15}")
    rates, clock = {}, {}
    for contender, title in (
        ("text", "trafilatura alone, the text"),
        ("metadata", "trafilatura alone, with metadata"),
        ("monitor", "monitor crawl"),
    ):
        one = sorted(runs[contender], key=lambda run: run.cpu_s)[REPEATS // 2]
        rates[contender], clock[contender] = len(pages) / one.cpu_s, len(pages) / one.wall_s
        print(f"{title:34}{one.cpu_s:8.2f}{one.wall_s:8.2f}{rates[contender]:15.0f}{clock[contender]:15.0f}")
    for said, rate in (("per second of CPU", rates), ("by the clock", clock)):
        print(
            f"ratio {said}: to its text {rate['monitor'] / rate['text']:.2f}, with metadata {rate['monitor'] / rate['metadata']:.2f}",
            flush=True,
        )
    return rates["monitor"] / rates["metadata"]


# ------------------------------------------------------------------ pages


def mixes() -> dict[str, list[str]]:
    """The pages of each mix, as HTML."""
    pages = recorded(folders("RECORDED_WEB", holding="index.jsonl")[0]) if os.environ.get("RECORDED_WEB") else made_up(MOST)
    bare = [_FURNITURE.sub("", page) for page in pages]
    named = [page.replace("<p>", "<p>(FPT Software) ", 1) for page in pages]
    return {SERVED: pages, "furniture without names": bare, "all name a topic": named}


def recorded(folder: Path) -> list[str]:
    """The article pages of a recorded web."""
    pages = []
    with (folder / "index.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            answer = json.loads(line)
            if "</h1>" in answer.get("text", ""):
                pages.append(answer["text"])
    return pages[:MOST]


def made_up(number: int) -> list[str]:
    """Pages as large as many real ones, one in fourteen of which names FPT in its text; their furniture names it everywhere."""
    links = "".join(f'<li class="item"><a href="/x/{one}.html" title="{text(one, 8)}">{text(one, 8)}</a></li>' for one in range(120))
    script = "".join(f"window.part{one}={{id:{one},words:'{text(one, 6)}'}};" for one in range(60))
    pages = []
    for one in range(number):
        words = [text(one * 50 + part, 45) + "." for part in range(12)]
        if one % 14 == 0:
            words[5] = "Tập đoàn FPT cho biết sẽ mở thêm một trung tâm. " + words[5]
        head = f'<title>{text(one, 11)}</title><meta property="og:type" content="article"><meta property="article:published_time" content="2026-11-20T08:00:00+07:00">'
        pages.append(
            f'<!doctype html><html lang="vi"><head><meta charset="utf-8">{head}<script>{script}</script></head><body><nav><ul>{links}</ul></nav>'
            f'<main><article class="detail-content"><h1>{text(one, 11)}</h1>{"".join(f"<p>{escape(part)}</p>" for part in words)}</article></main>'
            f'<aside class="related"><ul>{links}</ul></aside><footer>Quảng cáo: FPT Shop</footer></body></html>'
        )
    return pages


# ------------------------------------------------------------------ server


@contextmanager
def server(folder: Path, pages: Sequence[str]) -> Iterator[str]:
    """Serve feeds and pages from a child process; yields its address."""
    (folder / "pages.json").write_text(json.dumps(pages), encoding="utf-8")
    port_file = folder / "port"
    with serving("benchmarks.throughput", port_file, str(folder / "pages.json")) as address:
        yield address


async def serve(port_file: Path, pages_file: Path) -> None:
    """Answer /feed/N.xml and /a/N.html until killed."""
    pages = [page.encode() for page in json.loads(pages_file.read_text(encoding="utf-8"))]
    now = datetime.now(UTC)
    titles = [escape(re.sub(r"<[^>]+>", "", page.decode().partition("<h1")[2].partition(">")[2].partition("</h1>")[0])) for page in pages]
    answers: dict[str, bytes] = {}

    def answer(kind: str, body: bytes) -> bytes:
        return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def look(path: str, head: str) -> bytes | None:
        if path.startswith("/a/"):
            return answer("text/html", pages[int(path[3:-5])])
        return answers.get(path)

    running, port = await listening(look)
    for feed in range(FEEDS):
        items = "".join(
            f"<item><title>{titles[one]}</title><link>http://127.0.0.1:{port}/a/{one}.html</link>"
            f"<pubDate>{format_datetime(now - timedelta(minutes=one))}</pubDate></item>"
            for one in range(feed, len(pages), FEEDS)
        )
        body = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{feed}</title>{items}</channel></rss>'
        answers[f"/feed/{feed}.xml"] = answer("application/rss+xml", body.encode())
    port_file.write_text(str(port))
    async with running:
        await running.serve_forever()


def configuration(address: str) -> str:
    """The feeds and nothing else; one loopback host stands for many, so no delay."""
    lines = [
        "[crawl]", "delay_seconds = 0.0", "requests_per_host = 16", "processes = 2", "pages_per_source = 1000", "pages_per_host_day = 100000",
        "[network]", f'allow = ["{address.removeprefix("http://")}"]',
        "[packs]", *(f"{group} = false" for group in (*GROUPS, SEARCHES)),
    ]  # fmt: skip
    for number in range(FEEDS):
        lines += [
            "[[source]]",
            f'id = "feed-{number}"',
            f'url = "{address}/feed/{number}.xml"',
            'language = "vi"',
            f'outlet = "Báo {number}"',
        ]
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------ costs


def become_reaper() -> None:
    """Take over the processes that a child leaves behind (Linux), so that their time is counted, too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def cost(command: Sequence[str], out: Path | None = None) -> Cost:
    """Run a command to its end, with all that it starts.

    Raises:
        RuntimeError: it failed; holds the end of its stderr.
    """
    # Compiled modules as an installation has them: the first run makes them.
    env = environment(PYTHONPYCACHEPREFIX=str(Path(tempfile.gettempdir()) / "throughput-pycache"))
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before = _children()  # the server of pages
    started = time.monotonic()
    with (out or Path(os.devnull)).open("wb") as sink, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=sink, stderr=said, env=env, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said.read()[-2000:].decode(errors='replace')}")
    cpu = usage.ru_utime + usage.ru_stime
    until = time.monotonic() + 5
    while (left := _children() - before) and time.monotonic() < until:  # what it left behind: the process that its workers are forked from
        for pid in left:
            done, _, usage = os.wait4(pid, os.WNOHANG)
            cpu += (usage.ru_utime + usage.ru_stime) if done else 0.0
        time.sleep(0.02)
    return Cost(cpu_s=cpu, wall_s=wall)


def _children() -> set[int]:
    import psutil

    return {child.pid for child in psutil.Process().children()}


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
