"""Extract an article from any page: bytes in, fields out. Pure, picklable, made to run in a worker process.

bytes -> lxml tree -> metadata -> prune the frame -> the container that holds the article -> lines
                                                 \\-> no such container: trafilatura
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from spiders.pages import frame
from spiders.pages.charset import as_utf8
from spiders.pages.dates import shown_date
from spiders.pages.language import guess
from spiders.pages.metadata import Metadata, read_metadata
from spiders.readers.plain import language_code
from storage.errors import ExtractError
from storage.text import TEXT_LIMIT, clean_text

LARGEST_PAGE = 8 * 1024 * 1024  # bytes
SHORTEST_TEXT = 40  # code points; less is no article
LONGEST_BANNER = 800  # code points; a text that says it twice and is no longer is what asks for consent or a login
LONGEST_WALL = 200  # code points; a longer text that speaks of captchas may be an article
# Where houses put an article's text; the first that holds most of the page's running text is taken.
_CONTAINERS = (
    "//*[@itemprop='articleBody']",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' fck_detail ')]",
    (
        "//*[contains(@class, 'detail-content') or contains(@class, 'article-content') or contains(@class, 'article-body') or contains(@class, 'article__body')"
        " or contains(@class, 'entry-content') or contains(@class, 'post-content') or contains(@class, 'story-body') or contains(@class, 'content-detail')"
        " or contains(@class, 'singular-content') or contains(@class, 'maincontent') or contains(@class, 'detail__content') or contains(@class, 'the-article-body')]"
    ),
    "//article",
    "//main",
    "//*[@role='main' or @id='content' or @id='main' or @class='content' or @class='detail']",
)
_WALL = re.compile(
    r"(?:enable|turn on|activer?|bật) (?:javascript|cookies)|just a moment|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|"
    r"access denied|attention required|are you a robot|captcha|"
    r"(?:sign|log) ?in to (?:continue|read|view)|create an account to (?:continue|read)|subscribe to (?:continue|read)|đăng nhập để (?:đọc|xem|tiếp tục)|"
    r"connectez-vous pour (?:lire|continuer)|(?:we|this site) uses? cookies|accept (?:all )?cookies|chúng tôi (?:sử dụng|dùng) cookie|nous utilisons des cookies",
    re.I,
)
_MISSING = re.compile(
    r"^\W*(?:404\b|page not found|not found|page introuvable|không tìm thấy (?:trang|nội dung)|trang không tồn tại|error 404)", re.I
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extracted:
    """What a page holds."""

    title: str
    text: str
    summary: str
    canonical: str
    published: datetime | None
    updated: datetime | None
    authors: tuple[str, ...]
    outlet: str
    language: str
    is_article: bool
    stated_date: str = ""  # as written, where it lay in the future and was cut to now
    sure_date: bool = True  # the page states it for programs; else it was found in the address or beside the headline


def extract(body: bytes, *, url: str, encoding: str | None, language: str, timezone: str, now: datetime) -> Extracted:
    """Extract an article.

    Args:
        body: the page as served, at most 8 MiB.
        encoding: from the response's header; None lets the page say.
        language: of the source, where the page says none.
        timezone: IANA name, for dates without a zone.
        now: no date is later than this.

    Raises:
        ExtractError: there is no article in it; says why.
    """
    if len(body) > LARGEST_PAGE:
        raise ExtractError(f"the page is larger than {LARGEST_PAGE // 1024**2} MiB")
    root = _parse(body, encoding)
    about = read_metadata(root, url, timezone)
    frame.prune(root)
    stated = about.published is not None
    if not stated:
        about.published, about.stated = shown_date(root, url, timezone, now)
    text, sure = _text(root, about)
    if _MISSING.match(about.title) and len(text) < 600:
        raise ExtractError("the page says that there is no such page")
    walls = len(_WALL.findall(text)) if len(text) < LONGEST_BANNER and not about.article else 0
    if walls > 1 or (walls and len(text) < LONGEST_WALL):
        raise ExtractError("a check for humans or cookies stands before the page")
    if len(text) < SHORTEST_TEXT:
        if _WALL.search(root.text_content()[:5_000]):
            raise ExtractError("a check for humans or cookies stands before the page")
        raise ExtractError("no article text was found on the page")
    ahead = about.published is not None and about.published > now
    return Extracted(
        title=about.title,
        text=text,
        summary=about.summary,
        canonical=about.canonical,
        published=min(about.published, now) if about.published else None,
        updated=min(about.updated, now) if about.updated else None,
        stated_date=clean_text(about.stated, 100) if ahead else "",
        sure_date=stated,
        authors=tuple(about.authors[:10]),
        outlet=about.outlet,
        language=language_code(about.language) or guess(text) or language,
        is_article=about.article or (sure and len(text) > 250),
    )


def _parse(body: bytes, encoding: str | None) -> Any:
    if not body.strip():
        raise ExtractError("the page is empty")
    known = as_utf8(body, encoding)
    try:
        parser = lxml_html.HTMLParser(encoding=None if known is None else "utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
        root = lxml_html.document_fromstring(body if known is None else known, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError, AssertionError) as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise ExtractError(f"the page cannot be parsed: {clean_text(str(error), 200)}") from error
    return root


def _text(root: Any, about: Metadata) -> tuple[str, bool]:
    """Return the article's text, and whether a container was surely the article's."""
    running = sum(_running(paragraph) for paragraph in root.iter("p"))
    for path in _CONTAINERS:
        best = max(root.xpath(path), key=_weight, default=None)
        if best is None:
            continue
        held = _weight(best)
        if held >= 0.6 * running and held >= SHORTEST_TEXT:
            return _joined(frame.lines(best), about), True
    return _joined(_fallback(root), about), False


def _running(paragraph: Any) -> int:
    """Letters of a paragraph that are not link."""
    return len(paragraph.text_content()) - sum(len(link.text_content()) for link in paragraph.iter("a"))


def _weight(container: Any) -> int:
    paragraphs = sum(_running(paragraph) for paragraph in container.iter("p"))
    # Some houses part paragraphs by <br> alone.
    return paragraphs if paragraphs > SHORTEST_TEXT else max(_running(container), 0)


def _fallback(root: Any) -> list[str]:
    """No container is surely the article's: trafilatura decides, and where it finds little, all running text of the page serves."""
    import trafilatura

    whole = frame.lines(root.find(".//body") if root.find(".//body") is not None else root)
    try:
        found = trafilatura.extract(root, include_comments=False, include_tables=True, deduplicate=False, favor_recall=True) or ""
    except (ValueError, TypeError, AttributeError, etree.LxmlError):
        found = ""
    lines = [line.lstrip("-|# ").rstrip("| ") for line in found.split("\n") if line.strip()]
    if sum(map(len, lines)) >= 200:
        return lines
    sentences = [line for line in whole if len(line) > 60]
    return sentences if sum(map(len, sentences)) > sum(map(len, lines)) else lines


def _joined(lines: list[str], about: Metadata) -> str:
    title = about.title.strip().lower()
    kept = [line for line in lines if line.strip().lower() != title]
    text = clean_text("\n".join(kept), TEXT_LIMIT, lines=True)
    body = clean_text(about.body, TEXT_LIMIT, lines=True) if about.body else ""
    # A page that builds its text by script states it in JSON-LD.
    return body if len(body) > 2 * len(text) + 200 and "<" not in body[:20] else text
