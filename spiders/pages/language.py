"""Guess a text's language: by script, by Vietnamese letters, else by small words. "" where it cannot be told."""

from __future__ import annotations

import re

_SMALL_WORDS = {
    "en": "the of and to in that is for on with as was by are from has have its this will be it an at which".split(),
    "fr": "le la les des du et une dans est pour que qui sur avec par au aux plus ce sont cette ses mais été ont d'une".split(),
    "de": "der die das und den von zu mit sich des auf für ist im dem nicht ein eine als auch werden".split(),
    "es": "el los las del y en una que por con para es se su al lo como más sus pero fue han".split(),
    "it": "il di che la per un una con del non si è gli dei della nel alla sono anche più".split(),
    "pt": "o os as do da em um uma para com não por mais dos como foi ao das são seu sua pela".split(),
    "vi": "cua va cac trong cho duoc voi khong nhung mot nguoi theo nam nay tai tu den".split(),
    "id": "yang dan di dengan untuk dari pada ini dalam tidak akan itu oleh".split(),
    "nl": "de het een van en in is dat op te voor met zijn niet aan er".split(),
    "pl": "i w na z do się nie jest że to przez od oraz dla".split(),
}
_VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.I)
_SCRIPTS = (
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
)
_LETTERS = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def guess(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, "" where there is too little to go by."""
    sample = text[:4_000]
    letters = len(_LETTERS.findall(sample))
    if letters < 20:
        return ""
    for language, script in _SCRIPTS:
        if len(script.findall(sample)) > 0.2 * letters:
            return language
    if len(_VIETNAMESE.findall(sample)) > 0.02 * letters:
        return "vi"
    words = [word.lower() for word in _WORDS.findall(sample)]
    counts = {
        language: sum(word in small for word in words) for language, small in ((one, set(names)) for one, names in _SMALL_WORDS.items())
    }
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= max(2, 0.05 * len(words)) else ""
