"""What is kept of strangers' words, for `fuzz`: whatever an article says, it is matched, placed, stored, grouped and found again; none is given up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fuzz_lists import NOW

if TYPE_CHECKING:
    from monitor.matching import Matcher
    from storage.store import Store

_MOST = 200  # articles; then a new store is begun

_open: list[tuple[tempfile.TemporaryDirectory[str], Store]] = []
_taken = 0


def kept(matcher: Matcher, headline: str, summary: str, text: str, url: str) -> None:
    """Bring an article in as a feed's entry, as a page, and with other words; then group what is stored."""
    from monitor.intake import StoreIntake
    from monitor.settling import settle_stories
    from spiders.articles import from_entry, from_page
    from spiders.pages.generic import Extracted
    from spiders.readers.links import absolute
    from storage.filters import ArticleFilter
    from storage.items import Arrival, Entry, Outcome, Source
    from storage.text import clean_text

    url = absolute("https://fuzz.example/", url)
    if not url:
        return
    store = _store()
    source = Source(id="fuzz", url="https://fuzz.example/feed", outlet="Fuzz", language="vi")
    title = clean_text(f"FPT {headline}", 1_000)
    entry = Entry(source_id="fuzz", key=clean_text(url, 500), url=url, title=title, summary=clean_text(summary, 10_000))
    found = Extracted(
        title=title, text=clean_text(text, lines=True), summary="", canonical=url, published=NOW, updated=None, authors=(), outlet="Fuzz", language="",
        is_article=True,
    )  # fmt: skip
    intake = StoreIntake(store, matcher, clock=lambda: NOW)
    for article in (from_entry(source, entry, "later"), from_page(source, entry, found, asked=url, url=url)):
        (outcome,) = intake.take([Arrival(source=source, article=article, entry=entry)])
        assert outcome is not Outcome.FAILED, intake.faults
    intake.flush()
    settle_stories(store, matcher.familiar, NOW)
    with store.reading() as reading:
        list(reading.search(headline[:100], ArticleFilter()))


def _store() -> Store:
    global _taken
    from storage.store import Store

    if _taken % _MOST == 0:
        for folder, store in _open:
            store.close()
            folder.cleanup()
        folder = tempfile.TemporaryDirectory()
        _open[:] = [(folder, Store.open(str(Path(folder.name) / "monitor.db")))]
    _taken += 1
    return _open[0][1]
