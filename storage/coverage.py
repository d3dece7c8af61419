"""What an edition said of the watch, as it is kept in the ledger: shown again, it says the same, whatever happened since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storage.condition import Ail, Ailment, Coverage, Gap, GapState, Move, Notice, SecondRoad, Unwatched

_MOMENTS = ("since", "until", "unread_since", "last_crawl")
_PLAIN = ("due", "read", "entries", "kept", "suppressed")


def to_json(coverage: Coverage) -> dict[str, Any]:
    """Write a coverage as values of JSON; of the sources' names only those that are told."""
    told = {*coverage.never, *coverage.unread, *(one.source_id for one in coverage.ailing), *(gap.source_id for gap in coverage.gaps)}
    told |= {move.source_id for move in coverage.moved}
    return {
        **{name: getattr(coverage, name) for name in _PLAIN},
        **{name: _iso(getattr(coverage, name)) for name in _MOMENTS},
        "never": list(coverage.never),
        "unread": list(coverage.unread),
        "ailing": [[one.source_id, one.kind.value, one.word, one.detail, _iso(one.since), _iso(one.began)] for one in coverage.ailing],
        "gaps": [[gap.source_id, _iso(gap.at), _iso(gap.since), _iso(gap.until), gap.state, gap.found] for gap in coverage.gaps],
        "moved": [[move.source_id, _iso(move.at), move.url] for move in coverage.moved],
        "notices": [[one.kind, _iso(one.at), one.count, one.detail] for one in coverage.notices],
        "road": _road(coverage.road) if coverage.road else None,
        "outlets": {name: outlet for name, outlet in coverage.outlets.items() if name in told},
    }


def from_json(values: Mapping[str, Any]) -> Coverage:
    """Read what `to_json` wrote."""
    until = _moment(values["until"])
    assert until is not None
    return Coverage(
        **{name: int(values[name]) for name in _PLAIN},
        since=_moment(values["since"]),
        until=until,
        unread_since=_moment(values["unread_since"]),
        last_crawl=_moment(values["last_crawl"]),
        never=tuple(values["never"]),
        unread=tuple(values["unread"]),
        ailing=tuple(
            Ailment(source_id=row[0], kind=Ail(row[1]), word=row[2], detail=row[3], since=_moment(row[4]), began=_moment(row[5]))
            for row in values["ailing"]
        ),
        gaps=tuple(
            Gap(source_id=row[0], at=_sure(row[1]), since=_moment(row[2]), until=_moment(row[3]), state=GapState(row[4]), found=row[5])
            for row in values["gaps"]
        ),
        moved=tuple(Move(source_id=row[0], at=_sure(row[1]), url=row[2]) for row in values["moved"]),
        notices=tuple(Notice(kind=row[0], at=_sure(row[1]), count=row[2], detail=row[3]) for row in values["notices"]),
        outlets=dict(values["outlets"]),
        road=_road_of(values["road"]) if values.get("road") else None,  # older editions said nothing of it
    )


def together(parts: list[Coverage]) -> Coverage:
    """Put the coverages of a day's editions together, in their order: counts are added, the last one's word on sources holds."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return last
    unread = set(last.unread).intersection(*(part.unread for part in parts))
    return Coverage(
        since=first.since,
        until=last.until,
        due=last.due,
        read=last.due - len(unread),
        ailing=last.ailing,
        never=tuple(name for name in last.never if name in unread),
        unread=tuple(sorted(unread)),
        unread_since=last.unread_since if unread else None,
        entries=sum(part.entries for part in parts),
        kept=sum(part.kept for part in parts),
        suppressed=sum(part.suppressed for part in parts),
        gaps=tuple(gap for part in parts for gap in part.gaps),
        moved=tuple(move for part in parts for move in part.moved),
        last_crawl=last.last_crawl,
        notices=tuple(notice for part in parts for notice in part.notices),
        outlets={name: outlet for part in parts for name, outlet in part.outlets.items()},
        road=next((part.road for part in reversed(parts) if part.road), None),
    )


def _road(road: SecondRoad) -> list[Any]:
    return [_iso(road.since), road.found, road.had, road.later, [[one.outlet, one.host, one.articles] for one in road.only]]


def _road_of(values: list[Any]) -> SecondRoad:
    since, found, had, later, only = values
    return SecondRoad(
        since=_sure(since), found=found, had=had, later=later,
        only=tuple(Unwatched(outlet=outlet, host=host, articles=articles) for outlet, host, articles in only),
    )  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _sure(text: str) -> datetime:
    return datetime.fromisoformat(text)
