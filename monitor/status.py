"""How the watch is doing, at a glance, and an exit code for a monitoring system."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.export import iso
from storage.items import Coverage, Source, SourceState

if TYPE_CHECKING:
    from storage.store import Reading

STALE = timedelta(hours=26)  # a daily crawl may be late by two hours before somebody should look


def print_status(reading: Reading, sources: Sequence[Source], *, now: datetime, zone: ZoneInfo, as_json: bool) -> int:
    """Print the state of the watch over the last day; return 0 if all is well, 1 if something needs a person."""
    coverage = reading.sources.coverage(now - timedelta(days=1), now, {source.id: source.outlet or source.id for source in sources})
    last = reading.ledger.last("daily")
    counts = reading.articles.counts()
    troubles = _troubles(coverage, now)
    if as_json:
        record: dict[str, Any] = {
            "well": not troubles,
            "troubles": troubles,
            "sources": {
                "configured": coverage.due,
                "read": coverage.read,
                "failing": len(coverage.failing),
                "silent": len(coverage.silent),
            },
            "failing": [_failure(state) for state in coverage.failing],
            "last_crawl": iso(coverage.last_crawl),
            "last_digest": last.day if last else None,
            "entries_24h": coverage.entries,
            "kept_24h": coverage.kept,
            "suppressed_24h": coverage.suppressed,
            "stored": counts,
        }
        print(json.dumps(record, ensure_ascii=False, indent=2))
        return 1 if troubles else 0

    def local(moment: datetime | None) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else "never"

    print(f"sources       {coverage.read} of {coverage.due} read in 24 h, {len(coverage.failing)} failing, {len(coverage.silent)} silent")
    print(f"last crawl    {local(coverage.last_crawl)}")
    print(f"last digest   {last.day if last else 'none yet'}")
    print(f"in 24 h       {coverage.entries} entries, {coverage.kept} articles kept, {coverage.suppressed} suppressed")
    print(f"stored        {counts['articles']} articles in {counts['stories']} stories")
    for state in coverage.failing:
        since = f" since {local(state.failing_since)}" if state.failing_since else ""
        print(f"failing       {state.source_id}{since}: {state.error or state.error_kind or 'no reason known'}")
    for state in coverage.silent:
        print(f"silent        {state.source_id}: nothing new since {local(state.last_new)}")
    for trouble in troubles:
        print(f"look at this  {trouble}")
    return 1 if troubles else 0


def _failure(state: SourceState) -> dict[str, Any]:
    return {"source": state.source_id, "since": iso(state.failing_since), "kind": state.error_kind, "error": state.error}


def _troubles(coverage: Coverage, now: datetime) -> list[str]:
    """What a person should look at: single dead feeds are told in the digest, these are about the watch itself."""
    troubles = []
    if coverage.last_crawl is None:
        troubles.append("nothing has been crawled yet: monitor daily")
    elif now - coverage.last_crawl > STALE:
        hours = (now - coverage.last_crawl) / timedelta(hours=1)
        troubles.append(f"the last crawl is {hours:.0f} hours old: does the schedule run?")
    if coverage.due and coverage.last_crawl and 2 * len(coverage.failing) > coverage.due:
        troubles.append("more than half of the sources fail: is the network up, is a proxy needed?")
    return troubles
