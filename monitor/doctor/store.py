"""The database: whether it opens, is whole, who works on it, and whether upkeep is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.doctor.record import Finding, bad, note, ok
from storage.errors import StorageBusy, StorageError

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.store import Store

_LATE = 2  # times the pace of a duty, and a day for machines that are switched off at night


def database(store: Store) -> Iterator[Finding]:
    """Whether the database is whole."""
    from storage.backup import check

    try:
        said = check(store)
    except StorageError as error:
        yield bad("database", str(error), error.hint or "restore a backup")
        return
    with store.reading() as reading:
        counts = reading.articles.counts()
    size = store.size() / 2**20
    yield ok("database", f"{store.name}: {size:,.1f} MB, {counts['articles']} articles in {counts['stories']} stories; {said}")


def locks(store: Store, now: datetime) -> Iterator[Finding]:
    """Who works on the database now. Locks end with their process, so none is ever left over."""
    held: dict[str, AbstractContextManager[Any]] = {
        "run": store.run_lock(now=now),
        "crawl": store.crawl_lock(now=now),
        "deliver": store.delivery_lock(timedelta(0), now=now),
    }
    free = []
    for name, lock in held.items():
        try:
            with lock:
                free.append(name)
        except StorageBusy as error:
            yield ok("locks", str(error))
        except StorageError as error:
            yield bad("locks", str(error), error.hint or "let this user write beside the database")
    if len(free) == len(held):
        yield ok("locks", "nobody works on the database now")


def schedule(store: Store, config: Config, now: datetime) -> Iterator[Finding]:
    """Whether something calls us: crawls, and upkeep."""
    from monitor.running import duties
    from monitor.status import STALE

    with store.reading() as reading:
        coverage = reading.sources.coverage(now - timedelta(days=1), now, {})
    crawled = coverage.last_crawl
    do = "start `monitor run`, or put `monitor daily` into cron"
    if crawled is None:
        yield note("schedule", "nothing has been crawled yet", do)
    elif now - crawled > STALE:
        yield bad("schedule", f"the last crawl ended {_ago(now - crawled)} ago", do)
    else:
        yield ok("schedule", f"the last crawl ended {_ago(now - crawled)} ago")
    done = duties.last_done(store)
    for duty in duties.DUTIES:
        every, last = duty.every(config), done.get(duty.name)
        if every is None or last is None or crawled is None or now - last <= _LATE * every + timedelta(days=1):
            continue
        yield bad(
            "upkeep", f"{duty.name} was done last {_ago(now - last)} ago", f"{do}; `monitor run --once` does it now and says what fails"
        )


def programs(store: Store) -> Iterator[Finding]:
    """What a backup of PostgreSQL needs."""
    from monitor.pgdump import trouble
    from storage.backup import server_version

    if store.path is not None:
        return
    found = trouble(server_version(store))
    yield note("programs", f"no backup can be made here: {found[0]}", found[1]) if found else ok("programs", "pg_dump fits the server")


def _ago(span: timedelta) -> str:
    hours = max(span / timedelta(hours=1), 0)
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
