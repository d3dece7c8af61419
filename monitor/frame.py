"""Tell an article from what stands round it: labels of adverts and related links, credits, footers, menus, lines that recur. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_SHORT = 200  # code points; a longer line is a paragraph
_RELATED = 140
_BLOCK = 12  # lines that a block of related links may have
_LINKS = (
    # adverts
    "quang cao|noi dung tai tro|bai viet tai tro|thong tin doanh nghiep|advertisement|advertorial|sponsored(?: content| post)?|promoted|paid content|"
    "publicite|contenu commandite|contenu partenaire|publi-reportage|anzeige|werbung|広告|スポンサー|pr|광고|협찬|"
    # links elsewhere
    "tin lien quan|bai lien quan|bai viet lien quan|tin khac|tin cung chuyen muc|cung chuyen muc|tin moi(?: nhat)?|tin doc nhieu|doc nhieu(?: nhat)?|xem them|doc them|"
    "co the ban quan tam|related(?: articles| stories| news| posts)?|see also|read more|read also|read next|more on this|more stories|more (?:from|on|in) [^.:|]{1,30}|most read|"
    "trending|recommended|you may also like|a lire aussi|lire aussi|a lire egalement|lire egalement|voir aussi|a voir aussi|sur le meme sujet|articles? lies?|"
    "les plus lus|lesen sie auch|mehr zum thema|auch interessant|weitere (?:artikel|meldungen)|meistgelesen|lea tambien|le puede interesar|leggi anche|leia tambem|"
    "関連記事|関連リンク|あわせて読みたい|人気記事|こちらも|관련기사|관련 기사|많이 본 뉴스|인기기사|추천기사|"
    # what a page says of itself
    "share|chia se|partager|teilen|tags?|tu khoa|mots[- ]cles|etiquettes|keywords|schlagworter|タグ|キーワード|태그|키워드|theo doi|follow(?: us)?|suivez-nous|"
    "danh muc|chuyen muc|menu|rubriques?|newsletter"
)
_CREDITS = (
    "anh|nguon anh|hinh|hinh anh|photos?|photo credit|image|credits?|foto|bild|写真|사진|nguon|source|quelle|lien he|contact|powered by"
)
_LABEL_LINE = re.compile(rf"[\W_]*(?:(?:{_LINKS})\s*[:|>»›\])】〕]|(?:{_CREDITS})\s*[:|])")
_BARE_LABEL = re.compile(rf"[\W_]*(?:{_LINKS})[\W_]*$")
_FOOTER = re.compile(
    r"^\W{0,4}(?:©|\(c\)\s|copyright\b)|all rights reserved|tous droits reserves|alle rechte vorbehalten|giu ban quyen|ban quyen thuoc|giay phep (?:so|hoat dong|thiet lap)|"
    r"chiu trach nhiem noi dung|co quan chu quan|lien he quang cao|無断転載|무단전재|무단 전재"
)
_CREDIT = re.compile(
    r"(?:\b(?:anh|nguon anh|hinh anh|photo|image|credit|foto|bild|nguon|source|quelle)\s*:|写真\s*[:=]|사진\s*[:=]|\btheo)\s*$"
)
_SEPARATORS = re.compile(r"\s*[|›»•·]\s*|\s+/\s+|\s+>\s+")
_SENTENCE_END = (".", "!", "?", "…", "。", "”", '"')


def in_frame(text: str, folded: str, start: int, end: int, recurring: Collection[str] = ()) -> bool:
    """Whether a place in an article's text belongs to the page's frame.

    Args:
        folded: the text folded, of the same length.
        recurring: folded lines known to stand on many pages of the site.
    """
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    right = len(text) if right < 0 else right
    line = folded[left:right].strip()
    if recurring and line in recurring:
        return True
    if len(line) >= 2 * _SHORT:
        return False
    if _FOOTER.search(line):
        return True
    if _is_credit(folded, left, start, end, right):
        return True
    if len(line) >= _SHORT:
        return False
    return bool(_LABEL_LINE.match(line)) or _is_menu(line) or _under_label(text, folded, left, right)


def line_at(folded: str, start: int) -> str:
    """The folded line in which a place stands, as `recurring` holds it."""
    left = folded.rfind("\n", 0, start) + 1
    right = folded.find("\n", start)
    return folded[left : len(folded) if right < 0 else right].strip()


class RecurringLines:
    """Remembers lines that hold a name, by site: one that stands below several headlines is the site's, not the articles'.

    Bounded: of a site so many lines are remembered, of all sites so many; the oldest give way.
    """

    def __init__(self, *, headlines: int = 3, lines: int = 300, sites: int = 3_000) -> None:
        self._headlines, self._lines, self._most = headlines, lines, sites
        self._sites: dict[str, dict[str, set[str]]] = {}

    def of(self, site: str, headline: str, lines: Collection[str]) -> frozenset[str]:
        """Note that these lines stood below a headline; return those that stood below enough other ones before."""
        here = self._sites.pop(site, {})
        self._sites[site] = here
        found = set()
        for line in lines:
            if len(line) >= 2 * _SHORT:  # a paragraph is no frame, and three hundred long ones would fill the memory
                continue
            below = here.setdefault(line, set())
            if len(below - {headline}) >= self._headlines:
                found.add(line)
            else:
                below.add(headline)
        while len(here) > self._lines:
            del here[next(iter(here))]
        while len(self._sites) > self._most:
            del self._sites[next(iter(self._sites))]
        return frozenset(found)


def _is_credit(folded: str, left: int, start: int, end: int, right: int) -> bool:
    """A name that only signs a picture or a text: "Ảnh: FPT", "(Photo: FPT Software)", "Theo FPT Shop" at a line's end."""
    if not _CREDIT.search(folded[max(left, start - 24) : start]):
        return False
    return not folded[end:right].strip(" .)]")


def _is_menu(line: str) -> bool:
    """A row of short items between bars: a menu, a path of crumbs, a list of tags."""
    items = [item for item in _SEPARATORS.split(line) if item]
    if len(items) < 4 or line.endswith(_SENTENCE_END):
        return False
    return all(len(item.split()) <= 4 and not any(sign.isdigit() for sign in item) for item in items)


def _under_label(text: str, folded: str, left: int, right: int) -> bool:
    """Whether a line is a headline in a block that a label opens: "Tin liên quan", then a line a link."""
    for _ in range(_BLOCK):
        line = text[left:right].strip()
        if len(line) > _RELATED or line.endswith(_SENTENCE_END):
            return False
        if left == 0:
            return False
        right = left - 1
        left = text.rfind("\n", 0, right) + 1
        above = folded[left:right].strip()
        if len(above) < 40 and _BARE_LABEL.match(above):
            return True
    return False
