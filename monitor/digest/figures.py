"""The digest in figures, said in words: its first sentence, and the plain twin of each chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from monitor.digest.facts import Facts
from monitor.digest.record import Count, Digest, Trend
from monitor.digest.safe import plain

_SHARES_SHOWN = 5
_NAMES_SHOWN = 8
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Share:
    """One part of a whole."""

    name: str
    n: int
    part: float  # 0 to 1
    said: str  # "61%"


@dataclass(frozen=True)
class Chart:
    """What is drawn, and what is said where nothing can be drawn."""

    label: str
    said: str
    days: tuple[tuple[date, int], ...] = ()  # a chart of days
    shares: tuple[Share, ...] = ()  # a chart of parts
    ends: tuple[str, str] = ("", "")  # first and last day, as written under the bars

    @property
    def bars(self) -> str:
        """The days as a row of block characters, for plain text; "" for a chart of parts."""
        most = max((n for _, n in self.days), default=0)
        # A day with anything on it never looks empty.
        return "".join(_BARS[-(-n * (len(_BARS) - 1) // most)] if n else _BARS[1] for _, n in self.days) if most else ""


class Figures:
    """What a digest's tally and trend say."""

    def __init__(self, digest: Digest, facts: Facts) -> None:
        self._digest = digest
        self._facts = facts
        self._words = facts.words

    def lead(self) -> str:
        """The digest in a sentence or two of plain facts; "" where there is nothing new."""
        tally, words = self._digest.tally, self._words
        if not tally.stories:
            return ""
        counted = (
            words.count("new_stories", tally.stories),
            words.count("in_articles", tally.articles),
            words.count("from_outlets", tally.outlets),
        )
        said = " ".join(counted)
        if tally.topics:
            topics = (f"{self._facts.topic(one.name)} {words.number(one.n)}" for one in tally.topics)
            said += f"{self._facts.colon}{words.say('list').join(topics)}"
        said += "."
        if tally.most is not None:
            headline = words.say("quote", text=plain(tally.most.headline).strip())
            said += f" {words.say('most_carried', headline=headline, outlets=words.count('outlets', tally.most.outlets))}"
        return said

    def title(self) -> str:
        """What stands above the charts; "" where there are none."""
        trend = self._digest.trend
        return self._words.say("trend", n=self._words.number(len(trend.days))) if trend and _total(trend) else ""

    def charts(self) -> list[Chart]:
        """The charts; none where the store has nothing to draw."""
        trend, words = self._digest.trend, self._words
        if trend is None or not _total(trend):
            return []
        charts = [self._days(trend)]
        for label, counts, name in (
            ("by_topic", trend.topics, self._facts.topic),
            ("by_language", trend.languages, words.language_name),
        ):
            if len(counts) > 1:
                shares = self._shares([Count(name=name(one.name), n=one.n) for one in counts])
                charts.append(Chart(words.say(label), words.say("list").join(f"{one.name} {one.said}" for one in shares), shares=shares))
        return charts

    def outlets(self) -> str:
        """The outlets that are new this week; "" where there are none, or no charts."""
        trend = self._digest.trend
        if trend is None or not trend.outlets or not _total(trend):
            return ""
        names = [plain(name).strip() for name in trend.outlets[:_NAMES_SHOWN]]
        said = self._words.say("list").join(names)
        rest = len(trend.outlets) - len(names)
        return f"{said} {self._words.say('more_outlets', n=self._words.number(rest))}" if rest else said

    def hidden(self) -> str:
        """What was left out, and why; "" where nothing was."""
        trend = self._digest.trend
        if trend is None or not trend.hidden:
            return ""
        shown = [f"{self._words.rule(one.name)} {self._words.number(one.n)}" for one in trend.hidden[:_NAMES_SHOWN]]
        if rest := sum(one.n for one in trend.hidden[_NAMES_SHOWN:]):
            shown.append(f"{self._words.say('rest')} {self._words.number(rest)}")
        return self._words.say("hidden_list", rules=self._words.say("list").join(shown))

    def _days(self, trend: Trend) -> Chart:
        words, facts = self._words, self._facts
        day, most = max(trend.days, key=lambda pair: pair[1])
        said = f"{words.count('articles', _total(trend))}{words.say('list')}{words.say('peak', day=facts.short(day), n=words.number(most))}"
        return Chart(words.say("per_day"), said, days=trend.days, ends=(facts.short(trend.days[0][0]), facts.short(trend.days[-1][0])))

    def _shares(self, counts: Sequence[Count]) -> tuple[Share, ...]:
        total = sum(one.n for one in counts)
        shown = list(counts) if len(counts) <= _SHARES_SHOWN + 1 else list(counts[:_SHARES_SHOWN])
        if rest := total - sum(one.n for one in shown):
            shown.append(Count(name=self._words.say("rest"), n=rest))
        return tuple(Share(one.name, one.n, one.n / total, self._words.percent(one.n / total)) for one in shown)


def _total(trend: Trend) -> int:
    return sum(n for _, n in trend.days)
