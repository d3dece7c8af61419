"""A name of one word that comes without any context: told, unless the text itself uses the word for something else. Pure.

`name = "Sun"` is all that a user wrote. "Sun opens a plant" is told; "the sun", "Paul Sun", "Sun Microsystems (Sun)" are a text's own ways to say
that it means a word, a person, somebody else.
"""

from __future__ import annotations

import re

from monitor.roles import roles
from monitor.senses import Field

Part = tuple[str, float]

_ARTICLE = re.compile(r"(?<!\w)(?:a|an|the|this|that|un|une|le|la|les|der|die|das|ein|eine)\s$", re.I)
_NOUN = re.compile(r"\s[a-zà-öø-ÿ]{3,}")
_ORDER = re.compile(r"\s(?:a|an|the|your|my|this|these|some|one|it)\s")
_NAME_BEFORE = re.compile(r"([^\W\d_][\w'’-]+)\s(?:[A-Z]\.\s)?$")
_GIVEN_AFTER = re.compile(r"\s[A-Z][a-z]+-[a-z]{2,}\b")  # "Sun Yat-sen"
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?\n:]\s?[\"“]?)$")


def against_alone(field: Field, start: int, end: int, whole: str, *, any_case: bool = False) -> list[Part]:
    """Return what speaks against a lone name at a place of a field.

    Args:
        whole: all texts of the document, as written.
        any_case: the name may be written small; else the small word is another one.
    """
    found = field.text[start:end]
    before, after = field.text[max(start - 40, 0) : start], field.text[end : end + 24]
    parts: list[Part] = []
    if found.isupper():
        return parts
    if not any_case and not found.islower() and re.search(rf"(?<![\w.@/-]){re.escape(found.lower())}s?(?![\w@-]|\.\w)", whole):
        parts.append(("a common word here", -0.35))
    article = _ARTICLE.search(before)
    if article and (found.islower() or not _NOUN.match(after)):
        parts.append(("with an article", -0.35))
    name = _NAME_BEFORE.search(before)
    if _GIVEN_AFTER.match(after) or (name and name[1][0].isupper() and roles().is_first_name(name[1])):
        parts.append(("a surname", -0.45))
    if _SENTENCE_BEGINS.search(before) and _ORDER.match(after):
        parts.append(("a verb", -0.35))
    return parts
