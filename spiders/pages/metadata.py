"""What a page states about itself for programs: JSON-LD first, then OpenGraph and meta."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from spiders.readers.dates import read_date
from spiders.readers.links import absolute
from spiders.readers.plain import title as clean_title
from storage.text import SUMMARY_LIMIT, TITLE_LIMIT, clean_text

ARTICLE_TYPES = frozenset(
    {
        "article", "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "backgroundnewsarticle", "reviewnewsarticle",
        "blogposting", "liveblogposting", "report", "techarticle", "scholarlyarticle", "advertisercontentarticle", "satiricalarticle", "posting",
    }
)  # fmt: skip
_PUBLISHED = (
    "article:published_time", "og:published_time", "datepublished", "pubdate", "publishdate", "publish_date", "date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "sailthru.date", "parsely-pub-date", "article.published", "cxenseparse:recs:publishtime", "citation_date",
)  # fmt: skip
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "lastmod", "dcterms.modified", "last-modified")
_MOST_AUTHORS = 50
_MOST_HEADINGS = 100  # of a page are looked at
_SEPARATORS = (" - ", " | ", " – ", " — ", " • ", " · ", " :: ")


@dataclass(kw_only=True)
class Metadata:
    """The fields that a page states; None or "" where it does not."""

    title: str = ""
    summary: str = ""
    canonical: str = ""
    outlet: str = ""
    language: str = ""
    published: datetime | None = None
    stated: str = ""  # the date of publication as written
    updated: datetime | None = None
    authors: list[str] = field(default_factory=list)
    body: str = ""  # JSON-LD articleBody
    article: bool = False  # the page calls itself an article


def read_metadata(root: Any, url: str, zone: str) -> Metadata:
    """Read what a parsed page says about itself."""
    metas = _metas(root)
    found = Metadata()
    for node in _json_ld(root):
        _from_json_ld(found, node, zone)
    _from_metas(found, metas, zone)
    _from_links(found, root, metas, url)
    found.title = _headline(found, root, metas)
    found.language = found.language or _language(root, metas)
    return found


def _metas(root: Any) -> dict[str, str]:
    metas: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or "").strip().lower()
        content = (meta.get("content") or "").strip()
        if name and content:
            metas.setdefault(name, content[:20_000])
    return metas


def _json_ld(root: Any) -> Iterator[dict[str, Any]]:
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        text = (script.text or "").strip()[:500_000]
        text = re.sub(r"^\s*(?://\s*)?<!\[CDATA\[|(?://\s*)?\]\]>\s*$|^<!--|-->$", "", text).strip().rstrip(";")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        pending = [data]
        for _ in range(200):
            if not pending:
                break
            node = pending.pop(0)
            if isinstance(node, list):
                pending.extend(node[:100])
            elif isinstance(node, dict):
                graph = node.get("@graph")
                if isinstance(graph, list):
                    pending.extend(graph[:100])
                yield node


def _types(node: dict[str, Any]) -> set[str]:
    kind = node.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    return {str(one).rsplit("/", 1)[-1].lower() for one in kinds if isinstance(one, str)}


def _from_json_ld(found: Metadata, node: dict[str, Any], zone: str) -> None:
    types = _types(node)
    if not types & ARTICLE_TYPES:
        if "website" in types and not found.outlet:
            found.outlet = clean_text(_text(node.get("name")), 200)
        return
    found.article = True
    found.title = found.title or _text(node.get("headline")) or _text(node.get("name"))
    found.summary = found.summary or _text(node.get("description"))
    if found.published is None:
        found.stated = _text(node.get("datePublished"))
        found.published = read_date(found.stated, zone)
    found.updated = found.updated or read_date(_text(node.get("dateModified")), zone)
    publisher = _text(node.get("publisher")) or _text(node.get("sourceOrganization"))
    found.outlet = clean_text(publisher, 200) or found.outlet
    found.language = found.language or _text(node.get("inLanguage"))
    body = _text(node.get("articleBody"))
    found.body = max(found.body, body, key=len)
    authors = node.get("author")
    for author in authors[:_MOST_AUTHORS] if isinstance(authors, list) else [authors]:
        name = clean_text(_text(author), 200)
        if name and name not in found.authors and not name.startswith("http"):
            found.authors.append(name)


def _text(value: Any) -> str:
    """The words of a JSON-LD value: a string, or an object's name."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value") or ""
    return value if isinstance(value, str) else ""


def _from_metas(found: Metadata, metas: dict[str, str], zone: str) -> None:
    kind = metas.get("og:type", "").lower()
    found.article = found.article or kind in {"article", "news", "newsarticle", "blog"} or "article:published_time" in metas
    found.summary = clean_title(
        found.summary or metas.get("og:description", "") or metas.get("description", "") or metas.get("twitter:description", ""),
        SUMMARY_LIMIT,
    )
    found.outlet = found.outlet or clean_text(metas.get("og:site_name", "") or metas.get("application-name", ""), 200)
    if found.published is None:
        stated = [(moment, metas[key]) for key in _PUBLISHED if key in metas and (moment := read_date(metas[key], zone))]
        if stated:
            found.published, found.stated = stated[0]
    if found.updated is None:
        found.updated = next(filter(None, (read_date(metas[key], zone) for key in _MODIFIED if key in metas)), None)
    if not found.authors:
        author = metas.get("author") or metas.get("article:author") or metas.get("parsely-author") or ""
        if author and "://" not in author:
            found.authors.append(clean_text(author, 200))


def _from_links(found: Metadata, root: Any, metas: dict[str, str], url: str) -> None:
    for link in root.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            found.canonical = absolute(url, link.get("href") or "")
            break
    found.canonical = found.canonical or absolute(url, metas.get("og:url", ""))


def _headline(found: Metadata, root: Any, metas: dict[str, str]) -> str:
    headings = [clean_text(heading.text_content(), TITLE_LIMIT) for heading in islice(root.iter("h1"), _MOST_HEADINGS)]
    headings = [heading for heading in headings if len(heading) > 3]
    tag = root.find(".//title")
    page_title = clean_text(tag.text_content(), TITLE_LIMIT) if tag is not None else ""
    stated = clean_title(found.title or metas.get("og:title", "") or metas.get("twitter:title", ""), TITLE_LIMIT)
    if not stated:
        stated = headings[0] if len(headings) == 1 else page_title
    best = without_outlet(stated, found.outlet)
    for heading in headings:
        # A heading that the stated title begins with is the headline without what was added for search engines.
        if stated.lower().startswith(heading.lower()) and len(heading) >= 10:
            return heading
    return best or (headings[0] if headings else page_title)


def without_outlet(headline: str, outlet: str) -> str:
    """Cut an outlet's name from the end of a headline."""
    if outlet:
        for separator in _SEPARATORS:
            front, mark, last = headline.rpartition(separator)
            if mark and front and (last.lower() in outlet.lower() or outlet.lower() in last.lower()):
                return front.strip()
    return headline


def _language(root: Any, metas: dict[str, str]) -> str:
    html = root if root.tag == "html" else root.getroottree().getroot()
    return str(
        html.get("lang")
        or html.get("{http://www.w3.org/XML/1998/namespace}lang")
        or metas.get("og:locale")
        or metas.get("content-language")
        or ""
    )
