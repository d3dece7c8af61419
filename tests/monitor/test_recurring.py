"""Lines of a site's frame are looked behind at a bounded cost, whatever a site puts on its pages."""

from __future__ import annotations

import tracemalloc
from collections.abc import Collection, Mapping

from monitor.cues import Cues
from monitor.frame import RecurringLines
from monitor.intake import StoreIntake
from monitor.matching import Document, Matcher, Matches
from monitor.watchlist import builtin_watchlist
from storage.items import Arrival, Article, Entry, Source
from storage.store import Store
from tests.monitor.desk import NOW

EVIL = Source(id="evil", url="https://evil.example/rss", outlet="Evil")


class Counting(Matcher):
    """Counts how often it reads."""

    read = 0

    def match(
        self, document: Document, verdicts: Mapping[str, str] | None = None, *, recurring: Collection[str] = (), **more: bool
    ) -> Matches:
        self.read += 1
        return super().match(document, verdicts, recurring=recurring, **more)


def test_a_page_of_a_thousand_lines_that_name_somebody_is_read_a_few_times(store: Store) -> None:
    matcher = Counting(builtin_watchlist())
    intake = StoreIntake(store, matcher, clock=lambda: NOW)
    text = "\n".join(
        f"Dòng thứ {number} kể rằng sáng nay FPT Software, công ty ở Hà Nội, mở một văn phòng mới ở Huế." for number in range(100)
    )
    most = 0
    for number in range(24):
        url = f"https://evil.example/{number}"
        article = Article(url=url, title=f"Chuyện thứ {number}", text=text, outlet="Evil", outlet_host="evil.example", language="vi")
        matcher.read = 0
        intake.take([Arrival(source=EVIL, article=article, entry=Entry(source_id="evil", key=url, url=url, title=article.title))])
        most = max(most, matcher.read)
    assert 2 <= most <= 5


def test_only_lines_that_may_be_frame_are_remembered() -> None:
    lines = RecurringLines()
    tracemalloc.start()
    for number in range(300):
        for headline in "abcde":
            assert lines.of("evil.example", f"{number}{headline}", {f"{number} fpt " + "x" * 100_000}) == frozenset()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2**20
    short = [lines.of("evil.example", headline, {"fpt software tuyen dung"}) for headline in "abcde"]
    assert [bool(one) for one in short] == [False, False, False, True, True]


def test_a_word_counts_so_often_and_no_more() -> None:
    found = Cues({"field": ["công ty", "trường"]}).find("công ty " * 50_000 + "trường", "cong ty " * 50_000 + "truong")
    assert len(found) == 501 and found[-1].word == "truong"
