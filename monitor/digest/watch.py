"""From the coverage of a window to its line in a digest: what is wrong with which source, and how loud that is. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.digest.record import CoverageLine, Level, Missed, Trouble
from monitor.digest.safe import plain
from storage.condition import Ail, Ailment, Coverage
from storage.text import fold

LASTING = timedelta(days=3)
LONG = timedelta(days=14)
UNREAD = (Ail.FAILING, Ail.BLOCKED, Ail.GONE)  # nothing of such a source is read
_DETAIL_LIMIT = 200


def level_of(age: timedelta) -> Level:
    """Return how loud a warning of this age is."""
    return Level.LONG if age >= LONG else Level.LASTING if age >= LASTING else Level.NEW


def coverage_line(coverage: Coverage, zone: ZoneInfo) -> CoverageLine:
    """Return what the digest says of the watch; moments in the reader's zone."""

    def name(source_id: str) -> str:
        return plain(coverage.outlets.get(source_id) or source_id).strip()

    def local(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone) if moment else None

    def trouble(one: Ailment) -> Trouble:
        age = max(coverage.until - (one.began or coverage.until), timedelta(0))
        return Trouble(
            source_id=one.source_id,
            name=name(one.source_id),
            kind=one.kind,
            reason=plain(one.word),
            detail=plain(one.detail).strip()[:_DETAIL_LIMIT],
            since=local(one.since),
            days=age.days,
            level=level_of(age),
        )

    return CoverageLine(
        due=coverage.due,
        read=coverage.read,
        troubles=tuple(sorted(map(trouble, coverage.ailing), key=lambda one: (-one.level, fold(one.name), one.source_id))),
        never=tuple(name(source_id) for source_id in coverage.never),
        unread_for=max(coverage.until - coverage.unread_since, timedelta(0)) if coverage.unread_since else None,
        entries=coverage.entries,
        kept=coverage.kept,
        suppressed=coverage.suppressed,
        gaps=tuple(
            Missed(name=name(gap.source_id), since=local(gap.since), until=local(gap.until), state=gap.state, found=gap.found)
            for gap in coverage.gaps
        ),
        moved=tuple((name(move.source_id), plain(move.url).strip()[:_DETAIL_LIMIT]) for move in coverage.moved),
        last_crawl=local(coverage.last_crawl),
        notices=tuple(
            replace(one, at=one.at.astimezone(zone), detail=plain(one.detail).strip()[:_DETAIL_LIMIT]) for one in coverage.notices
        ),
        road=coverage.road,
    )
