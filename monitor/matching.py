"""Find who is meant: candidates by an automaton over folded text, evidence weighed for candidates only. Pure.

text -> fold -> Aho-Corasick -> word bounds, capitals, marks, addresses -> cues -> score -> Mention | Suppression
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from monitor.evidence import Judge, worth
from monitor.familiar import familiar_terms
from monitor.prefilter import Prefilter
from monitor.senses import Field, Hit, Scene, Sense, Weight, language_of
from monitor.spam import spam_rule
from monitor.spelling import WORDLESS, is_cut_out, stands_alone
from monitor.watchlist import Watchlist
from storage.items import MUTED, Mention, Ownership, Suppression
from storage.text import fold

TOLD = 0.5  # a score from here on is told
_SNIPPET_WORDS = 40
_MOST = 120  # names of one topic that are looked at in one field
_KEPT_BACK = {"not-us": "verdict", "muted": MUTED}  # what a person said -> the rule that is written down
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

    @cached_property
    def familiar(self) -> frozenset[int]:
        """Terms of the watchlist itself: they are in all articles on a topic, and link no two of them."""
        return familiar_terms(self._watchlist)

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether a page's bytes can hold any alias; may say yes wrongly, never no."""
        return self._prefilter.may_mention(page, encoding)

    def match(
        self,
        document: Document,
        verdicts: Mapping[str, str] | None = None,
        *,
        recurring: frozenset[str] = frozenset(),
        frames: bool = False,
    ) -> Matches:
        """Return what a document mentions, with the evidence.

        Args:
            verdicts: topic ("" for all) -> "not-us" or "is-us", as people decided.
            recurring: folded lines that are known to stand on many pages of the outlet: frame (see `monitor.frame`).
            frames: also tell of hits that stand in the page's frame only.
        """
        if not self._prefilter.may_stand_in(f"{document.title}\n{document.summary}\n{document.text}"):
            return Matches()  # most articles: they need no folding
        fields = _fields(document)
        found = self._candidates(fields)
        if not found:
            return Matches()
        whole = "\n".join(field.text for field in fields)
        folded = "\n".join(field.folded for field in fields)
        mentions: list[Mention] = []
        suppressions: list[Suppression] = []
        for topic in self._watchlist.topics:
            hits = tuple(found.get(topic.name, ()))
            if not hits:
                continue
            judge = self._judges[topic.name]
            language = language_of(document.language, whole)
            cues = tuple(judge.cues.find(whole, folded))
            scene = Scene(
                document=document, fields=fields, cues=cues, hits=hits, language=language, whole=whole, folded=folded, recurring=recurring
            )
            weighed = judge.weigh(worth(hits, _LOUD), scene)
            if document.ownership is not Ownership.OWNED and (spam := spam_rule(folded, hits)):
                weighed = [(hit, replace(weight, score=0.0, rule=spam, parts=(*weight.parts, (spam, -1.0)))) for hit, weight in weighed]
            said = (verdicts or {}).get(topic.name) or (verdicts or {}).get("")
            mention, hidden = _decide(topic.name, weighed, said, frames=frames)
            mentions += [mention] if mention else []
            suppressions += hidden
        return Matches(mentions=tuple(mentions), suppressions=tuple(suppressions))

    # ------------------------------------------------------------------ inside

    def _candidates(self, fields: tuple[Field, ...]) -> dict[str, list[Hit]]:
        """Names as written in the fields, rivals' among them, by topic; of names that overlap the most specific."""
        found: dict[str, list[Hit]] = {}
        for field in fields:
            here: dict[str, list[Hit]] = {}
            for number, start, end in self._automaton.find_matches_as_indexes(field.folded, overlapping=True):
                self._add(field, number, start, end, here)
            for topic, hits in here.items():
                found.setdefault(topic, []).extend(_specific(hits))
        return found

    def _add(self, field: Field, number: int, start: int, end: int, here: dict[str, list[Hit]]) -> None:
        alone: bool | None = None
        found = field.text[start:end]
        for sense in self._senses[number]:
            hits = here.setdefault(sense.topic, [])
            if len(hits) >= _MOST or (hits and (hits[-1].start, hits[-1].end) == (start, end)) or not sense.spelled(found):
                continue
            if alone is None:
                alone = stands_alone(field.text, start, end)
            if alone and not (sense.unit and is_cut_out(field.text, field.folded, start, end)):
                hits.append(Hit(field=field, start=start, end=end, sense=sense))

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
        from ahocorasick_rs import MATCHKIND_STANDARD, AhoCorasick

        return AhoCorasick(list(self._named), matchkind=MATCHKIND_STANDARD)

    @cached_property
    def _prefilter(self) -> Prefilter:
        return Prefilter(name for topic in self._watchlist.topics for name in topic.aliases)


def _fields(document: Document) -> tuple[Field, ...]:
    fields: list[Field] = []
    base = 0
    for name, text in (("title", document.title), ("summary", document.summary), ("text", document.text)):
        if text:
            fields.append(Field(name=name, text=text, folded=fold(text), base=base))
            base += len(text) + 1
    return tuple(fields)


def _specific(hits: list[Hit]) -> list[Hit]:
    """Of hits of one topic that overlap the one that reaches farthest right, then left: of "công ty FPT Telecom" the latter two words."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda one: (-one.end, one.start)):
        if not kept or hit.end <= kept[-1].start:
            kept.append(hit)
    return kept[::-1]


def _decide(topic: str, weighed: list[tuple[Hit, Weight]], said: str | None, *, frames: bool) -> tuple[Mention | None, list[Suppression]]:
    """The mention that is told of a topic, or the hits that are not, each rule once."""
    good = [(hit, weight) for hit, weight in weighed if weight.score >= TOLD]
    if said in _KEPT_BACK or (not good and said != "is-us"):
        hidden: dict[str, Suppression] = {}
        for hit, weight in sorted(weighed, key=lambda pair: -pair[1].score):
            rule = _KEPT_BACK.get(said or "", weight.rule)
            if rule not in hidden and (frames or rule != "frame"):
                hidden[rule] = _suppression(topic, hit, rule, weight)
        return None, list(hidden.values())
    pairs = good or [(hit, weight) for hit, weight in weighed if not hit.sense.rival] or weighed
    hit, weight = min(pairs, key=lambda pair: (pair[1].passing, _ORDER[pair[0].field.name], -pair[1].score, pair[0].start))
    if said == "is-us":
        weight = replace(weight, score=1.0, parts=(*weight.parts, ("verdict", 1.0)))
    snippet, start = snippet_of(hit.field.text, hit.start, hit.end)
    mention = Mention(
        topic=topic,
        alias=hit.field.text[hit.start : hit.end],
        field=hit.field.name,
        start=hit.start,
        end=hit.end,
        snippet=snippet,
        snippet_start=start,
        unit=_unit(topic, hit, pairs),
        score=weight.score,
        parts=weight.parts,
        passing=weight.passing,
    )
    return mention, []


_ORDER = {"title": 0, "summary": 1, "text": 2}


def _unit(topic: str, told: Hit, hits: list[tuple[Hit, Any]]) -> str:
    """The unit that the article is about: the one in its headline, else that of the name that is told, else the only one beside the bare name.

    Args:
        told: the hit that a digest shows; "Tập đoàn FPT" is the whole by its full name, whatever units the article lists, too.
    """
    titled = [hit.sense.unit for hit, _ in hits if hit.field.name == "title"]
    unit = next((unit for unit in titled if unit), "") if titled else told.sense.unit
    if not titled and not unit and not told.sense.distinctive:
        units = [hit.sense.unit for hit, _ in hits]
        bare = sum(not one for one in units)
        others = {one for one in units if one}
        unit = others.pop() if len(others) == 1 and 2 * bare <= len(units) else ""
    return f"{topic} › {unit}" if unit else ""


def _suppression(topic: str, hit: Hit, rule: str, weight: Weight) -> Suppression:
    snippet, _ = snippet_of(hit.field.text, hit.start, hit.end)
    return Suppression(
        topic=topic,
        alias=hit.field.text[hit.start : hit.end],
        field=hit.field.name,
        start=hit.start,
        end=hit.end,
        snippet=snippet,
        rule=rule,
        score=weight.score,
        parts=weight.parts,
    )


def snippet_of(text: str, start: int, end: int) -> tuple[str, int]:
    """Return at most 40 words round a hit (of a script without spaces, 80 characters), on one line, and where the hit begins in them."""
    left, right = max(start - 220, 0), min(end + 260, len(text))
    hit = text[start:end].replace("\n", " ")
    before = _words(text[left:start])
    if left:
        before = before[1:]  # the first is cut in the middle
    # From the sentence's beginning where it is near, else so many words before.
    for at in range(len(before) - 1, 0, -1):
        ends = before[at - 1][-1:]
        if ends in "。！？" or (ends in ".!?…" and before[at][:1] == " " and before[at].strip()):
            before = before[at:]
            break
    lead = "".join(before[-(_SNIPPET_WORDS // 2) :]).lstrip()
    after = _words(text[end:right])
    if right < len(text):
        after = after[:-1]
    room = _SNIPPET_WORDS - len(_words(lead)) - len(_words(hit))
    return lead + hit + "".join(after[: max(room, 0)]).rstrip(), len(lead)


def _words(text: str) -> list[str]:
    """A text cut before each word, on one line; of a script without spaces, before each second character. Joined they are the text."""
    return _WORD.findall(text.replace("\n", " "))


_WORD = re.compile(rf" *(?:{WORDLESS.pattern}{{1,2}}|[^ {WORDLESS.pattern[1:-1]}]+)| +$")
