"""Words that speak for or against a sense of a name, found in one pass over a document. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from monitor.spelling import VIETNAMESE, clean_alias, joins, spelled
from storage.text import fold

_MOST = 500  # times that a word counts in a document: those near the names that come first are what matters
_SHORT = 4  # letters; a word with marks so short is another one in other languages
_CAPITALS = re.compile(r"[A-Z]{2,5}$")


class Cue(NamedTuple):  # thousands a second are made, and a tuple is made in a third of a dataclass's time
    """A cue at a place."""

    start: int
    end: int
    group: str
    word: str  # folded, as the profile has it


class _Form(NamedTuple):
    group: str
    written: str
    folded: str
    begins: bool  # "neuron*": only its beginning is given
    plain: bool  # as the text writes it does not matter


class Cues:
    """Groups of cues made ready to be found.

    A cue in capitals ("AI") counts only in capitals: "ai" is a verb in French and "who" in Vietnamese. One with tone marks ("đảo") counts with
    these marks, or with none where the text has none at all and the word is no short one; one without marks with any. A star at its end stands for any ending.

    Args:
        groups: name of a group -> its cues.
    """

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._forms: dict[str, list[_Form]] = {}
        for group, words in groups.items():
            for word in dict.fromkeys(words):
                written = clean_alias(word.removesuffix("*"))
                if written:
                    plain = written.isascii() and not _CAPITALS.match(written)
                    form = _Form(group, written, fold(written).replace("-", " "), word.endswith("*"), plain)
                    self._forms.setdefault(form.folded, []).append(form)

    def find(self, text: str, folded: str) -> list[Cue]:
        """Return the cues in a text, in order of their ends.

        Args:
            folded: the text folded, of the same length.
        """
        found: list[Cue] = []
        if not self._forms:
            return found
        bare = not VIETNAMESE.search(text)
        lists, last = self._lists, len(folded)
        counts = [0] * len(lists)
        for number, start, end in self._automaton.find_matches_as_indexes(folded.replace("-", " "), overlapping=True):
            if start and folded[start - 1] != " " and joins(folded[start - 1], folded[start]):
                continue
            whole = end == last or folded[end] == " " or not joins(folded[end - 1], folded[end])
            for group, written, word, begins, plain in lists[number]:
                if (whole or begins) and (plain or _fits(written, text[start:end], bare)) and counts[number] < _MOST:
                    counts[number] += 1
                    found.append(Cue(start, end, group, word))
        return found

    @cached_property
    def _lists(self) -> list[list[_Form]]:
        return list(self._forms.values())

    @cached_property
    def _automaton(self) -> Any:
        from ahocorasick_rs import MATCHKIND_STANDARD, AhoCorasick

        return AhoCorasick(list(self._forms), matchkind=MATCHKIND_STANDARD)


@lru_cache(maxsize=16_384)
def _fits(written: str, found: str, bare: bool) -> bool:
    if written.isascii():
        return found == written  # in capitals; other forms are plain
    if found.isascii() and (not bare or len(written) <= _SHORT):
        return False  # among words with marks, "cho" is no dog; and "be" in an English text is no child
    return spelled(written, found, any_case=True)
