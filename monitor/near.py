"""The cues of a document as seen from one hit. Pure."""

from __future__ import annotations

import re

from monitor.cues import Cue
from monitor.senses import Hit, Scene

_NEAR = 160  # code points on either side that count as near
_LEAD = 300  # of the text after a headline
_BESIDE = 36  # where "the institute Mila" and "Mila, an institute" stand
_CLAUSE_END = re.compile(r"[.!?;:\n]\s|\n|\s:")


class Near:
    """The cues of a document as seen from one hit: near it (or in the headline), or far."""

    def __init__(self, hit: Hit, scene: Scene) -> None:
        base = hit.field.base
        self._start, self._end = base + hit.start, base + hit.end
        left, right = self._start - _NEAR, self._end + _NEAR
        self._whole = scene.folded
        self.words_before = hit.field.folded[max(hit.start - 24, 0) : hit.start]
        spans = [(max(left, base), min(right, base + len(hit.field.text)))]
        for field in scene.fields:
            if field.name == "title":
                spans.append((field.base, field.base + len(field.text)))
            elif hit.field.name == "title":
                spans.append((field.base, field.base + _LEAD))
        near: dict[str, set[str]] = {}
        everywhere: dict[str, set[str]] = {}
        self._places: list[Cue] = []
        hit_start, hit_end = self._start, self._end
        for cue in scene.cues:
            begin, end = cue.start, cue.end
            if begin < hit_end and end > hit_start:
                continue  # part of the name itself
            everywhere.setdefault(cue.group, set()).add(cue.word)
            for left, right in spans:
                if left <= begin and end <= right:
                    near.setdefault(cue.group, set()).add(cue.word)
                    self._places.append(cue)
                    break
        self._near, self._everywhere = near, everywhere

    def count(self, *groups: str) -> int:
        """How many different cues of these groups are near."""
        return sum(len(self._near.get(group, ())) for group in groups)

    def far(self, group: str) -> int:
        """How many further ones the document has."""
        return len(self._everywhere.get(group, ())) - len(self._near.get(group, ()))

    def within(self, group: str, distance: int) -> bool:
        """Whether one stands so near."""
        left, right = self._start - distance, self._end + distance
        return any(cue.group == group and left <= cue.end and cue.start <= right for cue in self._places)

    def owned_by(self, group: str) -> bool:
        """Whether one owns the name: "Québec's X"."""
        return any(
            cue.group == group and cue.end < self._start <= cue.end + 4 and self._whole[cue.end : self._start] in ("'s ", "' ")
            for cue in self._places
        )

    def beside(self, group: str) -> bool:
        """Whether one stands beside the name in the same clause, as in an apposition."""
        for cue in self._places:
            if cue.group == group:
                gap = self._whole[cue.end : self._start] if cue.end <= self._start else self._whole[self._end : cue.start]
                if len(gap) <= _BESIDE and not _CLAUSE_END.search(gap):
                    return True
        return False
