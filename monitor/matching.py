"""Find who is meant: candidates by an automaton over folded text, evidence weighed for candidates only. Pure.

text -> fold -> Aho-Corasick -> word bounds, capitals, addresses -> evidence -> score -> Mention | Suppression
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from monitor.evidence import Field, Hit, Judge, Sense, weigh
from monitor.prefilter import Prefilter
from monitor.watchlist import Topic, Watchlist
from storage.items import Mention, Ownership, Suppression
from storage.text import fold

TOLD = 0.5  # a score from here on is told
_SNIPPET_WORDS = 40
_LOUD = 6  # hits of one topic that are weighed in one document; the first ones say who is meant


@dataclass(frozen=True, kw_only=True)
class Document:
    """What matching reads of an article; all texts cleaned (storage.text.clean_text)."""

    title: str
    text: str
    summary: str = ""
    url: str = ""
    language: str = ""
    outlet_host: str = ""
    ownership: Ownership = Ownership.EARNED


@dataclass(frozen=True, kw_only=True)
class Matches:
    """What a document mentions: at most one mention a topic, and the hits that were not told."""

    mentions: tuple[Mention, ...] = ()
    suppressions: tuple[Suppression, ...] = ()


class Matcher:
    """A watchlist made ready to search text; the automata are made when first needed."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._watchlist = watchlist
        self._judges = {topic.name: Judge(topic) for topic in watchlist.topics}

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics."""
        return self._watchlist.names

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether a page's bytes can hold any alias; may say yes wrongly, never no."""
        return self._prefilter.may_mention(page, encoding)

    def match(self, document: Document, verdicts: Mapping[str, str] | None = None) -> Matches:
        """Return what a document mentions, with the evidence.

        Args:
            verdicts: topic ("" for all) -> "not-us" or "is-us", as people decided.
        """
        fields = [
            Field(name=name, text=text, folded=fold(text))
            for name, text in (("title", document.title), ("summary", document.summary), ("text", document.text))
            if text
        ]
        found: dict[str, list[Hit]] = {}
        for field in fields:
            for hit in self._hits(field):
                among = found.setdefault(hit.sense.topic, [])
                if len(among) < 60:
                    among.append(hit)
        if not found:
            return Matches()
        whole = " ".join(field.folded for field in fields)
        mentions: list[Mention] = []
        suppressions: list[Suppression] = []
        for topic in self._watchlist.topics:
            hits = found.get(topic.name)
            if hits:
                said = (verdicts or {}).get(topic.name) or (verdicts or {}).get("")
                self._decide(topic, hits, document, whole, said, mentions, suppressions)
        return Matches(mentions=tuple(mentions), suppressions=tuple(suppressions))

    # ------------------------------------------------------------------ inside

    def _decide(
        self,
        topic: Topic,
        hits: list[Hit],
        document: Document,
        whole: str,
        said: str | None,
        mentions: list[Mention],
        suppressions: list[Suppression],
    ) -> None:
        judge = self._judges[topic.name]
        weighed = [(hit, weigh(judge, hit, document, whole, hits)) for hit in _worth(hits)]
        good = [(hit, result) for hit, result in weighed if result.score >= TOLD]
        if said == "not-us" or (not good and said != "is-us"):
            rules: set[str] = set()
            for hit, result in sorted(weighed, key=lambda pair: -pair[1].score):
                rule = "verdict" if said == "not-us" else result.rule
                if rule not in rules and rule != "frame":
                    rules.add(rule)
                    suppressions.append(_suppression(topic.name, hit, rule, result.score, result.parts))
            return
        ranked = sorted(good or weighed, key=lambda pair: (pair[1].passing, _ORDER[pair[0].field.name], -pair[1].score, pair[0].start))
        hit, result = ranked[0]
        if said == "is-us":
            result = replace(result, score=1.0, parts=(*result.parts, ("verdict", 1.0)))
        unit = _unit(topic.name, good or weighed)
        snippet, start = snippet_of(hit.field.text, hit.start, hit.end)
        mentions.append(
            Mention(
                topic=topic.name,
                alias=hit.field.text[hit.start : hit.end],
                field=hit.field.name,
                start=hit.start,
                end=hit.end,
                snippet=snippet,
                snippet_start=start,
                unit=unit,
                score=result.score,
                parts=result.parts,
                passing=result.passing,
            )
        )

    def _hits(self, field: Field) -> list[Hit]:
        """Candidates of a field in order, rivals' names among them; the longest at each place."""
        hits: list[Hit] = []
        for number, start, end in self._automaton.find_matches_as_indexes(field.folded):
            self._add(field, number, start, end, hits)
        return hits

    def _add(self, field: Field, number: int, start: int, end: int, hits: list[Hit]) -> None:
        for sense in self._senses[number]:
            if field.stands_alone(start, end) and sense.spelled(field.text[start:end]):
                hits.append(Hit(field=field, start=start, end=end, sense=sense))
                return
        # The longest name does not stand here; a shorter one inside it may.
        for inner, left, right in self._automaton.find_matches_as_indexes(field.folded[start + 1 : end]):
            self._add(field, inner, start + 1 + left, start + 1 + right, hits)

    @cached_property
    def _named(self) -> dict[str, list[Sense]]:
        senses: dict[str, list[Sense]] = {}
        for judge in self._judges.values():
            for sense in judge.senses():
                senses.setdefault(sense.folded, []).append(sense)
        return senses

    @cached_property
    def _senses(self) -> list[list[Sense]]:
        return list(self._named.values())

    @cached_property
    def _automaton(self) -> Any:
        from ahocorasick_rs import MATCHKIND_LEFTMOST_LONGEST, AhoCorasick

        return AhoCorasick(list(self._named), matchkind=MATCHKIND_LEFTMOST_LONGEST)

    @cached_property
    def _prefilter(self) -> Prefilter:
        return Prefilter(sense.written for senses in self._senses for sense in senses if not sense.rival)


_ORDER = {"title": 0, "summary": 1, "text": 2}


def _worth(hits: list[Hit]) -> list[Hit]:
    """The hits that are weighed: the first ones of each field, and one of each unit."""
    kept: list[Hit] = []
    counts: dict[object, int] = {}
    for hit in hits:
        if hit.sense.rival:
            kept.append(hit)
            continue
        key = (hit.field.name, hit.sense.unit)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= _LOUD:
            kept.append(hit)
    return kept


def _unit(topic: str, hits: list[tuple[Hit, Any]]) -> str:
    """The unit that the article is about: the one in its headline, else the only one it names."""
    titled = [hit.sense.unit for hit, _ in hits if hit.field.name == "title"]
    if titled:
        named = next((unit for unit in titled if unit), "")
        return f"{topic} › {named}" if named else ""
    units = list(dict.fromkeys(hit.sense.unit for hit, _ in hits))
    if not units[0] and len(hits) > 1 and sum(not hit.sense.unit for hit, _ in hits) > len(hits) / 2:
        return ""
    first = next((unit for unit in units if unit), "")
    return f"{topic} › {first}" if first else ""


def _suppression(topic: str, hit: Hit, rule: str, score: float, parts: tuple[tuple[str, float], ...]) -> Suppression:
    snippet, _ = snippet_of(hit.field.text, hit.start, hit.end)
    return Suppression(
        topic=topic,
        alias=hit.field.text[hit.start : hit.end],
        field=hit.field.name,
        start=hit.start,
        end=hit.end,
        snippet=snippet,
        rule=rule,
        score=score,
        parts=parts,
    )


def snippet_of(text: str, start: int, end: int) -> tuple[str, int]:
    """Return at most 40 words round a hit, on one line, and where the hit begins in them."""
    left, right = max(start - 220, 0), min(end + 260, len(text))
    before = text[left:start].replace("\n", " ")
    after = text[end:right].replace("\n", " ")
    hit = text[start:end].replace("\n", " ")
    # From the sentence's beginning where it is near, else so many words before.
    for mark in (". ", "! ", "? ", "… "):
        cut = before.rfind(mark)
        if cut >= 0:
            before = before[cut + len(mark) :]
    words = before.split(" ")
    if left and len(before) == start - left and words:
        words = words[1:]  # the first is cut in the middle
    words = words[-(_SNIPPET_WORDS // 2) :]
    room = max(_SNIPPET_WORDS - len(words) - len(hit.split()), 5)
    rest = after.split(" ")
    if right < len(text) and len(rest) > 1:
        rest = rest[:-1]
    kept = " ".join(rest[: room + 1])
    lead = " ".join(words)
    return lead + hit + kept.rstrip(), len(lead)
