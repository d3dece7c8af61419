"""Weigh a hit: what speaks for the topic, what for somebody else of the same name. Every number has a name. Pure.

A score runs from 0 to 1; from 0.5 on a hit is told. A distinctive name starts at 0.9, an ambiguous one at its topic's prior; cues near it, in
the headline and in the whole document are added, those of a rival sense are taken away. The weights were set by hand; how well they hold
on text that they were not set on is measured by `python -m benchmarks matching`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.alone import against_alone
from monitor.cues import Cues
from monitor.frame import in_frame
from monitor.initials import is_abbreviation, spelled_out
from monitor.near import Near
from monitor.roles import AT_WORK, roles
from monitor.senses import Hit, Scene, Sense, Weight
from monitor.spelling import clean_alias, folded_variants
from monitor.watchlist import Topic, Unit
from storage.text import fold

if TYPE_CHECKING:
    from monitor.matching import Document

_FOLLOWING = 240
_THIN = 220  # code points; a document of headline and a sentence
_OF_FEW = 0.05
_DATELINE = re.compile(r"\s?:\s")  # "X : a fair opens" tells where, as often as who
_LOOKED_AT = 12  # ambiguous names of one topic whose neighbours are read
_PASSING = 60
_LIST = 80
_PERSON_AFTER = re.compile(r"\s([A-ZÀ-ÖØ-ÞĐ][a-zà-öø-ÿ]{2,})")
_AGE_AFTER = re.compile(r"\s?[,(]\s?(?:\d{1,2}(?=[,)\s])|âgée? de \d|aged \d|\d{1,2} (?:ans|years|tuổi|Jahre))")
# A capital inside the word, as in FUNiX: who writes it so means it.
_INNER_CAPITAL = re.compile(r"\w*(?:[a-zà-öø-ÿ][A-Z]|[A-Z][a-zà-öø-ÿ]\w*[A-Z]|[A-Z]{2,}[a-z])")
_AT_SOMEBODY = re.compile(r"\b(?:look|smil|laugh|star|yell|shout|wav|angry|mad|nod|point|glanc)\w* at\s\W?$")
_INITIALS = re.compile(r"[A-Z]{2,6}$")
_NO_SURNAMES = frozenset(
    "institute institut quebec ventures research launchpad montreal canada partner partners programme program community researchers professor lab "
    "labs academic scientific director directors and the annonce announces accueille welcomes launches lance joins ecosystem tech talks summit "
    "ouvre signe recrute devient opens hires names wins plans says said will has was is scientists scientist faculty students alumni conference "
    "fellow fellows forscher forscherin studie compute cluster cofounder founder chief ceo president".split()
)


class Judge:
    """A topic with its cues made ready to be looked for."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self._listed = frozenset(topic.list_of)
        self._at = _right_before(topic.at, small=True)
        self._before = _right_before(topic.before)
        self._articles = _right_before(topic.articles)
        self._not_before = _right_before(topic.not_before)
        self._passing_before = _right_before(topic.passing_before)

    def senses(self) -> Iterator[Sense]:
        """All names of the topic, its units and its rivals, in every spelling."""
        topic = self.topic
        for words, strong in ((topic.distinctive, True), (topic.ambiguous, False)):
            for written in words:
                yield from self._forms(written, distinctive=strong, any_case=topic.any_case)
        for unit in topic.units:
            for written in unit.aliases:
                yield from self._forms(written, unit=unit.path, any_case=topic.any_case, unit_data=unit)
            for written in unit.ambiguous:
                yield from self._forms(written, unit=unit.path, distinctive=False, unit_data=unit)
        for rival in topic.rivals:
            for written in rival.phrases:
                yield from self._forms(written, rival=rival.name)

    def _forms(self, name: str, **fields: object) -> Iterator[Sense]:
        for folded, written in folded_variants(name):
            yield Sense(self.topic.name, written, folded, **fields)  # type: ignore[arg-type]

    @cached_property
    def cues(self) -> Cues:
        """All cues of the topic; groups are named for the kind, and for the rival or unit that they belong to."""
        topic = self.topic
        groups = {"context": topic.context, "strong": (*topic.strong, *topic.people), "places": (*topic.places, *topic.regions)}
        groups |= {"kinds": topic.kinds, "against": topic.against, "passing": topic.passing_near}
        own = {fold(word) for words in groups.values() for word in words}  # a word of its own counts once, as that
        general = {"field": topic.fields, "field strong": topic.fields_strong, "around": topic.around, "other field": topic.other_fields}
        groups |= {group: tuple(word for word in words if fold(word) not in own) for group, words in general.items()}
        groups |= {f"rival {rival.name}": rival.cues for rival in topic.rivals}
        groups |= {f"unit {unit.path}": unit.context for unit in topic.units if unit.context}
        groups |= {f"not {unit.path}": unit.against for unit in topic.units if unit.against}
        return Cues(groups)

    def weigh(self, hits: Sequence[Hit], scene: Scene) -> list[tuple[Hit, Weight]]:
        """Weigh hits of the topic in a document."""
        told = _Told(self.topic, scene)
        return [(hit, self._weigh(hit, scene, told)) for hit in hits]

    # ------------------------------------------------------------------ inside

    def _weigh(self, hit: Hit, scene: Scene, told: _Told) -> Weight:
        topic, sense = self.topic, hit.sense
        if sense.rival:
            return Weight(score=0.0, rule=f"rival: {sense.rival}", parts=((sense.rival, -1.0),))
        field = hit.field
        if field.name == "text" and in_frame(field.text, field.folded, hit.start, hit.end, scene.recurring):
            return Weight(score=0.0, rule="frame", parts=(("frame", -1.0),))
        near = Near(hit, scene)
        rival, against = self._rivals(near, scene)
        owned = _owned(topic, scene.document)
        rule = f"rival: {rival}" if against else "no context"
        if sense.distinctive:
            parts = [("distinctive name", 0.9)]
            if against and not owned:
                # A full name may stand beside its rival's: it gives way only where nothing at all speaks for it.
                most = -0.35 if near.count("context", "strong", "places") else -0.45
                parts.append((f"rival: {rival}", max(most, -against / 2)))
        else:
            role = told.role(hit)
            # A name that is said in place to be what we mean ("the AI institute Mila") is ours, whoever else the text tells of.
            said = near.beside("kinds") and near.count("strong", "field strong") > 0
            organised = any(name == AT_WORK for name, _ in role)
            parts = [("name", topic.prior)]
            if sense.unit_data is not None:
                parts += self._unit_support(sense.unit_data, near, role)
            else:
                more = hit.field.name == "title" or near.count("around", "places", "context") > 0 or any(value > 0 for _, value in role)
                thin = more and len(scene.whole) < _THIN and not _DATELINE.match(hit.field.text, hit.end)
                parts += self._support(hit, near, scene) + role
                parts += self._fields(near, said=said or organised, other=any(value < 0 for _, value in role), thin=thin)
            if against:
                # Words of a rival's world give way to grammar: "a student at X", whatever age the headline gives her.
                parts.append(
                    (f"rival: {rival}", -min(against, 0.5) if said else -against / 2 if organised and self._is_person(rival) else -against)
                )
            others = told.others(hit)
            parts += others
            rule = others[0][0] if others and not against else rule
        if owned:
            parts.append(("own site", 0.5))
        score = round(min(max(sum(value for _, value in parts), 0.0), 1.0), 4)
        named = tuple((name, round(value, 3)) for name, value in parts)
        return Weight(score=score, rule=rule, parts=named, passing=self._passing(hit, near))

    def _unit_support(self, unit: Unit, near: Near, role: list[tuple[str, float]]) -> list[tuple[str, float]]:
        parts = list(role)
        close, far = near.count(f"unit {unit.path}"), near.far(f"unit {unit.path}")
        if close:
            parts.append(("context near", min(0.15 + 0.15 * close, 0.45)))
        elif far > 1:
            parts.append(("context", 0.15))
        against = near.count(f"not {unit.path}")
        if against:
            parts.append(("against", -0.3 * min(against, 2)))
        return parts

    def _support(self, hit: Hit, near: Near, scene: Scene) -> list[tuple[str, float]]:
        """What speaks for the topic round an ambiguous name."""
        topic, parts = self.topic, []
        if _INNER_CAPITAL.match(hit.sense.written) and hit.field.text[hit.start : hit.end] == hit.sense.written:
            parts.append(("as it writes itself", 0.25))
        home = topic.home_languages.get(scene.language, 0.0)
        if home:
            parts.append((f"language {scene.language}", home))
        host = scene.document.outlet_host
        outlet = max((value for end, value in topic.home_outlets.items() if host == end or host.endswith("." + end)), default=0.0)
        if outlet:
            parts.append(("outlet", outlet))
        close = near.count("context") + 2 * near.count("strong")
        if close:
            parts.append(("context near", min(0.12 + 0.1 * close, 0.62)))
        if near.beside("kinds"):
            parts.append(("what it is called", 0.25))
        before = near.words_before
        if self._at is not None and self._at.search(hit.field.text[max(hit.start - 24, 0) : hit.start]) and not _AT_SOMEBODY.search(before):
            parts.append(("as a place of work", 0.22))
        elif self._before is not None and self._before.search(before) and (close or near.count("field strong") or near.count("field") > 1):
            parts.append(("as a place of work", 0.1))
        if near.owned_by("places"):
            parts.append(("of its place", 0.2))
        if self._articles is not None and scene.language != "en" and self._articles.search(near.words_before):
            # "am", "do" and "no" are English words, too.
            parts.append(("with an article", 0.3 if scene.language else 0.25))
        if self._not_before is not None and self._not_before.search(near.words_before):
            parts.append(("a given name", -0.3))
        far = near.far("context") + 2 * near.far("strong")
        if far:
            # Far words alone never carry a name that is mostly somebody else's.
            parts.append(("context", min(0.06 * far, 0.3 if close else 0.24)))
        places = min(0.1 * near.count("places") + 0.05 * near.far("places"), 0.16)
        if places:
            parts.append(("places", places))
        against = near.count("against")
        if against:
            parts.append(("against", -0.25 * min(against, 2)))
        if any(other.sense.distinctive and not other.sense.rival and not other.sense.unit for other in scene.hits):
            parts.append(("full name elsewhere", 0.5))
        return parts

    def _fields(self, near: Near, *, said: bool, other: bool, thin: bool) -> list[tuple[str, float]]:
        """What the words of whole fields say: one says little, and none carries the name alone."""
        parts = []
        strong, weak = near.count("field strong"), near.count("field")
        value = (0.14 + 0.12 * strong if strong else 0.0) + 0.07 * weak
        others = 0.1 * near.count("other field") + 0.03 * near.far("other field")
        if value:
            # Where a text is no more than a headline, each of its few words says more of what it is about.
            parts.append(("its field near", min(value + (_OF_FEW if thin and not other and not others else 0.0), 0.4)))
        far = 0.03 * near.far("field") + 0.06 * near.far("field strong")
        if far:
            parts.append(("its field", min(far, 0.12)))
        if (strong or weak) and near.count("places") and not other:
            parts.append(("its field in its place", 0.12))
        around = 0.06 * near.count("around") + 0.02 * near.far("around")
        if around:
            parts.append(("organisations", min(around, 0.15)))
        if others and not said:
            parts.append(("other fields", -min(others, 0.3)))
        return parts

    def _is_person(self, name: str) -> bool:
        return any(rival.person for rival in self.topic.rivals if rival.name == name)

    def _rivals(self, near: Near, scene: Scene) -> tuple[str, float]:
        """The rival sense with most for it, and its weight."""
        best, most = "", 0.0
        named = {other.sense.rival for other in scene.hits if other.sense.rival}
        for rival in self.topic.rivals:
            group = f"rival {rival.name}"
            value = min(0.25 * near.count(group), 0.5) + min(0.1 * near.far(group), 0.3) + (0.4 if rival.name in named else 0.0)
            if value > most:
                best, most = rival.name, value
        # A single far word is chance.
        return (best, most) if most >= 0.2 else ("", 0.0)

    def _passing(self, hit: Hit, near: Near) -> bool:
        """Whether the name stands in a list, a street, a sponsor's line."""
        if self._passing_before is not None and self._passing_before.search(near.words_before):
            return True
        if self._listed:
            around = hit.field.text[max(hit.start - _LIST, 0) : hit.end + _LIST]
            if len(self._listed.intersection(re.findall(r"\w+", around))) >= 2:
                return True
        return hit.field.name != "title" and near.within("passing", _PASSING)


class _Told:
    """What a document itself says of a topic's ambiguous names: as whose it uses them, and what they are short for."""

    def __init__(self, topic: Topic, scene: Scene) -> None:
        self._topic, self._scene = topic, scene
        self._roles: dict[int, list[tuple[str, float]]] = {}
        self._here = [hit for hit in scene.hits if not hit.sense.rival and not hit.sense.distinctive][:_LOOKED_AT]
        self._full = any(hit.sense.distinctive and not hit.sense.rival for hit in scene.hits)

    def role(self, hit: Hit) -> list[tuple[str, float]]:
        """What the words right beside a hit make of it (see `Roles.read`)."""
        known = self._roles.get(id(hit))
        if known is None:
            known = roles().read(
                hit.field,
                hit.start,
                hit.end,
                language=self._scene.language,
                initials=is_abbreviation(hit.sense.written),
                following=self._following(hit),
            )
            self._roles[id(hit)] = known
        return known

    def others(self, hit: Hit) -> list[tuple[str, float]]:
        """What speaks for a person, or for another name of the same letters."""
        if is_abbreviation(hit.sense.written) and self._scene.language not in self._topic.home_languages:
            return [] if self._full or not self._short_for else [(f"short for: {self._short_for}", -0.5)]
        if self._topic.alone and not hit.sense.unit:
            here = self._here_against(hit)
            elsewhere = any(other is not hit and _same_name(other, hit) and self._here_against(other) for other in self._here)
            return here or ([("somebody else elsewhere", -0.45)] if elsewhere else [])
        if self._topic.any_case or is_abbreviation(hit.sense.written) or hit.sense.unit:
            return []
        if _person(hit):
            return [("a first name", -0.45)]
        if any(other is not hit and _same_name(other, hit) and self._another(other) for other in self._here):
            return [("a first name elsewhere", -0.35)]
        return []

    def _following(self, hit: Hit) -> str:
        end = hit.field.base + hit.end
        return self._scene.folded[end : end + _FOLLOWING]

    def _here_against(self, hit: Hit) -> list[tuple[str, float]]:
        return against_alone(hit.field, hit.start, hit.end, self._scene.whole, any_case=self._topic.any_case)

    def _another(self, hit: Hit) -> bool:
        return (hit.field.name == "text" and _person(hit)) or any(value <= -0.3 for _, value in self.role(hit))

    @cached_property
    def _short_for(self) -> str:
        ours = [fold(name) for name in (*self._topic.short_for, *self._topic.distinctive)]
        for hit in self._here[:3]:
            meant = spelled_out(self._scene.whole, hit.field.base + hit.start, hit.field.base + hit.end)
            if meant and not any(fold(meant) in name or name in fold(meant) for name in ours):
                return meant
        return ""


def _right_before(words: Sequence[str], *, small: bool = False) -> re.Pattern[str] | None:
    """What matches text that ends with one of these words; with `small` text that is not folded ("Chez Mila" is a café)."""
    written = [word if small else fold(clean_alias(word)) for word in words]
    either = "|".join(re.escape(word) for word in written)
    return re.compile(rf"(?<!\w)(?:{either})\s\W?$") if either else None


def _person(hit: Hit) -> bool:
    """Whether a surname or an age follows: "Mila Antonova", "Mila, 8 ans"."""
    after = hit.field.text[hit.end : hit.end + 40]
    if _AGE_AFTER.match(after):
        return True
    found = _PERSON_AFTER.match(after)
    return found is not None and fold(found[1]) not in _NO_SURNAMES


def _same_name(one: Hit, other: Hit) -> bool:
    """Whether both are the same ambiguous name of the topic itself."""
    return not one.sense.rival and not one.sense.distinctive and not one.sense.unit and one.sense.folded == other.sense.folded


def _owned(topic: Topic, document: Document) -> bool:
    host = document.outlet_host
    return any(host == one or host.endswith("." + one) for one in topic.owned_domains)


def worth(hits: Sequence[Hit], most: int) -> list[Hit]:
    """The hits that are weighed: all of rivals, and of each field and unit the first ones."""
    kept: list[Hit] = []
    counts: dict[object, int] = {}
    for hit in hits:
        if not hit.sense.rival:
            key = (hit.field.name, hit.sense.unit)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] > most:
                continue
        kept.append(hit)
    return kept
