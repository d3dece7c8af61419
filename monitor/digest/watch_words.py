"""What a digest says of the watch itself, in its language: the coverage box, and warnings that grow with their age."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.digest.record import CoverageLine, Level, Missed, Trouble
from monitor.digest.safe import plain
from monitor.digest.watch import UNREAD
from monitor.digest.words import Words
from storage.condition import Ail, Notice, Unwatched

_NAMES_SHOWN = 12  # of sources that were silent or not asked; failing ones are always all named, but together from there on
_WARNED = 8  # names in one warning above the box
_HOST = re.compile(r"[a-z0-9.-]+")  # somebody will paste the command
_NOTHING_FOUND = {"searched": "gap_none", "partly": "gap_lost", "lost": "gap_lost", "absent": "gap_absent", "failed": "gap_failed"}
_GROUPS = {"unread": UNREAD, "silent": (Ail.SILENT,), "bare": (Ail.BARE,)}


@dataclass(frozen=True)
class Row:
    """One fact of the coverage box: a label and what falls under it."""

    label: str
    items: tuple[str, ...] = ()


def road_name(one: Unwatched) -> str:
    """An outlet with the host that is to be named to watch it."""
    name, host = plain(one.outlet).strip()[:80], plain(one.host).strip()
    return f"{name} ({host})" if name and host and name != host else name or host or "?"


class Watch:
    """What the watch did, in words.

    Args:
        when: writes a local moment as seen from the digest's day.
    """

    def __init__(self, coverage: CoverageLine, words: Words, when: Callable[[datetime], str]) -> None:
        self._coverage = coverage
        self._words = words
        self._when = when
        self._colon = words.say("colon")

    def read(self) -> str:
        """How many sources were read of those that are watched, and how long ago the one that was read longest ago."""
        coverage, words = self._coverage, self._words
        if not coverage.due:
            return words.say("no_sources")
        said = words.count("read", coverage.read, due=words.number(coverage.due))
        if coverage.unread_for is not None and coverage.read < coverage.due:
            said += words.say("list") + words.say("unread_for", age=self._age(coverage.unread_for))
        return said

    def road(self) -> str:
        """How much of what searches found the sources had, and whose articles came by searches alone; "" where nothing is to be said."""
        road, words = self._coverage.road, self._words
        if road is None or not road.found:
            return ""
        said = words.count("road", road.found, had=words.number(road.had), share=words.percent(road.had / road.found))
        if road.later:
            said += words.say("list") + words.count("road_later", road.later)
        said += "."
        if not road.only:
            return said
        named = [f"{road_name(one)} {words.number(one.articles)}" for one in road.only[:_NAMES_SHOWN]]
        if len(road.only) > len(named):
            named.append(words.say("more_outlets", n=words.number(len(road.only) - len(named))))
        host = next((one.host for one in road.only if _HOST.fullmatch(one.host)), "")
        hint = f" {words.say('road_add', command=f'monitor sources add {host}')}" if host else ""
        return f"{said} {words.say('road_only')}{self._colon}{words.say('list').join(named)}.{hint}"

    def alarms(self) -> list[str]:
        """What has been wrong for weeks; stands above the news."""
        return self._warned("a", Level.LONG)

    def warnings(self) -> list[str]:
        """What has been wrong for days; stands under the first lines."""
        return self._warned("w", Level.LASTING)

    def rows(self) -> list[Row]:
        """The rows of the coverage box under its first line; empty where all is well."""
        coverage, count = self._coverage, self._words.count
        rows = [Row(count(kind.value, len(found)), self._all(found)) for kind in UNREAD if (found := coverage.of(kind))]
        if coverage.never:
            # By outlet: several sources of one are one name here, as among those that failed.
            rows.append(Row(count("never", len(coverage.never)), self._some(list(dict.fromkeys(plain(one) for one in coverage.never)))))
        if silent := coverage.of(Ail.SILENT):
            rows.append(Row(count("silent", len(silent)), self._some([self._silent(one) for one in silent])))
        if bare := coverage.of(Ail.BARE):
            rows.append(Row(count("bare", len(bare)), self._all(bare)))
        if coverage.gaps:
            rows.append(Row(count("gaps", len(coverage.gaps)), self._some([self._gap(one) for one in coverage.gaps])))
        if coverage.moved:
            moved = [f"{plain(name).strip()}{self._colon}{url}" for name, url in coverage.moved]
            rows.append(Row(count("moved", len(moved)), self._some(moved)))
        return rows + [Row(self._notice(one)) for one in coverage.notices]

    def totals(self) -> str:
        """What the watch saw, kept and left out, and when it looked last."""
        coverage, words = self._coverage, self._words
        last = words.say("last_crawl", when=self._when(coverage.last_crawl)) if coverage.last_crawl else words.say("never_crawled")
        counted = [words.count(word, getattr(coverage, word)) for word in ("entries", "kept", "suppressed")]
        return " · ".join((*counted, last))

    # ------------------------------------------------------------------ inside

    def _warned(self, prefix: str, level: Level) -> list[str]:
        said = []
        for name, kinds in _GROUPS.items():
            found = sorted((one for one in self._coverage.of(*kinds) if one.level is level), key=lambda one: -one.days)
            if found:
                names = [f"{plain(one.name).strip()} ({self._days(one.days)})" for one in found[:_WARNED]]
                if rest := len(found) - len(names):
                    names.append(self._words.say("more", n=self._words.number(rest)))
                values = {"names": self._words.say("list").join(names), "age": self._days(found[0].days)}
                said.append(self._words.count(f"{prefix}_{name}", len(found), **values))
        return said

    def _all(self, troubles: Sequence[Trouble]) -> tuple[str, ...]:
        """Name every source: each by itself, or, where they are many, those that fail alike together."""
        if len(troubles) <= _NAMES_SHOWN:
            return tuple(f"{plain(one.name).strip()}{self._colon}{self._reason(one)}" for one in troubles)
        alike: dict[str, list[str]] = {}
        for one in troubles:
            alike.setdefault(self._reason(one), []).append(plain(one.name).strip())
        return tuple(
            f"{reason}{self._colon}{self._words.say('list').join(dict.fromkeys(names))}"
            for reason, names in sorted(alike.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        )

    def _reason(self, one: Trouble) -> str:
        said = plain(self._words.reason(one.reason, one.detail)).strip()
        if not one.since:
            return said
        key = "since" if one.level is Level.NEW else "since_long"
        return f"{said}, {self._words.say(key, when=self._when(one.since), age=self._days(one.days))}"

    def _silent(self, one: Trouble) -> str:
        said = self._words.say("nothing_since", when=self._when(one.since)) if one.since else self._words.say("nothing_new")
        return f"{plain(one.name).strip()}{self._colon}{said}"

    def _gap(self, gap: Missed) -> str:
        words = self._words
        if gap.since and gap.until:
            said = words.say("span", since=self._when(gap.since), until=self._when(gap.until))
        else:
            said = words.say("gap_until", until=self._when(gap.until)) if gap.until else words.say("gap_unknown")
        if gap.found:
            said += f"; {words.count('gap_found', gap.found)}"
            if gap.state == "partly":
                said += f"{words.say('list')}{words.say('gap_partly')}"
        elif key := _NOTHING_FOUND.get(gap.state):
            said += f"; {words.say(key)}"
        return f"{plain(gap.name).strip()}{self._colon}{said}"

    def _notice(self, one: Notice) -> str:
        return self._words.notice(one.kind, one.count, when=self._when(one.at), detail=plain(one.detail).strip())

    def _some(self, items: Sequence[str]) -> tuple[str, ...]:
        if len(items) <= _NAMES_SHOWN + 1:
            return tuple(items)
        rest = self._words.say("more", n=self._words.number(len(items) - _NAMES_SHOWN))
        return (*items[:_NAMES_SHOWN], rest)

    def _age(self, span: timedelta) -> str:
        return self._days(span.days) if span >= timedelta(days=2) else self._words.count("hours", round(span / timedelta(hours=1)))

    def _days(self, days: int) -> str:
        return self._words.count("days", days)
