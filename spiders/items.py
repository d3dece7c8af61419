"""Items of spiders that users write, and of `scrapy crawl`: plain dataclasses, exported as any Scrapy item.

A spider in a file of yours yields `EntryItem` for an article whose page is to be fetched, or `ArticleItem` where it has the text
itself; a dict with the same keys does as well. `monitor.toml` names it: spider = "my_spiders.py:MySpider".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from spiders.readers.links import absolute
from spiders.readers.moments import read_moment
from spiders.readers.plain import plain
from spiders.readers.plain import title as clean_title
from storage.errors import ReadError
from storage.identity import RawKey, entry_keys
from storage.items import Entry, Source
from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT, clean_text


@dataclass(kw_only=True)
class EntryItem:
    """An article that was found: its address, and what is known of it."""

    url: str
    title: str = ""
    summary: str = ""
    published: str | datetime | None = None  # as written; without a zone it is read in the source's
    authors: Sequence[str] = ()
    language: str = ""


@dataclass(kw_only=True)
class ArticleItem(EntryItem):
    """An article with its text; its page is not fetched again."""

    text: str = ""
    outlet: str = ""
    source: str = ""
    body_from: str = ""  # given out by `scrapy crawl`: "page", or "feed" for the source's own words


_KEYS = frozenset(one.name for one in fields(ArticleItem))


def entry_of(item: Any, source: Source, now: datetime) -> Entry:
    """Make an entry out of what a user's spider yields; its `content` is the text of an article.

    Raises:
        ReadError: it is no item of ours, has a key that nothing reads, or no address.
    """
    values = _values(item)
    unknown = sorted(set(values) - _KEYS)
    if unknown:
        raise ReadError(f"an item has the key {unknown[0]!r}, which nothing reads; keys are {', '.join(sorted(_KEYS))}")
    url = absolute(source.url, urljoin(source.url, str(values.get("url") or "")) if values.get("url") else "")
    if not url:
        raise ReadError(f"an item has no address that can be opened: url = {values.get('url')!r}")
    published, stated = _published(values.get("published"), source, now)
    title = clean_title(str(values.get("title") or ""), TITLE_LIMIT)
    authors = values.get("authors") or ()
    (key,) = entry_keys([RawKey(guid="", url=url, title=title)])
    return Entry(
        source_id=source.id,
        key=key[:255],
        url=url,
        title=title,
        summary=plain(str(values.get("summary") or ""), SUMMARY_LIMIT),
        content=plain(str(values.get("text") or ""), TEXT_LIMIT, lines=True),
        published=published,
        stated_date=stated,
        authors=tuple(clean_text(str(one), 200) for one in ([authors] if isinstance(authors, str) else authors)[:10]),
        language=clean_text(str(values.get("language") or ""), 16).lower(),
        outlet=clean_text(str(values.get("outlet") or ""), 200),
    )


def _values(item: Any) -> dict[str, Any]:
    if isinstance(item, Mapping):
        return dict(item)
    if is_dataclass(item) and not isinstance(item, type):
        return {one.name: getattr(item, one.name) for one in fields(item)}
    from itemadapter import ItemAdapter

    if ItemAdapter.is_item(item):
        return dict(ItemAdapter(item))
    raise ReadError(f"a spider yields items or dicts, not {type(item).__name__}")


def _published(stated: Any, source: Source, now: datetime) -> tuple[datetime | None, str]:
    if isinstance(stated, datetime):
        found: datetime | None = stated if stated.tzinfo else read_moment(stated.isoformat(), source.timezone, now)
    else:
        found = read_moment(str(stated), source.timezone, now) if stated else None
    if found is None:
        return None, clean_text(str(stated or ""), 100)
    found = found.astimezone(UTC)
    return (now, clean_text(str(stated), 100)) if found > now else (found, "")
