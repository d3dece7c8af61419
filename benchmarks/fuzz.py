"""Fuzz readers, lists, pages, drawn pages, headers, identity, dates, robots, matching, what is kept, all that is written: `FUZZ_MINUTES=60 python -m benchmarks fuzz`.

Each property is tried by hypothesis in turns with fresh examples until the time is up. A finding is an exception that is not ours, a broken promise
(text that is not clean, a mention that points elsewhere, a shape that holds live script), or an example that takes longer than five
seconds; hypothesis shrinks it, it is printed, and the exit code is 1. `FUZZ_ONLY=page,match` tries some; `FUZZ_SEEDS=DIR` adds the files
of a folder to the feeds that are mutated.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks import fuzz_kept, fuzz_lists, fuzz_pages
from benchmarks.fuzz_checks import assert_clean, inert
from benchmarks.fuzz_lists import NOW
from benchmarks.fuzz_words import documents, pages, robots, texts, urls
from storage.items import Kind, Source

SLOWEST_S = 5
MEMORY_MB = 1_536
_TOLD_S = 300  # between two lines that tell how far it is
_ROUND = 150  # examples of a property, then the next one's turn
SOURCE = Source(id="fuzz", url="https://fuzz.example/feed", outlet="Fuzz", language="vi", timezone="Asia/Ho_Chi_Minh")


class TooSlow(Exception):
    """An example took longer than it may."""


def read(body: bytes, content_type: str | None, kind: Kind) -> None:
    """A feed is a reading of clean entries or a ReadError."""
    from spiders.readers.alternates import find_feeds
    from spiders.readers.feed import is_feed, read_feed, read_quickly
    from storage.errors import ReadError
    from storage.identity import url_key
    from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT
    from tests.hostile.scan import scan_text

    source = replace(SOURCE, kind=kind)
    is_feed(body)
    for found in find_feeds(body, source.url):
        assert found.url.startswith(("http://", "https://"))
    read_quickly(body, source=source, url=source.url, content_type=content_type, now=NOW)
    try:
        reading = read_feed(body, source=source, url=source.url, content_type=content_type, now=NOW)
    except ReadError as error:
        assert_clean(str(error), 1_000)
        return
    assert len({entry.key for entry in reading.entries}) == len(reading.entries) <= 1_000
    for entry in reading.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert entry.published is None or entry.published <= NOW
        assert entry.updated is None or entry.updated <= NOW
        assert_clean(entry.title, TITLE_LIMIT)
        assert_clean(entry.summary, SUMMARY_LIMIT)
        assert_clean(entry.content, TEXT_LIMIT, lines=True)
        for word in (*entry.authors, entry.outlet, entry.stated_date, entry.key):
            assert_clean(word, 255)
        inert("address", scan_text(entry.url + entry.outlet_url))
        url_key(entry.url)


def page(body: bytes, encoding: str | None) -> None:
    """A page is an article of clean text or an ExtractError."""
    from spiders.pages.generic import extract
    from storage.errors import ExtractError
    from storage.identity import trusted_canonical
    from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT

    url = "https://fuzz.example/news/1.html"
    try:
        found = extract(body, url=url, encoding=encoding, language="vi", timezone="UTC", now=NOW)
    except ExtractError as error:
        assert_clean(str(error), 1_000)
        return
    assert_clean(found.title, TITLE_LIMIT)
    assert_clean(found.summary, SUMMARY_LIMIT)
    assert_clean(found.text, TEXT_LIMIT, lines=True)
    for word in (*found.authors, found.outlet):
        assert_clean(word, 200)
    assert found.published is None or found.published <= NOW
    canonical = trusted_canonical(url, found.canonical)
    assert canonical is None or canonical.startswith(("http://", "https://"))


def address(url: str, other: str, base: str) -> None:
    """Identity never raises, is idempotent, and no page speaks for another site."""
    from spiders.guard import is_private, netloc
    from spiders.readers.links import absolute, unwrap
    from storage.identity import canonical_url, outlet_host, trusted_canonical, url_key

    once = canonical_url(url)
    assert canonical_url(once) == once
    assert url_key(url) == (url_key(once) if once else "")
    trusted = trusted_canonical(url, other)
    if trusted:
        here, there = outlet_host(url), outlet_host(trusted)
        assert here.split(".")[-1] == there.split(".")[-1]
    joined = absolute(base, url)
    assert not joined or joined.startswith(("http://", "https://"))
    unwrap(url)
    is_private(outlet_host(url))
    netloc(joined or "http://a.example/")


def date(text: str) -> None:
    """A date is aware, in a sane year, or none."""
    from spiders.readers.dates import read_date

    found = read_date(text, "Asia/Ho_Chi_Minh")
    assert found is None or (found.tzinfo is UTC and 1989 <= found.year <= 9_991)


def rules(body: bytes, url: str) -> None:
    """A robots.txt is read and asked without a fault."""
    from spiders.robots import rules_of

    found = rules_of(body)
    assert found is not None
    found.allows(url)
    assert 0 <= found.delay <= 30


def clean(text: str) -> None:
    """Cleaning is idempotent, folding keeps the length."""
    from spiders.readers.plain import plain, title
    from storage.text import clean_text, fold

    for lines in (False, True):
        once = clean_text(text, 5_000, lines=lines)
        assert_clean(once, 5_000, lines=lines)
        assert clean_text(once, 5_000, lines=lines) == once
        assert len(fold(once)) == len(once)
    assert_clean(plain(text, 1_000), 1_000)
    assert_clean(title(text, 1_000), 1_000)


def match(headline: str, summary: str, text: str, language: str) -> None:
    """A mention points at its words; the filter never says no where there is one."""
    from monitor.matching import Document
    from storage.text import clean_text

    document = Document(
        title=clean_text(headline, 1_000), summary=clean_text(summary, 10_000), text=clean_text(text, lines=True), language=language
    )
    matches = _matcher().match(document)
    fields = {"title": document.title, "summary": document.summary, "text": document.text}
    for mention in matches.mentions:
        assert fields[mention.field][mention.start : mention.end] == mention.alias
        assert mention.snippet[mention.snippet_start :].startswith(mention.alias.replace("\n", " "))
        assert 0 <= mention.score <= 1
    if matches.mentions:
        assert _matcher().may_mention("\n".join(fields.values()).encode(), "utf-8")


def kept(headline: str, summary: str, text: str, url: str) -> None:
    """No article is given up, whatever it says."""
    fuzz_kept.kept(_matcher(), headline, summary, text, url)


def written(headline: str, words: str, outlet: str, url: str) -> None:
    """Nothing that is written lets a stranger's words do anything."""
    from benchmarks.fuzz_words import digest_of
    from monitor.export import csv_lines, jsonl
    from monitor.shapes import SHAPES, render
    from storage.text import clean_text
    from tests.hostile import scan
    from tests.hostile.letters import mail_of

    made, stored = digest_of(headline, words, outlet, url, NOW)
    scans: dict[str, Callable[[str], list[str]]] = {
        "terminal": scan.scan_text, "text": scan.scan_text, "html": scan.scan_html, "markdown": scan.scan_markdown,
        "json": scan.scan_json, "atom": scan.scan_atom,
    }  # fmt: skip
    for shape in SHAPES:
        inert(shape, scans[shape](render(made, shape)))
    inert("coloured", scan.scan_terminal(render(made, "terminal", width=50, color=True, hyperlinks=True)))
    inert("csv", scan.scan_csv("\n".join(csv_lines([stored]))))
    kept = {
        name: clean_text(value)
        for name in ("title", "text", "summary", "outlet", "url", "language")
        if (value := getattr(stored.article, name))
    }
    tidy = replace(stored, article=replace(stored.article, **kept), mentions=())  # as it can stand in the store
    inert("export", scan.scan_json_lines("\n".join(jsonl([tidy], with_text=True))))
    inert("mail", scan.scan_mail(mail_of(made)))


def search(words: str) -> None:
    """A search is answered or refused in words, never by the database's own error."""
    from storage.errors import MediaMonitorError
    from storage.filters import ArticleFilter

    try:
        with _store().reading() as reading:
            for stored, shown in reading.search(words, ArticleFilter()):
                assert_clean(stored.article.title, 1_000)
                assert isinstance(shown, str)
    except MediaMonitorError:
        return


_KEPT: dict[str, Any] = {}


def _matcher() -> Any:
    if "matcher" not in _KEPT:
        from monitor.matching import Matcher
        from monitor.watchlist import builtin_watchlist

        _KEPT["matcher"] = Matcher(builtin_watchlist())
    return _KEPT["matcher"]


def _store() -> Any:
    if "store" not in _KEPT:
        import tempfile

        from storage.store import Store
        from tests.monitor.desk import take

        _KEPT["folder"] = tempfile.TemporaryDirectory()
        _KEPT["store"] = Store.open(f"sqlite:///{_KEPT['folder'].name}/fuzz.db").__enter__()
        take(_KEPT["store"], 1, "FPT Software ký hợp đồng", "FPT Software ký hợp đồng tại cảng.")
    return _KEPT["store"]


_TYPES = st.sampled_from(
    [
        None,
        "text/xml",
        "application/rss+xml; charset=utf-8",
        "text/xml; charset=iso-8859-1",
        "x/y; charset=utf-7",
        "a; charset=" + "x" * 300,
    ]
)
_ENCODINGS = st.sampled_from([None, "utf-8", "utf-16", "latin-1", "shift_jis", "utf-7", "no-such", "idna"])
_KINDS = st.sampled_from([Kind.FEED, Kind.SEARCH])
_LANGUAGES = st.sampled_from(["", "vi", "en", "fr", "ja", "zz"])
PROPERTIES: dict[str, tuple[Callable[..., None], tuple[Any, ...]]] = {
    "read": (read, (documents(), _TYPES, _KINDS)),
    "page": (page, (pages(), _ENCODINGS)),
    "address": (address, (urls(), urls(), urls())),
    "date": (date, (texts("dates"),)),
    "robots": (rules, (robots(), urls())),
    "clean": (clean, (texts(),)),
    "match": (match, (texts("names"), texts("names"), texts("names"), _LANGUAGES)),
    "kept": (kept, (texts("names"), texts("dates"), texts("names"), urls())),
    "written": (written, (texts("live"), texts("live"), texts("live"), urls())),
    "search": (search, (texts("query"),)),
    "sitemap": (fuzz_lists.sitemap, (fuzz_lists.sitemaps(), urls())),
    "listing": (fuzz_lists.listing, (fuzz_lists.listings(), _ENCODINGS, fuzz_lists.LISTING_URLS | urls())),
    "mapped": (fuzz_lists.mapped, (fuzz_lists.answers(), fuzz_lists.mappings())),
    "opml": (fuzz_lists.opml, (fuzz_lists.outlines(),)),
    "drawn": (fuzz_pages.drawn, (fuzz_pages.drawings(), fuzz_lists.LISTING_URLS | urls())),
    "shown": (fuzz_pages.shown, (fuzz_pages.dated(), urls())),
    "home": (fuzz_pages.home, (fuzz_pages.homes(), _ENCODINGS, urls())),
    "headers": (fuzz_pages.headers, (fuzz_pages.heads(),)),
    "links": (fuzz_lists.links, (fuzz_lists.listings() | documents(), urls())),
}


def main() -> None:
    """Fuzz for FUZZ_MINUTES (1 if it is not set); ends the process with 1 on a finding."""
    minutes = float(os.environ.get("FUZZ_MINUTES", "1"))
    wanted = [name for name in os.environ.get("FUZZ_ONLY", "").split(",") if name] or list(PROPERTIES)
    if unknown := set(wanted) - PROPERTIES.keys():
        print(f"FUZZ_ONLY: nothing is called {', '.join(sorted(unknown))}; there are: {', '.join(PROPERTIES)}", file=sys.stderr)
        sys.exit(2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB * 1024**2, MEMORY_MB * 1024**2))
    signal.signal(signal.SIGVTALRM, _too_slow)
    began, counts = time.monotonic(), Counter[str]()
    slowest: dict[str, float] = {}
    import feedparser  # noqa: F401 - once, so that no example pays for it
    import trafilatura  # noqa: F401

    tests = {name: _test(name, counts, slowest) for name in wanted}
    told = began
    while time.monotonic() - began < 60 * minutes:
        if time.monotonic() - told > _TOLD_S:
            told = time.monotonic()
            print(f"{(told - began) / 60:.0f} minutes, {sum(counts.values())} examples, nothing found so far", flush=True)
        for name, test in tests.items():
            try:
                test()
            except KeyboardInterrupt:
                raise
            except BaseException:  # a SystemExit out of the product is a finding, too
                traceback.print_exc()
                print(f"FOUND by {name} after {time.monotonic() - began:.0f} s, {sum(counts.values())} examples", flush=True)
                sys.exit(1)
    spent = time.monotonic() - began
    print(f"{spent / 60:.1f} minutes, {sum(counts.values())} examples, nothing found")
    for name in wanted:
        print(f"  {name:8} {counts[name]:8} examples, the slowest {slowest.get(name, 0):.2f} s")


def _test(name: str, counts: Counter[str], slowest: dict[str, float]) -> Callable[[], None]:
    function, strategies = PROPERTIES[name]

    @settings(
        max_examples=_ROUND, deadline=None, database=None, derandomize=False, print_blob=False,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(st.tuples(*strategies))
    def test(example: tuple[Any, ...]) -> None:
        counts[name] += 1
        began = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST_S)  # of the processor: the machine may be busy with other things
        try:
            function(*example)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        spent = time.process_time() - began
        slowest[name] = max(slowest.get(name, 0.0), spent)
        if spent > SLOWEST_S:  # a signal does not interrupt a parser written in C
            raise TooSlow(f"an example took {spent:.1f} s")

    return test


def _too_slow(signum: int, frame: Any) -> None:
    raise TooSlow(f"an example takes longer than {SLOWEST_S} s")
