"""What stands between a name's spelling and its score: senses, places where one was found, what they are weighed against. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.cues import Cue
from monitor.spelling import WORDLESS, spelled
from monitor.watchlist import Unit

if TYPE_CHECKING:
    from monitor.matching import Document

_VIETNAMESE = re.compile("[ăđơưẠ-ỹ]", re.I)
_HANGUL = re.compile("[\uac00-\ud7a3]")
_KANA = re.compile("[\u3040-\u30ff]")


@dataclass(frozen=True)
class Sense:
    """One way to write a name, and what it stands for."""

    topic: str
    written: str
    folded: str
    unit: str = ""
    distinctive: bool = True
    rival: str = ""
    any_case: bool = False
    unit_data: Unit | None = None

    def spelled(self, found: str) -> bool:
        """Whether the words as found in a text are the name as written: its capitals and marks."""
        return spelled(self.written, found, any_case=self.any_case or bool(self.rival))


@dataclass(frozen=True)
class Field:
    """One text of a document with its folded form (of the same length), and where it begins in the whole."""

    name: str
    text: str
    folded: str
    base: int


@dataclass(frozen=True)
class Hit:
    """A name found at a place of a field."""

    field: Field
    start: int
    end: int
    sense: Sense


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a hit weighs, and why."""

    score: float
    rule: str = "no context"
    parts: tuple[tuple[str, float], ...] = ()
    passing: bool = False


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a topic's hits are weighed against: the document, its cues, all hits of the topic (rivals' names included)."""

    document: Document
    fields: tuple[Field, ...]
    cues: tuple[Cue, ...]
    hits: tuple[Hit, ...]
    language: str
    whole: str  # all fields, in order
    folded: str  # the same folded
    recurring: frozenset[str] = frozenset()


def language_of(stated: str, text: str) -> str:
    """The language of a text: as stated, else as far as its letters give it away ("vi", "ko", "ja", "")."""
    if stated:
        return stated
    sample = text[:3_000]
    if not WORDLESS.search(sample):
        return "vi" if len(_VIETNAMESE.findall(sample)) > len(sample) / 50 else ""
    if len(_KANA.findall(sample)) > len(sample) / 20:
        return "ja"
    return "ko" if len(_HANGUL.findall(sample)) > len(sample) / 10 else ""
