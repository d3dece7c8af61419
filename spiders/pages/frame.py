"""Tell an article from its frame: menus, related links, adverts, footers repeat names that the article does not mention."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from lxml import etree

# Elements that are never an article's words.
_NEVER = {
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas", "form", "button", "select", "input",
    "textarea", "nav", "aside", "footer", "dialog", "audio", "video", "map", "link", "meta",
}  # fmt: skip
# Words in class or id that name a piece of frame; matched as whole words of a name split at hyphens, underscores and humps.
_FRAME_WORDS = frozenset(
    "related relate relates relatednews recommend recommended recommendation recommendations recirc outbrain taboola mgid dable "
    "ad ads adv advert adverts advertise advertisement advertising adsense adslot sponsor sponsored promo promotion banner popup modal "
    "sidebar aside breadcrumb breadcrumbs share sharing social socials follow newsletter subscribe subscription signup login comment "
    "comments disqus footer menu navbar navigation nav toolbar topbar widget widgets trending mostread mostviewed popular readmore "
    "seealso alsoread morenews lienquan tinlienquan docthem xemthem tincungchuyenmuc quangcao cookie consent paywall tags tag tagbox "
    "keywords copyright masthead pagination pager skip hidden".split()
)
_FRAME_PAIRS = re.compile(
    r"lien-?quan|doc-?them|xem-?them|tin-?(?:khac|moi|cung)|cung-?chuyen-?muc|quang-?cao|most-?(?:read|viewed|popular)|read-?more|see-?also|"
    r"also-?read|more-?(?:news|stories|from|on)|you-?may|(?:a-?)?lire-?aussi|en-?lien|article-?relat|box-?tinlienquan|news-?letter|author-?(?:bio|box)",
    re.I,
)
_POST = re.compile(r"(?:^|\s)(?:hentry|type-post|status-publish|post-\d+)(?:\s|$)")
_TAXONOMY = re.compile(r"(?:^|(?<=\s))(?:tag|category|author|format)-\S+")
_KEPT = {"html", "body", "article", "main", "h1"}
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Headings that open a list of other articles.
_HEADING = re.compile(
    r"^\W*(?:tin (?:liên quan|khác|mới|cùng chuyên mục|đọc nhiều|nổi bật)|bài (?:liên quan|viết liên quan|đọc nhiều)|(?:đọc|xem) (?:thêm|tiếp|nhiều)|"
    r"có thể bạn quan tâm|mời (?:bạn|quý vị) (?:đọc|xem)|related|read (?:more|next|also)|see also|more (?:from|on|stories|news)|you (?:may|might) (?:also )?like|"
    r"recommended|most (?:read|popular)|trending|latest news|à lire (?:aussi|également)|lire aussi|sur le même (?:sujet|thème)|articles? (?:liés|connexes|similaires)|"
    r"à voir (?:aussi|également)|voir aussi|pour aller plus loin|lesen sie auch|mehr zum thema|関連(?:記事|ニュース)|관련 ?기사|相关(?:新闻|阅读))\b.{0,30}$",
    re.I,
)
_OPENER = re.compile(
    r"^\W*(?:>>|»|►|tin liên quan|(?:đọc|xem) thêm|xem tiếp|mời (?:bạn )?đọc|related|read more|read also|see also|also read|à lire(?: aussi)?|lire aussi|voir aussi)\s*:?",
    re.I,
)
_LINES = re.compile(
    r"^\W*(?:quảng cáo|advertisement|publicité|sponsored content|nội dung tài trợ|(?:đăng ký|subscribe|abonnez).{0,80}|(?:©|copyright |all rights reserved).{0,120}|"
    r"(?:theo dõi|follow) .{0,60} (?:trên|on) .{0,40})\W*$",
    re.I,
)
# A line that is a date or a time and nothing else, in Vietnamese, English or French: "Thứ hai, 23/11/2026, 09:30 (GMT+7)".
_DATE_WORD = (
    r"(?:thứ(?:\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7]))?|chủ\s+nhật|cn|t[2-7]|ngày|tháng|năm|lúc|giờ|phút|(?:cập\s+nhật|đăng|xuất\s+bản|ngày\s+đăng)(?:\s+(?:lúc|ngày))?|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|"
    r"jan(?:uary|vier|v)?|feb(?:ruary)?|f[ée]v(?:rier|r)?|mar(?:ch|s)?|a[pv]r(?:il)?|may|mai|june?|juin|july?|juil(?:let)?|aug(?:ust)?|ao[uû]t|sept?(?:ember|embre)?|"
    r"oct(?:ober|obre)?|nov(?:ember|embre)?|d[ée]c(?:ember|embre)?|"
    r"(?:last\s+)?(?:published|updated|posted|modified)|publi[ée]e?|mise?\s+[àa]\s+jour|modifi[ée]e?|on|at|the|le|du|[àa]|de|et|"
    r"gmt|utc|ict|est|edt|[cm]es?t|[ap]\.?m\.?|sa|ch|h|min|er|st|nd|rd|th|[tz])"
)
_DATE_LINE = re.compile(rf"(?=.*\d)(?:[\s\d:.,;/|()\[\]+•·–—-]|(?<![^\W\d_]){_DATE_WORD}(?![^\W\d_]))++", re.I)
_DATE_SHAPE = re.compile(
    r"\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{2,4}|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}\s?(?::|h|giờ)\s?\d{2}|tháng\s+\d|[^\W\d_]{3,}\.?,?\s+\d{1,2}\b|\d{1,2}(?:er|st|nd|rd|th)?\s+[^\W\d_]{3,}",
    re.I,
)
_LONGEST_DATE = 100  # code points
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "figure", "figcaption", "table",
    "tbody", "thead", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "address", "details", "summary", "center", "body",
}  # fmt: skip
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DEEPEST = 200  # nesting beyond this is an attack or a broken template


def names_frame(element: Any) -> bool:
    """Whether an element's class, id or role says that it is frame."""
    if (
        element.get("role") in {"navigation", "complementary", "banner", "contentinfo", "search", "dialog"}
        or element.get("hidden") is not None
    ):
        return True
    called, number = element.get("class"), element.get("id")
    return _is_frames((called or "")[:1_000], (number or "")[:200]) if called or number else False


@lru_cache(maxsize=4_096)  # a house uses the same names on each of its pages, and on many elements of one
def _is_frames(classes: str, number: str) -> bool:
    if _POST.search(classes):  # WordPress writes a post's own tags onto its box: "tag-social tag-cookies" says what it is about
        classes = _TAXONOMY.sub(" ", classes)
    name = f"{classes} {number}"
    if _FRAME_PAIRS.search(name):
        return True
    return any(part.lower() in _FRAME_WORDS for part in _NAME_PARTS.findall(name[:500]))


def prune(root: Any) -> None:
    """Take frame out of a parsed page, in place. What holds the headline or most of the text stays, whatever it is called."""
    doomed = []
    everything = max(len("".join(root.itertext())), 1)
    walk = etree.iterwalk(root, events=("start", "comment", "pi"))
    for _, element in walk:
        tag = element.tag
        if not isinstance(tag, str):
            doomed.append(element)
        elif tag in _NEVER:
            if tag not in {"aside", "form"} or not _holds_article(element, everything):
                doomed.append(element)
                walk.skip_subtree()
        elif tag not in _KEPT and names_frame(element) and not _holds_article(element, everything):
            doomed.append(element)
            walk.skip_subtree()
    for element in doomed:
        _drop(element)


def _holds_article(element: Any, everything: int) -> bool:
    if element.find(".//h1") is not None or element.find(".//article") is not None:
        return True
    words = sum(len(paragraph.text_content()) for paragraph in element.iter("p"))
    return words > 400 and 2 * words > everything


def _drop(element: Any) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        # What the parser let pass (controls) it does not take back.
        tail = _NOT_XML.sub("", element.tail)
        before = element.getprevious()
        if before is not None:
            before.tail = _NOT_XML.sub("", before.tail or "") + " " + tail
        else:
            parent.text = _NOT_XML.sub("", parent.text or "") + " " + tail
    parent.remove(element)


def lines(container: Any) -> list[str]:
    """Return the lines of text in a container, one a block, without link lists, openers of such lists and adverts."""
    found: list[tuple[str, float]] = []  # text, share of it that is link
    _walk(container, found)
    kept: list[str] = []
    in_list = False
    for text, linked in found:
        if _HEADING.match(text):
            in_list = True
            continue
        if in_list and linked > 0.6:
            continue
        in_list = False
        if is_date(text):
            continue
        if (linked > 0.95 and len(text) > 20) or (linked > 0.3 and _OPENER.match(text)) or _LINES.match(text):
            continue
        kept.append(text)
    return kept


def is_date(text: str) -> bool:
    """Whether a line says when, and nothing else: the date is a field of its own."""
    return len(text) <= _LONGEST_DATE and bool(_DATE_LINE.fullmatch(text) and _DATE_SHAPE.search(text))


def _walk(container: Any, found: list[tuple[str, float]]) -> None:
    """Collect blocks without recursion, so that deep nesting costs nothing."""
    parts: list[str] = []
    counts = [0, 0]  # letters, letters inside links

    def flush() -> None:
        text = " ".join("".join(parts).split())
        if text:
            found.append((text, counts[1] / max(counts[0], 1)))
        parts.clear()
        counts[0] = counts[1] = 0

    def say(text: str | None, links: int) -> None:
        if text:
            parts.append(text)
            size = len(text.strip())
            counts[0] += size
            counts[1] += size if links else 0

    stack: list[tuple[Any, int, bool]] = [(container, 0, False)]
    while stack:
        element, links, leaving = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        block = tag in _BLOCKS
        if leaving:
            if block:
                flush()
            elif tag in {"td", "th"}:
                parts.append(" ")
            if element is not container:
                say(element.tail, links - (tag == "a"))
            continue
        if block or tag == "br":
            flush()
        stack.append((element, links + (tag == "a"), True))
        if tag in {"h1", "time"} and element is not container:
            continue  # the headline and the date are fields of their own
        say(element.text, links + (tag == "a"))
        stack.extend((child, links + (tag == "a"), False) for child in reversed(element))
    flush()
