"""The API's description (OpenAPI 3.1): which questions there are, what they take, what they answer. Pure; served as it stands."""

from __future__ import annotations

from typing import Any

import monitor
from monitor.web.acts import SAYINGS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": required | (optional or {}), "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _of(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _maybe(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


_MENTION = _object(
    {
        "topic": _TEXT,
        "unit": _maybe(_TEXT),
        "alias": _TEXT,
        "field": _TEXT,
        "snippet": _TEXT,
        "score": {"type": "number"},
        "passing": {"type": "boolean"},
    }
)
_HIDDEN = _object({"topic": _TEXT, "alias": _TEXT, "field": _TEXT, "snippet": _TEXT, "rule": _TEXT, "score": {"type": "number"}})
_ARTICLE = _object(
    {
        "id": _NUMBER, "url": _TEXT, "title": _TEXT, "outlet": _TEXT, "outlet_host": _TEXT, "lang": _maybe(_TEXT), "ownership": _TEXT, "published": _MOMENT,
        "first_seen": _MOMENT, "topics": _list(_TEXT), "mentions": _list(_of("Mention")), "suppressed": _list(_of("Suppression")), "story": _NUMBER,
        "copies": _NUMBER,
    },
)  # fmt: skip
_STORY = _object(
    {
        "id": _TEXT, "headline": _TEXT, "url": _TEXT, "topics": _list(_TEXT), "outlets": _list(_TEXT), "languages": _list(_TEXT), "first_seen": _MOMENT,
        "told_on": {"type": ["string", "null"], "format": "date"}, "articles": _list(_of("Article")),
    },
)  # fmt: skip
_LINE = _object({"id": _TEXT, "headline": _TEXT, "url": _maybe(_TEXT), "outlet": _TEXT})
_DIGEST = _object(
    {
        "schema_version": _NUMBER, "id": _TEXT, "name": _TEXT, "day": {"type": "string", "format": "date"}, "edition": _NUMBER, "count": _NUMBER,
        "sections": _list(_object({"kind": _TEXT, "topic": _maybe(_TEXT), "stories": _list(_of("Line"))})),
    },
)  # fmt: skip
_SOURCE = _object(
    {
        "id": _TEXT,
        "url": _TEXT,
        "outlet": _TEXT,
        "health": {"enum": ["fine", "fails", "silent", "not_asked"]},
        "last_poll": _MOMENT,
        "next_poll": _MOMENT,
    }
)
_HIT = {"allOf": [_of("Article"), _object({"snippet": _TEXT})]}
_VERDICT = {
    "type": "object",
    "properties": {
        "said": {"enum": list(SAYINGS)},
        "target": {"type": "string", "description": "an article's address, a34, or a story such as s12"},
        "topic": _TEXT,
        "other": {"type": "string", "description": "for same-story: the story that joins it"},
        "outlet": {"type": "string", "description": "for mute and unmute: a host or a name"},
    },
    "required": ["said"],
    "additionalProperties": False,
}

_FILTERS = ("topic", "unit", "outlet", "lang", "ownership", "since", "until")
_MEANT = {
    "digest": "the name of a configured digest; the first one if left out",
    "topic": "the name of a topic",
    "unit": "a unit of a topic, such as FPT Software",
    "outlet": "a host or a name",
    "lang": "a language in two or three letters",
    "ownership": "earned, release, affiliated or owned",
    "since": "first seen on this local day or later",
    "until": "first seen on this local day or earlier",
    "after": "where the page before ended, as it said itself",
    "limit": "how many, at most 200",
    "page": "from 0",
    "days": "how many days back",
    "q": 'words, "a phrase", -without, one OR other, begin*',
}


def _get(summary: str, answer: Schema, *query: str, path: Schema | None = None) -> Schema:
    numbers = {"limit", "page", "days"}
    parameters: list[Schema] = [path] if path else []
    parameters += [
        {
            "name": name,
            "in": "query",
            "required": name == "q",
            "description": _MEANT[name],
            "schema": {"type": "integer", "minimum": 0} if name in numbers else _TEXT,
        }
        for name in ("digest", *query)
    ]
    answers = {"200": _json("the answer", answer), "400": _json("the question is wrong", _of("Error"))}
    if path:
        answers["404"] = _json("there is none", _of("Error"))
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _in_path(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def document() -> Schema:
    """Return the whole description."""
    counts = _list(_object({"name": _TEXT, "articles": _NUMBER}))
    day = _in_path("day", {"type": "string", "format": "date"}, "a local day")
    number = _in_path("number", {"type": "integer", "minimum": 1}, "a story's number: 12 for s12")
    said = _list(_object({"at": _MOMENT, "said": _TEXT, "topic": _maybe(_TEXT), "article": _NUMBER, "other": _maybe(_NUMBER)}))
    muted = _list(_object({"topic": _TEXT, "outlet": _TEXT, "since": _MOMENT}))
    verdicts = _get("What people decided last, and the muted outlets", _object({"verdicts": said, "muted": muted}))
    verdicts["post"] = {
        "summary": "Give a verdict; the next digest obeys it",
        "description": "Wants Content-Type: application/json.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _of("Verdict")}}},
        "responses": {
            "200": _json("remembered", _object({"remembered": _TEXT})),
            "400": _json("the verdict is wrong", _of("Error")),
            "415": _json("no JSON", _of("Error")),
        },
    }
    outlet = _object({"host": _TEXT, "name": _TEXT, "articles": _NUMBER, "last_seen": _MOMENT})
    topic = _object({"name": _TEXT, "units": _list(_TEXT), "articles": _NUMBER})
    trends = _object(
        {
            "days": _list(_object({"day": {"type": "string", "format": "date"}, "articles": _NUMBER})), "topics": counts, "languages": counts,
            "new_outlets": _list(_TEXT), "suppressed": _list(_object({"rule": _TEXT, "articles": _NUMBER})),
        },
    )  # fmt: skip
    hits = _object(
        {"hits": _list(_of("Hit")), "total": _maybe(_NUMBER), "more": {"type": "boolean"}, "order": {"enum": ["best", "newest"]}}
    )
    days = _object({"digests": _list(_object({"day": {"type": "string", "format": "date"}, "stories": _NUMBER}))})
    paths = {
        "/api/v1/digest/next": _get("What the next digest will tell", _of("Digest")),
        "/api/v1/digests": _get("The days that have a digest", days),
        "/api/v1/digests/{day}": _get("A day's digest", _of("Digest"), path=day),
        "/api/v1/stories": _get(
            "Stories, newest first", _object({"stories": _list(_of("Story")), "after": _maybe(_TEXT)}), *_FILTERS, "after", "limit"
        ),
        "/api/v1/stories/{number}": _get("One story with its articles", _of("Story"), path=number),
        "/api/v1/topics": _get("The watched topics", _object({"topics": _list(topic)})),
        "/api/v1/outlets": _get("Outlets, most articles first", _object({"outlets": _list(outlet)}), "days"),
        "/api/v1/search": _get(
            "Articles that hold some words; tone marks and capitals do not matter", hits, "q", *_FILTERS, "page", "limit"
        ),
        "/api/v1/trends": _get("Figures over some days", trends, "days", "topic"),
        "/api/v1/sources": _get("Sources and their health", _object({"sources": _list(_of("Source"))})),
        "/api/v1/suppressed": _get(
            "Articles whose hits were not told",
            _object({"articles": _list(_of("Article")), "after": _maybe(_TEXT)}),
            *_FILTERS,
            "after",
            "limit",
        ),
        "/api/v1/verdicts": verdicts,
    }
    schemas = {
        "Digest": _DIGEST, "Line": _LINE, "Story": _STORY, "Article": _ARTICLE, "Mention": _MENTION, "Suppression": _HIDDEN, "Hit": _HIT,
        "Source": _SOURCE, "Verdict": _VERDICT, "Error": _object({"error": _TEXT}, {"hint": _TEXT}),
    }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "media-monitor",
            "version": monitor.__version__,
            "description": "What the monitor has found. No answer holds an article's text.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }
