"""How a name may be written: variants of an alias, capitals, tone marks, word bounds, addresses. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from storage.text import fold

# Scripts that put no space between words, or (Korean) hang their endings onto a name: Thai, Lao, Myanmar, Khmer, kana, ideographs, Hangul.
WORDLESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_FIRST_WORDLESS = "\u0e00"
VIETNAMESE = re.compile("[ăđơưĂĐƠƯẠ-ỹ]")  # letters that only Vietnamese has
_INITIALS = re.compile(r"[A-Z]{2,6}$")
_DASHED = re.compile(r"\s*[:|,]\s+|\s+[-–—]\s+")
_GAP = re.compile(r"[\s\-‐-―−﹣－]+")
# A syllable as Vietnamese writes it, without its marks: "Hoa Phat" is meant to find "Hòa Phát", "Quebec" is not Vietnamese.
_SYLLABLE = re.compile(r"(?:ngh?|ch|gh|gi|kh|nh|ph|qu|th|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ch|ng|nh|[cmnpt])?$")
_GLUED = 7  # letters from which words written as one ("FPTSoftware") are still the same name

_TOKEN = 300  # code points on either side in which an address is looked for
_ADDRESS = re.compile(
    r"(?:https?://|ftp://|www\.)\S+"
    r"|(?<![\w.+\-])[\w.+\-]++@[\w\-]++(?:\.[\w\-]++)+"
    r"|(?<![\w@.\-])(?:[\w\-]++\.)+(?:com|vn|org|net|edu|gov|info|biz|ca|io|co|quebec|fr|jp|kr|de|uk|us|asia|tv|cn|sg)(?![\w\-])(?:[/:?#]\S*)?"
    r"|(?<![\w@.\-])(?:[\w\-]++\.)+[a-z]{2,12}/\S*"
    r"|(?<![\w\-./\\%])[\w\-/\\%]++(?:\.[\w\-/\\%]++)*?\.(?:jpe?g|png|gif|webp|svg|pdf|docx?|xlsx?|pptx?|zip|mp[34]|html?|php|aspx?|js|css)\b",
    re.I,
)

# First syllables of units' names -> syllables before them that make another word of them: thị trường, môi trường, hội trường ...
_JOINED = {"truong": frozenset("thi moi hoi hien cong lap thuong chien nong lam quang phi".split())}
_FOUNDED = re.compile(r" (?:sang |thanh )?lap\b(?! trinh)| (?:dau tu )?xay\b| dau tu\b")


def clean_alias(written: str) -> str:
    """An alias as it is compared: composed, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", written).split())


@lru_cache(maxsize=65_536)
def variants(written: str) -> tuple[str, ...]:
    """Ways to write an alias that mean the same: "FPT Software", "FPT-Software", "FPTSoftware"; "Mila – Institut", "Mila, Institut", "Mila (Institut"."""
    base = clean_alias(written)
    forms = {base: None}
    parts = _DASHED.split(base)
    if len(parts) > 1:
        forms |= dict.fromkeys(mark.join(parts) for mark in (" - ", "-", ", ", ": ", " (", " ", " | "))
    if WORDLESS.search(base):
        # Korean and Japanese write a Latin name with or without a space before what follows.
        glued = base.replace(" ", "")
        forms |= dict.fromkeys((glued, re.sub(r"(?<=[A-Za-z])(?=[^\x00-\u024f])", " ", glued), base.replace(" ", "・")))
    elif len(parts) == 1:
        words = base.split(" ")
        if 1 < len(words) <= 4:
            forms |= dict.fromkeys(["-".join(words)])
            if len(words) == 3:
                forms |= dict.fromkeys([f"{words[0]}-{words[1]} {words[2]}", f"{words[0]} {words[1]}-{words[2]}"])
            glued = "".join(words)
            if len(words) <= 3 and len(glued) >= _GLUED and glued.isascii():
                forms |= dict.fromkeys([glued])
    return tuple(forms)


def spelled(alias: str, found: str, *, any_case: bool = False) -> bool:
    """Whether words that fold to an alias are that name as written: its capitals where they matter, and no marks that it does not have.

    Args:
        alias: one of the name's variants, composed.
        found: the words of the text; as many code points as the alias.
    """
    if any_case and found.isascii():
        return True
    if not _marks_fit(alias, found):
        return False
    return any_case or _capitals_fit(alias, found)


def _capitals_fit(alias: str, found: str) -> bool:
    found = unicodedata.normalize("NFKC", found)
    if WORDLESS.search(alias):
        # "FPT대학교" in any case but small letters for the short name in it.
        return not any(_INITIALS.match(word) and there.islower() for word, there in zip(_latin(alias), _latin(found), strict=False))
    ours, theirs = _GAP.split(alias), _GAP.split(found)
    if len(ours) != len(theirs) or len(ours) >= 4:
        return True
    if len(ours) == 1:
        own = ours[0]
        inner = not own.isupper() and any(letter.isupper() for letter in own[1:])
        # "VinFast" is nobody's common word, however it is written; "apple" and "fpt" in small letters are not the name.
        return inner or found[:1].isupper() or not own[:1].isupper()
    others = sum(len(word) for word in ours if not _INITIALS.match(word))
    if found.islower():
        return (others >= 4 and any(_INITIALS.match(word) for word in ours)) or alias.islower()
    for word, there in zip(ours, theirs, strict=True):
        if _INITIALS.match(word) and not (there.isupper() if len(word) == 2 else there[:1].isupper() or (others >= 4 and there.islower())):
            return False
    return any(there[:1].isupper() for there in theirs)


def _latin(text: str) -> list[str]:
    return re.findall("[A-Za-z]+", text)


def toneless(alias: str) -> bool:
    """Whether an alias is Vietnamese written without marks, so that a text may have any: "Hoa Phat"."""
    words = _GAP.split(alias)
    return len(words) > 1 and alias.isascii() and all(_SYLLABLE.match(word.lower()) for word in words)


def _marks_fit(alias: str, found: str) -> bool:
    """Whether the marks of each word found are among those of the alias's word: marks may be missing and may stand on another vowel."""
    narrow = unicodedata.normalize("NFKC", found)
    if narrow.isascii() or toneless(alias):
        return True
    return all(not _marks(theirs) - _marks(ours) for ours, theirs in zip(_GAP.split(alias), _GAP.split(found), strict=False))


def _marks(word: str) -> Counter[str]:
    """What a word's Latin letters have beyond the plain alphabet."""
    left: Counter[str] = Counter()
    for letter in unicodedata.normalize("NFKC", word):
        if letter.isascii() or not (letter.isalpha() or unicodedata.combining(letter)) or WORDLESS.match(letter):
            continue
        parts = unicodedata.normalize("NFD", letter)
        base = parts[0]
        left.update(parts[1:])
        if not base.isascii():
            left[base.lower()] += 1
    return left


def joins(one: str, other: str) -> bool:
    """Whether two neighbouring characters belong to one word; scripts without spaces part from a Latin name by themselves."""
    if not (one.isalnum() or one == "_") or not (other.isalnum() or other == "_"):
        return False
    if one < _FIRST_WORDLESS and other < _FIRST_WORDLESS:
        return True
    return not (WORDLESS.match(one) or WORDLESS.match(other))


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a place in a text is a word of its own: not part of another word, of an address or of a file's name."""
    if start > 0 and joins(text[start - 1], text[start]):
        return False
    if end < len(text) and joins(text[end - 1], text[end]):
        return False
    return not _in_address(text, start, end)


def is_cut_out(text: str, folded: str, start: int, end: int) -> bool:
    """Whether a unit's name is cut out of other words: "thị trường FPT" (the market), "ngôi trường FPT lập" (the school that it founded).

    Vietnamese parts its syllables by spaces: a word may begin before the name's first syllable. In capitals it is a name.
    """
    joined = _JOINED.get(folded[start:end].partition(" ")[0])
    if joined is None or not text[start].islower():
        return False
    return folded[max(start - 12, 0) : start].rstrip().rpartition(" ")[2] in joined or _FOUNDED.match(folded, end) is not None


def _in_address(text: str, start: int, end: int) -> bool:
    left, right = start, end
    while left > 0 and start - left < _TOKEN and not text[left - 1].isspace():
        left -= 1
    while right < len(text) and right - end < _TOKEN and not text[right].isspace():
        right += 1
    token = text[left:right]
    if not any(mark in token for mark in ".@/"):
        return False
    return any(found.start() + left <= start < found.end() + left for found in _ADDRESS.finditer(token))


def folded_variants(written: str) -> list[tuple[str, str]]:
    """The variants of an alias, each with its folded form, without repetition."""
    seen: dict[str, str] = {}
    for form in variants(written):
        seen.setdefault(fold(form), form)
    return [(folded, form) for folded, form in seen.items() if folded.strip()]
