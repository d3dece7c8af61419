"""The words of the frame in English, Vietnamese and French, and dates written by hand; headlines stay as published.

No library here: the shapes for a terminal and for plain text must start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

from monitor.digest import catalog_en, catalog_fr, catalog_vi
from monitor.digest.catalog import Catalog
from monitor.digest.safe import plain

LANGUAGES = ("en", "vi", "fr")

TABLES: Mapping[str, Catalog] = {"en": catalog_en.WORDS, "vi": catalog_vi.WORDS, "fr": catalog_fr.WORDS}
_THOUSANDS = {"en": ",", "vi": ".", "fr": "\u202f"}


@dataclass(frozen=True)
class Words:
    """The frame's words in one language."""

    language: str

    def say(self, key: str, **values: object) -> str:
        """Return a phrase that has no number in it, or whose number does not bend it."""
        phrase = TABLES[self.language][key]
        return (phrase if isinstance(phrase, str) else phrase[1]).format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Return a phrase for `n` things: French takes 0 as one, English does not."""
        phrase = TABLES[self.language][key]
        if not isinstance(phrase, str):
            phrase = phrase[0] if (n < 2 if self.language == "fr" else n == 1) else phrase[1]
        return phrase.format(n=self.number(n), **values)

    def number(self, n: int) -> str:
        """Write a whole number with the language's thousands mark."""
        return f"{n:,}".replace(",", _THOUSANDS[self.language])

    def score(self, value: float) -> str:
        """Write a score from 0 to 1 with two decimals."""
        return f"{value:.2f}" if self.language == "en" else f"{value:.2f}".replace(".", ",")

    def percent(self, part: float) -> str:
        """Write a part of a whole in whole hundredths."""
        if 0 < part < 0.01:
            return self.say("under_one")
        return self.say("percent", n=round(part * 100))

    def language_name(self, tag: str) -> str:
        """Name a language; its tag in capitals where we have no word for it."""
        primary = tag.replace("_", "-").partition("-")[0].lower()
        phrase = TABLES[self.language].get(f"l_{primary}")
        return str(phrase) if phrase else plain(tag).strip().upper()

    def rule(self, rule: str) -> str:
        """Say by which rule a hit was left out: a rival's name stands for itself."""
        phrase = TABLES[self.language].get(f"rule_{rule}")
        return str(phrase) if phrase else plain(rule.removeprefix("rival: ")).strip()

    def notice(self, kind: str, n: int, *, when: str, detail: str) -> str:
        """Say what befell the watch: in words of ours where the kind is known, else with the sentence that came with it."""
        key = f"n_{kind}"
        return self.count(key if key in TABLES[self.language] else "n_other", n, when=when, detail=detail)

    def reason(self, word: str, detail: str = "") -> str:
        """Say why a source fails: a known word in the frame's language, else the sentence that came with it."""
        if word.startswith("http-"):
            return f"HTTP {word[5:]}"
        table = TABLES[self.language]
        phrase = table.get(f"r_{word}")
        return str(phrase) if phrase else detail or word.replace("-", " ") or str(table["r_failed"])


@lru_cache
def words_of(language: str) -> Words:
    """Return the words of a language tag ("fr", "fr-CA"); English where there are none."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return Words(primary if primary in TABLES else "en")


class Calendar(Protocol):
    """How dates are written."""

    def full(self, day: date) -> str:
        """Write a day with its weekday."""

    def long(self, day: date) -> str:
        """Write a day with its year."""

    def short(self, day: date) -> str:
        """Write a day without its year."""

    def moment(self, moment: datetime, day: date) -> str:
        """Write a local moment as seen from `day`: the time alone on the day itself."""
