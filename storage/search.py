"""Full-text search over folded words: tone marks and capitals do not matter, đ is d.

SQLite: an FTS5 table without content of its own (the texts stand in `texts`); PostgreSQL: a tsvector with a GIN index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from storage.items import Article, Mention, StoredArticle, Suppression
from storage.text import clean_text, fold

if TYPE_CHECKING:
    from storage.articles import Articles
    from storage.filters import ArticleFilter

_SNIPPET_WORDS = 30
_TOKEN = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')
_WORD = re.compile(r"\w+")

SQLITE_DDL = (
    "CREATE VIRTUAL TABLE search USING fts5(title, body, content='', tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")",
)
POSTGRES_DDL = (
    "CREATE TABLE search (article_id BIGINT PRIMARY KEY REFERENCES articles (id), words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_search_words ON search USING gin (words)",
)


def create(connection: Connection) -> None:
    """Make the index, which no metadata can describe for both engines."""
    for statement in SQLITE_DDL if connection.dialect.name == "sqlite" else POSTGRES_DDL:
        connection.exec_driver_sql(statement)


def add(connection: Connection, articles: Sequence[tuple[int, Article]]) -> None:
    """Make articles' words searchable, each under its id."""
    if not articles:
        return
    rows = [(article_id, *_words(article)) for article_id, article in articles]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO search (rowid, title, body) VALUES (?, ?, ?)", rows)
        return
    # A tsvector holds at most 1 MB: a text of 400,000 letters can pass that only with the rarest words.
    connection.execute(
        text(
            "INSERT INTO search (article_id, words) VALUES (:id, setweight(to_tsvector('simple', :title), 'A') "
            "|| setweight(to_tsvector('simple', :body), 'C'))"
        ),
        [{"id": article_id, "title": title, "body": body[:200_000]} for article_id, title, body in rows],
    )


def remove(connection: Connection, article_id: int, article: Article) -> None:
    """Take an article's words out; `article` is what was added (an index without content has to be told)."""
    if connection.dialect.name == "sqlite":
        title, body = _words(article)
        connection.exec_driver_sql("INSERT INTO search (search, rowid, title, body) VALUES ('delete', ?, ?, ?)", (article_id, title, body))
    else:
        connection.execute(text("DELETE FROM search WHERE article_id = :id"), {"id": article_id})


def search(connection: Connection, articles: Articles, words: str, wanted: ArticleFilter) -> Iterator[tuple[StoredArticle, str]]:
    """Yield articles that hold the words and pass the filter, best first, each with a snippet of its text.

    `words`: all of them must stand in the article; "a phrase", -without, one OR other, begin*. Whatever is written, the
    database is never handed its own query language.
    """
    query = parse(words)
    if not query:
        return
    limit = wanted.limit or 1_000
    # Ask for more than are wanted, as the filter is applied afterwards; a narrow filter over many hits is answered in rounds.
    offset, given = 0, 0
    while given < limit:
        ids = _ids(connection, query, limit=200, offset=offset)
        for stored in articles.many(ids):
            if passes(stored, wanted):
                yield stored, snippet(stored.article, words)
                given += 1
                if given >= limit:
                    return
        if len(ids) < 200:
            return
        offset += 200


def parse(words: str) -> list[list[tuple[str, bool, bool]]]:
    """Read what a person wrote: groups that must all hold, each a choice of (phrase, prefix?, must not?)."""
    groups: list[list[tuple[str, bool, bool]]] = []
    either = False
    for found in _TOKEN.finditer(clean_text(words, 1_000)):
        minus, phrase, minus_word, word = found.groups()
        if word in {"OR", "|"} and groups:
            either = True
            continue
        if word == "AND":
            continue
        raw = phrase if phrase is not None else word
        tokens = " ".join(words_of(raw))
        if not tokens:
            continue
        term = (tokens, raw.endswith("*") and phrase is None, bool(minus or minus_word))
        if either and not term[2] and not groups[-1][0][2]:
            groups[-1].append(term)
        else:
            groups.append([term])
        either = False
    groups = groups[:32]
    if all(group[0][2] for group in groups):
        return []  # only exclusions: nothing to look for
    return groups


def passes(stored: StoredArticle, wanted: ArticleFilter) -> bool:
    """Whether an article passes a filter."""
    article = stored.article
    if wanted.suppressed != stored.suppressed:
        return False
    hits: tuple[Mention | Suppression, ...] = stored.suppressions if wanted.suppressed else stored.mentions
    if not hits and not wanted.unmatched:
        return False
    if wanted.topic:
        hits = tuple(hit for hit in hits if hit.topic == wanted.topic)
    if wanted.unit:
        hits = tuple(hit for hit in hits if isinstance(hit, Mention) and _is_unit(hit.unit, wanted.unit))
    if (wanted.topic or wanted.unit) and not hits:
        return False
    if wanted.outlet and wanted.outlet.lower().removeprefix("www.") not in {
        article.outlet.lower().removeprefix("www."),
        article.outlet_host,
    }:
        return False
    if wanted.language and wanted.language != article.language:
        return False
    if wanted.ownership and wanted.ownership != article.ownership:
        return False
    if wanted.since and stored.first_seen < wanted.since:
        return False
    return not (wanted.until and stored.first_seen >= wanted.until)


def snippet(article: Article, words: str) -> str:
    """Return some words of the article round the first hit."""
    body = article.text or article.summary
    folded = fold(body)
    terms = [phrase for group in parse(words) for phrase, _, without in group if not without]
    at = min((found for found in (folded.find(term.split(" ")[0]) for term in terms) if found >= 0), default=0)
    before = body[:at].split()
    start = max(len(before) - _SNIPPET_WORDS // 3, 0)
    all_words = body.split()
    cut = all_words[start : start + _SNIPPET_WORDS]
    return ("… " if start else "") + " ".join(cut) + (" …" if start + _SNIPPET_WORDS < len(all_words) else "")


def _words(article: Article) -> tuple[str, str]:
    # Words alone, cut as `parse` cuts a query: PostgreSQL would read "fpt.ai" as a host and "full-stack" as three words.
    return " ".join(words_of(article.title)), " ".join(words_of(f"{article.summary}\n{article.text}"))


def words_of(raw: str) -> list[str]:
    """Return the folded words of a text, as they are indexed and looked for."""
    return _WORD.findall(fold(raw).replace("_", " "))


def _is_unit(unit: str, wanted: str) -> bool:
    last = "› " + wanted.rpartition("› ")[2]
    return unit == wanted or unit.endswith(last) or f"{last} ›" in unit


def matching(connection: Connection, query: list[list[tuple[str, bool, bool]]]) -> tuple[str, dict[str, Any]]:
    """Return `query` (see `parse`) as a condition on the index for a WHERE, with its values; SQLite's wants :q, PostgreSQL's :t0_0..."""
    if connection.dialect.name == "sqlite":
        return "search MATCH :q", {"q": _match_of(query)}
    expression, values = _tsquery(query)
    return f"words @@ ({expression})", values


def first(
    connection: Connection, condition: str, values: dict[str, Any], query: list[list[tuple[str, bool, bool]]], most: int
) -> list[int] | None:
    """Return all articles that hold the words, best first; None where they are more than `most`."""
    counted = f"SELECT count(*) FROM (SELECT 1 FROM search WHERE {condition} LIMIT :most) AS held"  # noqa: S608 - our own words
    if (connection.scalar(text(counted), values | {"most": most + 1}) or 0) > most:
        return None
    return _ids(connection, query, limit=most, offset=0)


def _ids(connection: Connection, query: list[list[tuple[str, bool, bool]]], *, limit: int, offset: int) -> list[int]:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, 4.0, 1.0), rowid DESC LIMIT ? OFFSET ?",
            (_match_of(query), limit, offset),
        )
        return [row[0] for row in rows]
    expression, values = _tsquery(query)
    statement = (
        f"SELECT article_id FROM search, (SELECT {expression} AS q) AS asked WHERE words @@ q "  # noqa: S608 - our own words, values are bound
        "ORDER BY ts_rank(words, q) DESC, article_id DESC LIMIT :limit OFFSET :offset"
    )
    return [row[0] for row in connection.execute(text(statement), values | {"limit": limit, "offset": offset})]


def _match_of(query: list[list[tuple[str, bool, bool]]]) -> str:
    """Write a query in the language of SQLite's index."""
    must = [" OR ".join(f'"{phrase}"{"*" if prefix else ""}' for phrase, prefix, _ in group) for group in query if not group[0][2]]
    without = [f'"{phrase}"{"*" if prefix else ""}' for [(phrase, prefix, without), *_] in query if without]
    return " AND ".join(f"({part})" for part in must) + "".join(f" NOT {part}" for part in without)


def _tsquery(query: list[list[tuple[str, bool, bool]]]) -> tuple[str, dict[str, Any]]:
    """Write a query as an expression of PostgreSQL's, with the values it wants."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for number, group in enumerate(query):
        choices = []
        for at, (phrase, prefix, _) in enumerate(group):
            name = f"t{number}_{at}"
            if prefix:
                *front, last = phrase.split(" ")
                values[name] = " <-> ".join([*(f"'{word}'" for word in front), f"'{last}':*"])
                choices.append(f"to_tsquery('simple', :{name})")
            else:
                values[name] = phrase
                choices.append(f"phraseto_tsquery('simple', :{name})")
        joined = "(" + " || ".join(choices) + ")"
        parts.append(f"(!! {joined})" if group[0][2] else joined)
    return " && ".join(parts), values
