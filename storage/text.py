"""One way to clean text before it is matched and stored, and one way to fold it before it is compared.

Pure, standard library only. Everything that a feed or a page says passes `clean_text` before it becomes part of a record:
offsets of mentions point into cleaned text, so it must be idempotent.
"""

from __future__ import annotations

import re
import unicodedata

TITLE_LIMIT = 1_000  # code points; a longer headline is a broken feed
SUMMARY_LIMIT = 10_000
TEXT_LIMIT = 400_000

# Controls (C0, C1), zero-width and soft hyphens, bidi controls, interlinear marks, tags, variation selectors' cousins,
# surrogates and non-characters: nothing of this is content, and each can hide a name or turn a line round.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Those of them that str.isprintable() takes for letters and marks; the rest of these stands above the basic plane.
_INVISIBLE_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5"
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def clean_text(text: str, limit: int = TEXT_LIMIT, *, lines: bool = False) -> str:
    """Return `text` as NFC without controls, zero-width, bidi or surrogate characters, white space folded.

    Args:
        text: any string, also one with lone surrogates or NUL.
        limit: at most so many code points are kept.
        lines: keep paragraph breaks as single newlines; otherwise the result is one line.
    """
    text = text[: limit * 4]  # bound the work before it is done: white space and invisibles may go
    if text.isprintable() and (text.isascii() or _is_plain(text)):
        # Most headlines and summaries: no control, no line break, no white space but the plain one.
        text = unicodedata.normalize("NFC", text).strip(" ")
        return (" ".join(text.split()) if "  " in text else text)[:limit].rstrip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    else:
        text = _INVISIBLE.sub("", text)
    if lines:
        text = _LINES.sub("\n", _BLANKS.sub(" ", _BREAKS.sub("\n", text)))
        return text.strip()[:limit].rstrip()
    return " ".join(text.split())[:limit].rstrip()


def without_invisible(text: str) -> str:
    """Return `text` without controls, zero-width, bidi and surrogate characters, otherwise as it is: for addresses, which are never rewritten."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def _is_plain(printable: str) -> bool:
    """Whether nothing in a printable text is invisible; texts with characters above the basic plane (emoji) are not looked through."""
    return len(printable.encode("utf-16-le")) == 2 * len(printable) and not any(letter in printable for letter in _INVISIBLE_LETTERS)


class _Folds(dict[int, str | int]):
    """Folds of single characters, worked out when first met; length-preserving, so that offsets stay true."""

    def __missing__(self, code: int) -> int:
        folded = _fold_character(chr(code))
        self[code] = ord(folded)
        return ord(folded)


# Nothing of ASCII may stand here: fold() gives ASCII text to str.lower() alone, and both roads must agree.
_SPECIAL = {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ı": "i", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o"} | dict.fromkeys("‘’‛ʼ＇´", "'")
_SPECIAL |= dict.fromkeys("“”„‟«»＂", '"') | dict.fromkeys("‐‑‒–—―−﹣－", "-") | dict.fromkeys("\u00a0\u2007\u202f\u3000", " ")


def _fold_character(character: str) -> str:
    """Fold one character to one: no tone mark, no capital, ASCII quotes and hyphens, half width."""
    if character in _SPECIAL:
        return _SPECIAL[character]
    narrow = unicodedata.normalize("NFKC", character)
    if len(narrow) != 1:
        narrow = character
    if narrow in _SPECIAL:
        return _SPECIAL[narrow]
    base = unicodedata.normalize("NFD", narrow)[0]
    # Only Latin, Greek and Cyrillic letters are told by their base alone; a Japanese voiced sign or a Thai vowel is a letter of its own.
    if ord(base) > 0x52F:
        base = narrow
    lowered = base.lower()
    return lowered if len(lowered) == 1 else base


_FOLDS = _Folds()


def fold(text: str) -> str:
    """Return NFC text folded for comparing: lower case, no tone marks, đ = d, full width = half width; same length as the input.

    One code point becomes one code point, so an offset into the folded text is an offset into the text.
    """
    return text.lower() if text.isascii() else text.translate(_FOLDS)
