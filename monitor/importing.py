"""Import articles from a file: the line from "article" on, in the file's order, with the articles' own dates as clock."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from monitor.faults import Faults
from monitor.intake import document_of
from monitor.keeping import Keeping
from monitor.matching import Matcher
from monitor.outlets import with_outlet
from monitor.settling import settle_stories
from spiders.readers.dates import read_date
from storage.errors import StorageError, UsageError, of_this_machine
from storage.identity import outlet_host, url_key
from storage.items import Arrival, Article, BodyFrom, Kind, Outcome, Ownership, Source
from storage.reading import Transaction
from storage.sightings import Sighting
from storage.store import Store
from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT, clean_text

_AT_IT = timedelta(minutes=1)  # an import that has stored nothing for so long was interrupted
_VAGUE = re.compile(r"\d{4}(?:-\d{2})?")
_BATCH = 200  # lines a transaction: a kill loses so many at most, and they are imported again
NEWS = timedelta(hours=48)  # what is older is stored, never told
_LONGEST_LINE = 16 * 1024 * 1024


@dataclass
class ImportReport:
    """What an import came to; each line is counted once."""

    lines: int = 0
    skipped: int = 0  # imported at an earlier, interrupted run
    unusable: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    @property
    def exit_code(self) -> int:
        """0, or 3 where some lines were unusable, or 1 where all were."""
        if not self.unusable:
            return 0
        return 3 if self.unusable < self.lines else 1

    def line(self) -> str:
        """Write it for a person."""
        told = ", ".join(f"{count} {outcome.value}" for outcome, count in sorted(self.outcomes.items()))
        more = f"; {self.skipped} lines imported before" if self.skipped else ""
        bad = f"; {self.unusable} unusable" if self.unusable else ""
        return f"{self.lines} lines: {told or 'nothing new'}{bad}{more}"

    def as_dict(self) -> dict[str, Any]:
        """Write it for a program."""
        outcomes = {outcome.value: self.outcomes.get(outcome, 0) for outcome in Outcome}
        return {"lines": self.lines, "skipped": self.skipped, "unusable": self.unusable, "articles": outcomes}


def import_file(
    file: Path,
    store: Store,
    matcher: Matcher,
    *,
    keep_unmatched: bool = False,
    restart: bool = False,
    complain: Callable[[str], None],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ImportReport:
    """Import JSON lines (`-`: stdin; `.gz` is unpacked). A line over which our own steps fall is unusable, as one that holds no article.

    Args:
        keep_unmatched: store articles that mention no topic, too.
        restart: begin at the first line even if the file was imported in part.
        complain: is told of each unusable line, by number.

    Raises:
        UsageError: the file cannot be read.
        StorageError: the store failed; what was imported stays, and the next run goes on there.
    """

    def unusable(said: str) -> None:
        report.unusable += 1
        complain(f"{file}, {said}")

    report, faults = ImportReport(), Faults(store)
    source = Source(id=f"import-{file.stem if str(file) != '-' else 'stdin'}"[:120], url="", kind=Kind.IMPORT, origin="once")
    mark = _mark(file, keep_unmatched)
    start = 0
    if mark and not restart:
        with store.reading() as reading:
            reached = (reading.meta(mark) or "").partition(" ")[0]
        start = int(reached) if reached.isdecimal() else 0
    with _opened(file) as stream:
        batch: list[tuple[int, Article]] = []
        number = 0
        for number, raw in enumerate(stream, 1):
            if number <= start:
                report.skipped += 1
                continue
            report.lines += 1
            try:
                article = read_line(raw, clock())
            except ValueError as error:
                unusable(f"line {number}: {error}")
                continue
            batch.append((number, article))
            if len(batch) >= _BATCH:
                _store(store, matcher, source, batch, report, keep_unmatched, mark, clock(), faults, unusable)
                batch = []
        _store(store, matcher, source, batch, report, keep_unmatched, mark, clock(), faults, unusable)
    if mark:
        with store.transaction() as transaction:
            transaction.set_meta(mark, None)
    if not _others_at_it(store, clock()):
        settle_stories(store, matcher.familiar, clock())
    return report


def _others_at_it(store: Store, now: datetime) -> bool:
    """Whether another process is importing into this store: the last one groups what all of them brought, together."""
    with store.reading() as reading:
        seen = [moment for value in reading.metas("import:").values() if (moment := value.partition(" ")[2]).isdecimal()]
    return any(now.timestamp() - int(moment) < _AT_IT.total_seconds() for moment in seen)


def read_line(raw: bytes, now: datetime) -> Article:
    """Read one line.

    Raises:
        ValueError: it is unusable; says why.
    """
    if len(raw) > _LONGEST_LINE:
        raise ValueError("the line is longer than 16 MiB")
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is no JSON: {str(error)[:100]}") from error
    if not isinstance(record, dict):
        raise ValueError('this is no JSON object; write {"url": ..., "title": ...}')

    def words(name: str, limit: int, *, lines: bool = False) -> str:
        value = record.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text but {type(value).__name__}")
        return clean_text(value, limit, lines=lines)

    url, title = words("url", 4_096), words("title", TITLE_LIMIT)
    text, summary = words("text", TEXT_LIMIT, lines=True), words("summary", SUMMARY_LIMIT)
    if url and not outlet_host(url):
        raise ValueError(f"url {url[:100]!r} is no web address")
    if not title and not text:
        raise ValueError("neither title nor text")
    stated = record.get("published")
    vague = isinstance(stated, str) and _VAGUE.fullmatch(stated.strip()) is not None  # a year or a month is no date: of any day
    published = read_date(stated, "UTC") if isinstance(stated, str) and stated and not vague else None
    if stated and published is None and not vague:
        raise ValueError(f"published {str(stated)[:60]!r} is no date; write 2026-11-23 or 2026-11-23T09:00:00+07:00")
    return Article(
        url=url,
        title=title or clean_text(text, 120),
        text=text,
        summary=summary,
        published=min(published, now) if published else None,
        outlet=words("outlet", 200),
        outlet_host=outlet_host(url),
        language=words("lang", 16).lower().split("-")[0],
        ownership=Ownership.EARNED,
        body_from=BodyFrom.IMPORT,
        opaque=not url,
    )


def _store(
    store: Store,
    matcher: Matcher,
    source: Source,
    batch: list[tuple[int, Article]],
    report: ImportReport,
    keep_unmatched: bool,
    mark: str,
    now: datetime,
    faults: Faults,
    complain: Callable[[str], None],
) -> None:
    if not batch:
        return
    outcomes: Counter[Outcome] = Counter()
    try:
        with store.transaction() as transaction:
            seen: list[Sighting] = []
            for _, article in batch:
                outcomes[_keep(transaction, matcher, source, article, keep_unmatched, now, seen)] += 1
            transaction.sightings.note(seen, now)
            if mark:
                transaction.set_meta(mark, f"{batch[-1][0]} {now.timestamp():.0f}")
    except StorageError:
        raise
    except Exception as error:
        if of_this_machine(error):
            raise
        if len(batch) > 1:  # one of them is at fault
            for one in batch:
                _store(store, matcher, source, [one], report, keep_unmatched, mark, now, faults, complain)
            return
        complain(faults.add(f"line {batch[0][0]}", error))
        return
    report.outcomes.update(outcomes)


def _keep(
    transaction: Transaction,
    matcher: Matcher,
    source: Source,
    article: Article,
    keep_unmatched: bool,
    now: datetime,
    seen: list[Sighting],
) -> Outcome:
    article = with_outlet(article, source)
    document = document_of(article)
    matches = matcher.match(document)
    if not matches.mentions and not matches.suppressions and not keep_unmatched:
        return Outcome.UNMATCHED
    moment = article.published or now
    keeping = Keeping(transaction, moment, lambda verdicts: matcher.match(document, verdicts), familiar=matcher.familiar)
    outcome, article_id = keeping.keep(Arrival(source=source, article=article), matches, baseline=now - moment > NEWS)
    key = url_key(article.url)
    name = key or hashlib.blake2b(f"{article.title}\n{article.outlet}".encode(), digest_size=11).hexdigest()
    seen.append(Sighting(source_id=source.id, entry_key=name, url_key=key, article_id=article_id, entry_hash="", at=moment))
    return outcome


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream: Any = gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", hint="name a file with JSON lines, or - for stdin") from error
    with stream:
        yield stream


def _mark(file: Path, keep_unmatched: bool) -> str:
    """The name under which an interrupted import is remembered: the file's place, size and beginning; "" for stdin."""
    if str(file) == "-":
        return ""
    try:
        with file.open("rb") as stream:
            head = stream.read(4_096)
        size = file.stat().st_size
    except OSError:
        return ""
    told = f"{file.resolve()}\n{size}\n{keep_unmatched}\n".encode() + head
    return f"import:{hashlib.blake2b(told, digest_size=16).hexdigest()}"
