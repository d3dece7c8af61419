"""What the words right beside a name make of it: an organisation, a first name, a thing, a place. Pure.

Grammar does not hang on what an article is about: "a researcher at X", "X's director", "X names new", "Amii, X and Vector" are said of institutions,
"X's mother", "little X", "the chatbot X", "X, Emma and Noah" are not. The words are data (`profiles/roles.toml`), the same for all topics.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from monitor.cues import Cue, Cues
from monitor.senses import Field
from storage.text import fold

Part = tuple[str, float]

AT_WORK = "where somebody works"  # grammar that leaves no doubt
_WINDOW = 72  # code points on either side, of the same sentence
_MOST = 0.4
_OF_INITIALS = 0.6  # other organisations have the same initials
_WORD_END = re.compile(r"\w*")  # of a word that is given by its beginning
_SENTENCE = re.compile(r"[.!?…。！？](?=\s|$)|[\n;。]")
_HEAD = r"(?:\s(?:the|le|la|les|vien|cong ty|tap doan|instituts?|institute|group|groupe)\b|\sl')?\s?\W?"  # "at the institute X"
_RIGHT_BEFORE = re.compile(_HEAD)
_OF = re.compile(r"\s(?:(?:of|de|cua|von|di|du)\s)?\W?|\sd'")
_OWNS = re.compile(r"(?:'s|')\s(?:[\w-]+\s){0,2}?")
_SUM = re.compile(r"[$€£¥]\s?\d|\d\s?(?:[$€£]|million|milliard|billion|trieu|ty\b|mio|mrd|bn|m\b|k\b)|\b[mb]illions?\b")
_GIVEN_TO = re.compile(r"\b(?:to|for|a|au|pour|cho|an|fur|al|para)\s\W?$")
_RAISES = re.compile(
    r"\s(?:to\s)?(?:raise[sd]?|gets|wins|receives|leve|recoit|a recu|obtient|a obtenu|huy dong|nhan|duoc cap|erhalt)\s(?:[a-z]{0,2}[$€£¥]\s?)?\d"
)
_OWNS_PERSON = re.compile(r"['’]s\s[A-ZÀ-ÖØ-Þ][\w'’-]+\s(?:[A-Z]\.\s)?[A-ZÀ-ÖØ-Þ][\w'’-]+(?=[\s,.;:)”\"]|$)")
_OWNS_SOMEBODY = re.compile(r"['’]s\s[A-Z][a-z]+\s[a-z]{3,}")  # "FPT's Binh named": nobody says so of a pipe's thread
_DETERMINER = re.compile(r"\b(?:an?|this|that|every|another|each|its)\s$", re.I)  # as written: "à" is no article
_COMMON_NOUN = re.compile(r"\s[a-z]{3,}")
_PRONOUN = re.compile(r"\b(?:she|her|hers|herself|his|him|elle|co ay|ella|lei)\b")
_AND_I = re.compile(r"\s(?:and|et|und|va|y)\s(?:i|me|moi|ich|toi|yo)\b")
_THEN_SHE = re.compile(
    r"[^.!?\n]{0,120}[.!?\n]\s?(?:she|her|he|his|elle|sie|ella|lei|co ay|(?:the|la|l'|die|la) ?(?:young|jeune|junge) (?:woman|man|girl|femme|fille|homme|frau)"
    r"|the (?:girl|teenager|actress|singer)|l'adolescente|la (?:fillette|chanteuse|comedienne)|co gai|nu (?:dien vien|ca si))\s"
)
_PLACE_BEFORE = re.compile(r"\b(?:(?:located|lives?|living|born|arrested|killed|hiking) in|(?:north|south|east|west)\w* of)\s\W?$")
_APPOSITION = re.compile(
    r",\s(?:(?:an?|the|une?|la|le|its|their|your|our|my|votre|notre|ein|eine|der|die|das|mot|el|il|lo|um|uma)\s|l')?|\s\((?:(?:an?|the|une?|la|le)\s)?"
)
_ARTICLES = frozenset(("the", "la", "le", "les", "das", "die", "der"))
_WORDS = r"(?P<words>[\w'.&-]+(?:\s[\w'.&-]+){0,2})"
_GROUPS = (
    "posts",
    "posts_before",
    "works",
    "compounds",
    "does",
    "does_surely",
    "does_with",
    "objects",
    "gifts",
    "gets",
    "done_to",
    "kin",
    "called",
    "things",
    "places",
    "firm",
)


@dataclass(frozen=True, slots=True)
class _Side:
    """The words of a sentence before or after a name: folded, as written, and the cues among them."""

    folded: str
    written: str
    cues: tuple[Cue, ...]

    def of(self, *groups: str) -> Iterator[Cue]:
        return (cue for cue in self.cues if cue.group in groups)

    def ends_with(self, gap: re.Pattern[str], *groups: str) -> bool:
        """Whether one of these stands before the name, with such words between."""
        return any(gap.fullmatch(self.folded, cue.end) for cue in self.of(*groups))

    def begins_with(self, gap: re.Pattern[str], *groups: str) -> Cue | None:
        """The one that stands after the name, with such words between."""
        return next((cue for cue in self.of(*groups) if gap.fullmatch(self.folded, 0, cue.start)), None)


class Roles:
    """The rules made ready to be read.

    Args:
        words: the tables of `profiles/roles.toml`.
    """

    def __init__(self, words: dict[str, list[str]]) -> None:
        links, both = (_either(words[key]) for key in ("links", "and"))
        self._cues = Cues({group: words[group] for group in _GROUPS})
        self._post_of = re.compile(rf"(?:\s[\w'-]+){{0,3}}?\s(?:{links}){_HEAD}")
        self._work_of = re.compile(rf"(?:\s[\w'-]+){{0,2}}?\s(?:{links}){_HEAD}")
        self._subject = re.compile(rf"(?:\s\([^)]{{0,30}}\))?(?:\s(?:{both})\s[\w'-]+(?:\s[\w'-]+)?)?\s(?:[\w-]+\s)?")
        self._next = re.compile(rf"(?:\s?(?P<comma>,)|\s(?:{both})(?=\s))\s?{_WORDS}")
        self._previous = re.compile(rf"{_WORDS}(?:(?P<comma>,)|,?\s(?:{both}))(?:\s(?:{links}))?\s\W?$")
        self._glued = re.compile("|".join(words["glued"]))
        self._posts = re.compile(rf"(?:{_either(words['posts'])})$")
        self._organisations = frozenset(fold(word) for word in words["organisations"])
        self._first_names = frozenset(words["first_names"])

    def read(self, field: Field, start: int, end: int, *, language: str = "", initials: bool = False, following: str = "") -> list[Part]:
        """Return what the words beside a place of a field make of the name there, and its weight: above 0 for an organisation, below 0 for something else.

        Args:
            following: what stands after the name, folded, beyond its own sentence and field.
            initials: the name is an abbreviation, which is said of things too ("an FPT fitting"): a noun after it tells nothing.
        """
        before, after = self._sides(field, start, end)
        against = list(self._against(before, after))
        if not before.folded.strip(" \"'") and _THEN_SHE.match(following) and not any(after.of("posts")):
            against.append(("as of a person", -0.3))
        if against:
            return [min(against, key=lambda part: part[1])]
        found = sorted(self._for(before, after, language, initials), key=lambda part: -part[1])
        if not found:
            subject = not before.folded.strip(" \"'")
            return [("as of a person", -0.15)] if subject and _PRONOUN.search(after.folded) else []
        # The best rule counts whole, the second one half.
        second = found[1][1] if len(found) > 1 else 0.0
        value = min(found[0][1] + second / 2, _MOST)
        return [(found[0][0], round(value * _OF_INITIALS if initials else value, 3))]

    def is_first_name(self, word: str) -> bool:
        """Whether many people bear it."""
        return fold(word) in self._first_names

    # ------------------------------------------------------------------ inside

    def _for(self, before: _Side, after: _Side, language: str, initials: bool) -> Iterator[Part]:
        if before.ends_with(self._post_of, "posts") or (language in ("vi", "") and before.ends_with(_RIGHT_BEFORE, "posts_before")):
            yield AT_WORK, 0.3
        elif before.ends_with(self._work_of, "works"):
            yield "whose work", 0.25
        yield from self._owned(before, after, initials)
        does = next(filter(None, (after.begins_with(self._subject, group) for group in ("does_surely", "does", "does_with"))), None)
        sure = does is not None and any(does.start <= cue.start < does.end + 44 for cue in after.of("objects", "posts"))
        if self._glued.match(after.folded.lstrip()) or _RAISES.match(after.folded):
            yield "does as organisations do", 0.35
        elif does and (sure or does.group != "does_with"):
            yield "does as organisations do", 0.35 if sure else 0.3 if does.group == "does_surely" else 0.22
        if before.ends_with(_RIGHT_BEFORE, "done_to") and not after.folded.startswith("'s "):
            yield "dealt with as organisations are", 0.22
        if _GIVEN_TO.search(before.folded) and _SUM.search(before.folded):
            yield "given money", 0.25
        if self._listed(before, after, self._organised):
            yield "listed with organisations", 0.22

    def _owned(self, before: _Side, after: _Side, initials: bool) -> Iterator[Part]:
        if after.begins_with(_OWNS, "posts") or self._owns_person(after.written):
            yield "whose people", 0.3
        elif after.begins_with(_OWNS, "works"):
            yield "whose work", 0.2
        elif initials:
            if _OWNS_SOMEBODY.match(after.written):
                yield "whose people", 0.15
            elif any(cue.start == 1 for cue in after.of("firm")):
                yield "as of a company", 0.2
        elif any(cue.start == 1 and after.folded[0] in " -" for cue in after.of("compounds")):
            yield "whose people", 0.25
        elif _DETERMINER.search(before.written) and _COMMON_NOUN.match(after.written):
            yield "before a noun", 0.15

    def _against(self, before: _Side, after: _Side) -> Iterator[Part]:
        for cue in before.of("kin", "called", "things", "places"):
            gap = before.folded[cue.end :]
            right_before, of = not gap.strip(" \"'("), _OF.fullmatch(gap)
            if (cue.group == "kin" and of) or (cue.group == "called" and right_before):
                yield "as of a person", -0.35
            elif cue.group == "things" and right_before:
                yield "as of a thing", -0.4
            elif cue.group == "places" and of:
                yield "as of a place", -0.35
        owns = after.folded.index(" ") + 1 if after.folded.startswith(("'s ", "' ")) else -1
        lead = _APPOSITION.match(after.folded)
        article = lead is not None and (lead[0].count(" ") > 1 or lead[0].endswith("'") or "(" in lead[0])
        for cue in after.of("kin", "called", "things") if owns > 0 or lead else ():
            if cue.group == "kin" and cue.start == owns:
                yield "as of a person", -0.35
            elif lead and cue.group == "things" and cue.start - lead.end() < (24 if article else 1):
                yield "as of a thing", -0.4
            elif lead and cue.group == "called" and article and cue.start - lead.end() < 12:
                yield "as of a person", -0.3
        if self._listed(before, after, lambda words, _: self.is_first_name(words[0])):
            yield "listed with first names", -0.35
        gets = after.begins_with(self._subject, "gets")
        if gets and not before.folded.strip(" \"'") and any(cue.start - gets.end < 24 for cue in after.of("gifts")):
            yield "as of a person", -0.3
        if _AND_I.match(after.folded):
            yield "as of a person", -0.35
        if _PLACE_BEFORE.search(before.folded):
            yield "as of a place", -0.35

    def _owns_person(self, written_after: str) -> bool:
        """Whether "X's Jane Smith" follows, and not "X's Mountain Bakery"."""
        found = _OWNS_PERSON.match(written_after)
        return found is not None and not any(fold(word) in self._organisations for word in found[0].split())

    def _listed(self, before: _Side, after: _Side, fits: Callable[[Sequence[str], bool], bool]) -> bool:
        """Whether the name beside this one in a list is of a kind.

        Args:
            fits: is given the words as written from the first capital on, and whether an article led them ("and the Red Cross").
        """
        found = self._next.match(after.folded)
        words = after.written[found.start("words") : found.end("words")].split() if found else []
        at = _first_capital(words)
        if found and at is not None:
            # After a comma an article begins an apposition: "X, the AI chatbot".
            article = not words[at][0].isupper() or (at > 0 and fold(words[at - 1]) in _ARTICLES)
            if (at == 0 or article) and not (article and found["comma"]) and fits(words[at:], article):
                return True
        found = self._previous.search(before.folded)
        words = before.written[found.start("words") : found.end("words")].split() if found else []
        at = _first_capital(words) if words and words[-1][:1].isupper() else None
        return at is not None and fits(words[at:], at > 0 and fold(words[at - 1]) in _ARTICLES)

    def _organised(self, words: Sequence[str], article: bool) -> bool:
        if self._posts.match(fold(words[0])):
            return False  # "X, CEO of"
        capitals = any(len(word) > 1 and word.isalpha() and any(letter.isupper() for letter in word[1:]) for word in words[:2])
        return article or capitals or any(fold(word).strip(".,'") in self._organisations for word in words)

    def _sides(self, field: Field, start: int, end: int) -> tuple[_Side, _Side]:
        left, right = max(start - _WINDOW, 0), min(end + _WINDOW, len(field.text))
        for stop in _SENTENCE.finditer(field.folded, left, start):
            left = stop.end()
        stop_after = _SENTENCE.search(field.folded, end, right)
        if stop_after:
            right = stop_after.start()
        return self._side(field, left, start), self._side(field, end, right)

    def _side(self, field: Field, start: int, end: int) -> _Side:
        folded, written = field.folded[start:end], field.text[start:end]
        found = self._cues.find(written, folded)
        return _Side(folded, written, tuple(cue._replace(end=_WORD_END.match(folded, cue.end).end()) for cue in found))  # type: ignore[union-attr]


def _first_capital(words: Sequence[str]) -> int | None:
    """Where in some words a name begins: "the Red Cross", "l'ONU"."""
    return next((at for at, word in enumerate(words) if word[:1].isupper() or (word[:2] in ("l'", "l’") and word[2:3].isupper())), None)


@cache
def roles() -> Roles:
    """The rules that come with the program."""
    text = (resources.files(__package__) / "profiles" / "roles.toml").read_text("utf-8")
    return Roles(tomllib.loads(text))


def _either(words: Sequence[str]) -> str:
    """One expression for any of these words; a star stands for any ending."""
    return "|".join(re.escape(fold(word)).replace(r"\*", r"\w*") for word in sorted(words, key=len, reverse=True))
