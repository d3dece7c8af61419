"""Between records and rows: the one place where a column's name meets a field's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from storage.items import Article, BodyFrom, Evidence, Mention, Ownership, StoredArticle, Suppression

_PLAIN = (
    "url", "title", "canonical_url", "published", "updated", "outlet", "outlet_host", "language", "country", "opaque", "stated_date", "why_no_page",
)  # fmt: skip

ARTICLE_COLUMNS = (*_PLAIN, "authors", "ownership", "body_from")  # those that `article_values` gives


def article_values(article: Article) -> dict[str, Any]:
    """Return the columns of `articles` that follow from the article itself."""
    values = {name: getattr(article, name) for name in _PLAIN}
    return values | {"authors": list(article.authors), "ownership": article.ownership.value, "body_from": article.body_from.value}


def evidence_value(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as JSON."""
    return {"rule": evidence.rule, "score": evidence.score, "parts": [list(part) for part in evidence.parts]}


def mention_row(mention: Mention) -> dict[str, Any]:
    """Return the columns of `mentions` that follow from the mention itself."""
    return _hit_row(mention) | {"unit": mention.unit, "snippet_start": mention.snippet_start, "passing": mention.passing}


def suppression_row(hit: Suppression) -> dict[str, Any]:
    """Return the columns of `suppressions` that follow from the hit itself."""
    return _hit_row(hit) | {"rule": hit.rule}


def _hit_row(hit: Mention | Suppression) -> dict[str, Any]:
    return {
        "topic": hit.topic, "alias": hit.alias, "field": hit.field, "start": hit.start, "stop": hit.end,
        "snippet": hit.snippet, "score": hit.score, "parts": [list(part) for part in hit.parts],
    }  # fmt: skip


def read_article(row: Row[Any], hits: Sequence[Row[Any]], hidden: Sequence[Row[Any]], sources: Sequence[str]) -> StoredArticle:
    """Make a stored article out of its row and the rows that hang on it."""
    values = row._mapping
    article = Article(
        **{name: values[name] for name in _PLAIN},
        text=values.get("text") or "",
        summary=values.get("summary") or "",
        authors=tuple(values["authors"]),
        ownership=Ownership(values["ownership"]),
        body_from=BodyFrom(values["body_from"]),
    )
    evidence = values["evidence"]
    return StoredArticle(
        id=row.id,
        article=article,
        story_id=row.story_id,
        copy_id=row.copy_id,
        first_seen=row.first_seen,
        updated_at=row.revised,
        baseline=row.baseline,
        suppressed=row.suppressed,
        mentions=tuple(Mention(unit=hit.unit, snippet_start=hit.snippet_start, passing=hit.passing, **_hit_fields(hit)) for hit in hits),
        suppressions=tuple(Suppression(rule=hit.rule, **_hit_fields(hit)) for hit in hidden),
        sources=tuple(sources),
        evidence=Evidence(rule=evidence["rule"], score=evidence["score"], parts=tuple((name, value) for name, value in evidence["parts"])),
    )


def _hit_fields(hit: Row[Any]) -> dict[str, Any]:
    return {
        "topic": hit.topic, "alias": hit.alias, "field": hit.field, "start": hit.start, "end": hit.stop,
        "snippet": hit.snippet, "score": hit.score, "parts": tuple((name, value) for name, value in hit.parts),
    }  # fmt: skip
