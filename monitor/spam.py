"""Tell pages that say a name to be found by it: betting sites in the name's clothes, and a name said again and again. Pure.

What is told here is kept and listed with its reason (`monitor articles --suppressed`), never lost: "spam: betting", "spam: stuffed".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from monitor.senses import Hit

# Folded words of what is sold, and of how it is sold. News about betting has some of the former and hardly one of the latter.
_BETTING_WORDS = (
    "nha cai", "ca cuoc", "ca do", "casino", "tai xiu", "no hu", "da ga", "soi keo", "keo nha cai", "ty le keo", "keo bong da", "lo de", "ban ca",
    "game bai", "danh bai", "xoc dia", "rong ho", "baccarat", "poker", "roulette", "blackjack", "slot", "slots", "slot game", "slots game", "slot games", "slots games",
    "jackpot", "sportsbook", "betting", "gambling", "paris sportifs", "jeux d'argent",
)  # fmt: skip
_BETTING = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_BETTING_WORDS, key=len, reverse=True))})(?!\w)")
_PROMOTION = re.compile(
    r"(?<!\w)(?:khuyen mai|dang ky(?: ngay| nhan)?|dang nhap|nap rut|nap tien|rut tien|link vao|khong bi chan|hoan tra|thuong nap|uy tin|tai app|trai nghiem ngay|"
    r"bonus|sign up|deposit|free spins?|promo codes?|play now|best odds|inscrivez-vous|code promo)(?!\w)"
)
_WORD = re.compile(r"\w+")
_DISTINCT_BETTING, _DISTINCT_PROMOTION = 4, 2
_BETTING_SHARE = 0.02  # of all words; a report on a raid stays far below
_NAMES, _FORMS, _NAMES_SHARE = 20, 5, 0.2  # names from which on a text is looked at, spellings that make it a list, share of the letters


def spam_rule(folded: str, hits: Sequence[Hit]) -> str:
    """Return the word for why a document is spam, "" where it is none.

    Args:
        folded: all of its words, folded (storage.text.fold).
        hits: one topic's names in it.
    """
    if _stuffed(hits):
        return "spam: stuffed"
    if not _betting().find_matches_as_indexes(folded):
        return ""  # nearly every text; the expression takes ten times as long to see that
    found = _BETTING.findall(folded)
    if len(set(found)) < _DISTINCT_BETTING or len(set(_PROMOTION.findall(folded))) < _DISTINCT_PROMOTION:
        return ""
    return "spam: betting" if len(found) > _BETTING_SHARE * len(_WORD.findall(folded)) else ""


@lru_cache(maxsize=1)
def _betting() -> Any:
    from ahocorasick_rs import AhoCorasick

    return AhoCorasick(_BETTING_WORDS)


def _stuffed(hits: Sequence[Hit]) -> bool:
    """Whether one field says hardly anything but the name; a list of many units is none."""
    for name in {hit.field.name for hit in hits}:
        here = sorted((hit for hit in hits if hit.field.name == name), key=lambda hit: hit.start)
        if len(here) < _NAMES or len({hit.sense.folded for hit in here}) > _FORMS:
            continue
        if sum(hit.end - hit.start for hit in here) > _NAMES_SHARE * (here[-1].end - here[0].start):
            return True
    return False
