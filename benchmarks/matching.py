"""Measure matching: megabytes a second on one core, cost by number of names, share of a crawl's extraction, precision and recall by halves.

`python -m benchmarks matching`; `MONITOR_CORPUS=DIR` holds mentions-dev.jsonl, otherwise ../shared/corpus beside the repository; left out where
absent. Text is made of a Vietnamese vocabulary and of the sentences of tests/data/mentions.jsonl. All times are CPU time of this process, the
least of some runs; one expression of 10,000 names reads six of 300 articles, and is taken for all of them.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.given import corpus
from benchmarks.measure import run
from monitor.cues import Cues
from monitor.matching import Document, Matcher
from monitor.watchlist import Topic, Watchlist, builtin_watchlist
from storage.identity import outlet_host
from storage.text import clean_text

OWN = Path(__file__).parents[1] / "tests" / "data" / "mentions.jsonl"
BLIND = OWN.with_name("mentions_blind.jsonl")
_WORDS = """của và là có được cho trong không với các một những người này khi đã từ đến về năm công nghệ phát triển doanh nghiệp thị trường Việt Nam chính phủ đầu tư
sản xuất kinh tế quốc gia dự án hợp tác sinh viên đại học trường giáo dục thông tin chuyển đổi số trí tuệ nhân tạo khách hàng ngân hàng chứng khoán cổ phiếu tăng giảm
phần trăm triệu đồng Hà Nội thành phố Hồ Chí Minh Đà Nẵng nhà máy xây dựng giao thông bộ trưởng thủ tướng ủy ban nhân dân buổi sáng chiều hôm qua tuần tháng mưa bão
miền Trung biển núi đường phố xe máy bóng đá cầu thủ huấn luyện viên trận đấu bệnh viện bác sĩ bệnh nhân thuốc học sinh thầy cô gia đình con gái con trai bà mẹ ông
nông dân lúa gạo cà phê xuất khẩu nhập khẩu thuế luật quốc hội đại biểu phiên họp nghị quyết kế hoạch ngân sách vốn lãi suất tỷ giá vàng dầu điện nước môi trường""".split()
_MB = 1_000_000


def articles(count: int, naming: float, seed: int = 1) -> list[Document]:
    """Make articles of some 4,000 letters; a share of them holds sentences that name somebody."""
    chance = random.Random(seed)
    named = [row["text"].replace("\n", " ") for row in _rows(OWN) if row["lang"] == "vi" and row["entities"]]
    made = []
    for _ in range(count):
        lines = [" ".join(chance.choices(_WORDS, k=chance.randint(30, 90))).capitalize() + "." for _ in range(14)]
        if chance.random() < naming:
            for _ in range(3):
                lines[chance.randrange(len(lines))] = chance.choice(named)
        made.append(Document(title=" ".join(chance.choices(_WORDS, k=12)), text="\n".join(lines), language="vi"))
    return made


def weight(documents: Sequence[Document]) -> float:
    """Megabytes of UTF-8."""
    return sum(len(one.text.encode()) + len(one.title.encode()) for one in documents) / _MB


def cpu(work: Callable[[], object], times: int = 3) -> float:
    """Least CPU seconds of some runs."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


# ---------------------------------------------------------------------- speed


def speed() -> None:
    """Report megabytes a second, beside one compiled expression of the same names."""
    matcher = Matcher(builtin_watchlist())
    matcher.match(articles(1, 1.0)[0])
    for name, naming in (("naming nobody", 0.0), ("one in ten names somebody", 0.1), ("each names somebody", 1.0)):
        documents = articles(400, naming)
        seconds = cpu(lambda documents=documents: [matcher.match(one) for one in documents])  # type: ignore[misc]
        print(f"articles {name:26} {weight(documents) / seconds:6.1f} MB/s")
    documents = articles(400, 0.1)
    plain = _expression([alias for topic in builtin_watchlist().topics for alias in topic.aliases])
    seconds = cpu(lambda: [plain.findall(one.text) for one in documents], 1)
    print(f"instead: one re of the same names, no folding, no evidence {weight(documents) / seconds:6.1f} MB/s")
    file = _lines(articles(4_000, 0.1))
    try:
        idle = run([sys.executable, "-m", "monitor", "match", os.devnull])
        whole = run([sys.executable, "-m", "monitor", "match", str(file)])
        print(
            f"monitor match, reading and writing JSON: {file.stat().st_size / _MB / (whole.cpu_s - idle.cpu_s):.1f} MB/s, peak {whole.peak_mb:.0f} MB"
        )
    finally:
        file.unlink()


def by_number_of_names(sizes: Sequence[int] = (50, 10_000)) -> None:
    """Report the cost of the same text under so many names, beside one compiled expression."""
    documents, costs, instead = articles(300, 0.1), [], []
    for size in sizes:
        names = _names(size)
        matcher = Matcher(Watchlist((*builtin_watchlist().topics, Topic(name="Others", distinctive=tuple(names)))))
        matcher.match(documents[0])
        costs.append(cpu(lambda matcher=matcher: [matcher.match(one) for one in documents]))  # type: ignore[misc]
        expression = _expression(names)
        share = documents if size < 1_000 else documents[:6]
        instead.append(
            cpu(lambda share=share, expression=expression: [expression.findall(one.text) for one in share], 1) * len(documents) / len(share)
        )  # type: ignore[misc]
        print(f"{size:6} names: {weight(documents) / costs[-1]:6.1f} MB/s; one re instead: {weight(documents) / instead[-1]:6.2f} MB/s")
    print(f"{sizes[-1]} names cost {costs[-1] / costs[0]:.2f} times what {sizes[0]} do; of one re {instead[-1] / instead[0]:.0f} times")


def against_extraction() -> None:
    """Report what matching and the filter over bytes cost beside the extraction of the same pages, by the crawl's way and by trafilatura."""
    import trafilatura

    from spiders.pages.generic import extract

    matcher, documents = Matcher(builtin_watchlist()), articles(80, 0.1)
    pages = [_page(one) for one in documents]
    now = datetime(2026, 11, 23, tzinfo=UTC)

    def extracted(page: bytes) -> object:
        return extract(page, url="https://a.example/1.html", encoding="utf-8", language="vi", timezone="UTC", now=now)

    matcher.match(documents[0]), matcher.may_mention(pages[0], "utf-8"), extracted(pages[0]), trafilatura.extract(pages[0])
    extracting = cpu(lambda: [extracted(page) for page in pages], 2)
    generic = cpu(lambda: [trafilatura.extract(page) for page in pages], 2)
    print(f"a page of {sum(map(len, pages)) / len(pages) / 1000:.0f} kB with {weight(documents) * 1000 / len(pages):.1f} kB of text:")
    for name, seconds in (
        ("trafilatura", generic),
        ("the crawl's extraction", extracting),
        ("matching its text", cpu(lambda: [matcher.match(one) for one in documents])),
        ("the filter over its bytes", cpu(lambda: [matcher.may_mention(page, "utf-8") for page in pages])),
    ):
        print(
            f"  {name:26} {seconds * 1000 / len(pages):7.2f} ms  {seconds / extracting:6.1%} of the crawl's extraction, {seconds / generic:6.1%} of trafilatura"
        )


def _page(one: Document) -> bytes:
    """A page as news sites serve them: menus, cards, scripts; weight as of the smaller Vietnamese ones."""
    menu = "".join(
        f"<li class='item'><a href='/muc-{at}' title='{_WORDS[at]}'>{' '.join(_WORDS[at : at + 3])}</a></li>" for at in range(150)
    )
    cards = "".join(
        f"<article class='card'><a href='/tin-{at}.html'><img src='/anh/{at}.jpg' alt=''><h3>{' '.join(_WORDS[at : at + 10])}</h3></a></article>"
        for at in range(120)
    )
    script = "<script>var a={" + ",".join(f'"k{at}":{{"v":{at},"on":true}}' for at in range(900)) + "};</script>"
    text = "".join(f"<p class='Normal'>{line}</p>" for line in one.text.splitlines())
    head = f"<head><title>{one.title}</title><style>{'.c{margin:0 auto;color:#333}' * 400}</style>{script}</head>"
    return f"<html lang=vi>{head}<body><nav><ul>{menu}</ul></nav><article><h1>{one.title}</h1>{text}</article><aside>{cards}</aside><footer><ul>{menu}</ul></footer></body></html>".encode()


def _names(count: int) -> list[str]:
    chance = random.Random(5)
    return sorted(
        {" ".join(word.capitalize() for word in chance.choices(_WORDS, k=chance.choice((2, 3)))) + f" {number}" for number in range(count)}
    )


def _expression(names: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})\b", re.IGNORECASE)


def _lines(documents: Sequence[Document]) -> Path:
    handle, name = tempfile.mkstemp(suffix=".jsonl")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        for number, one in enumerate(documents):
            out.write(json.dumps({"id": number, "title": one.title, "text": one.text, "lang": "vi"}, ensure_ascii=False) + "\n")
    return Path(name)


# ---------------------------------------------------------------------- quality


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def document_of(row: dict[str, Any]) -> Document:
    """The document of a labelled row."""
    url = row.get("url", "")
    return Document(
        title=clean_text(row["title"]),
        text=clean_text(row["text"], lines=True),
        url=url,
        language=row["lang"],
        outlet_host=outlet_host(url),
    )


def figures(rows: Sequence[dict[str, Any]], watchlist: Watchlist) -> dict[str, tuple[float, float, int]]:
    """Return precision, recall and the number of labelled documents by topic."""
    matcher = Matcher(watchlist)
    found = [{mention.topic for mention in matcher.match(document_of(row)).mentions} for row in rows]
    made = {}
    for topic in watchlist.names:
        got = [topic in one for one in found]
        wanted = [topic in row["entities"] for row in rows]
        right = sum(one and other for one, other in zip(got, wanted, strict=True))
        made[topic] = (right / max(sum(got), 1), right / max(sum(wanted), 1), sum(wanted))
    return made


def without_support_of(learnt: Sequence[dict[str, Any]], held: Sequence[dict[str, Any]], *, general: bool = False) -> tuple[Watchlist, int]:
    """The built-in topics without the cues and rivals' names that only the held-out half could have taught, and how many those are.

    Args:
        general: leave out such words of whole fields (profiles/words.toml), too, although no text has taught them.
    """
    seen, unseen, dropped = _occurring(learnt), _occurring(held), 0

    def kept(words: Sequence[str]) -> tuple[str, ...]:
        nonlocal dropped
        left = tuple(word for word in words if word in seen or word not in unseen)
        dropped += len(words) - len(left)
        return left

    topics = []
    for topic in builtin_watchlist().topics:
        lists = {name: kept(getattr(topic, name)) for name in (*_LISTS, *(_GENERAL if general else ()))}
        rivals = tuple(replace(rival, phrases=kept(rival.phrases), cues=kept(rival.cues)) for rival in topic.rivals)
        units = tuple(replace(unit, context=kept(unit.context), against=kept(unit.against)) for unit in topic.units)
        topics.append(replace(topic, rivals=rivals, units=units, **lists))
    return Watchlist(tuple(topics)), dropped


_LISTS = ("context", "strong", "people", "places", "kinds", "before", "against")
_GENERAL = ("fields", "fields_strong", "around", "other_fields", "regions")


def _occurring(rows: Sequence[dict[str, Any]]) -> set[str]:
    words: set[str] = set()
    for topic in builtin_watchlist().topics:
        for name in (*_LISTS, *_GENERAL):
            words.update(getattr(topic, name))
        for rival in topic.rivals:
            words.update(rival.phrases, rival.cues)
        for unit in topic.units:
            words.update(unit.context, unit.against)
    cues = Cues({word: (word,) for word in words})
    texts = [f"{one.title}\n{one.text}" for one in map(document_of, rows)]
    from storage.text import fold

    return {cue.group for text in texts for cue in cues.find(text, fold(text))}


def halves(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Split labelled rows in two; what tells one story stays on one side."""
    sides: list[list[dict[str, Any]]] = [[], []]
    for row in rows:
        sides[zlib.crc32((row.get("story") or row["id"]).encode()) & 1].append(row)
    return sides


def quality(file: Path) -> None:
    """Report precision and recall: all cues, and without those that only the half measured on could have taught."""
    rows = _rows(file)
    _tell(f"{file.name}, all of it", figures(rows, builtin_watchlist()))
    sides = halves(rows)
    for name, held, learnt in (("A", sides[0], sides[1]), ("B", sides[1], sides[0])):
        _tell(f"  half {name}, all cues", figures(held, builtin_watchlist()))
        for general, kind in ((False, "profiles' cues"), (True, "cues and field words")):
            watchlist, dropped = without_support_of(learnt, held, general=general)
            _tell(f"  half {name}, without {dropped} {kind} from it alone", figures(held, watchlist))


def _tell(name: str, measured: dict[str, tuple[float, float, int]]) -> None:
    print(f"{name:60}" + "  ".join(f"{topic} P {one:.3f} R {other:.3f} ({count})" for topic, (one, other, count) in measured.items()))


def main() -> None:
    """Run all of it and print the figures."""
    speed()
    by_number_of_names()
    against_extraction()
    for file in (OWN, BLIND, corpus() / "mentions-dev.jsonl"):
        if file.is_file():
            quality(file)
        else:
            print(f"{file.name}: absent, left out")


if __name__ == "__main__":
    main()
