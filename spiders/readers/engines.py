"""What search engines say where an answer should stand: limits and refused queries, often as a line of text with status 200. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from storage.text import clean_text

LIMIT, REFUSED = "limit", "bad-query"
_LONGEST = 2_000  # bytes; a notice is a line or two
_NAMES: Mapping[str, str] = {"api.gdeltproject.org": "GDELT", "hnrss.org": "hnrss", "hn.algolia.com": "Hacker News"}
_LIMIT_WORDS = re.compile(r"limit requests|rate.?limit|too many requests|slow down|quota", re.I)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
# Rows that an answer holds at most, and the parameter that says so.
_MOST: Mapping[str, tuple[int, str]] = {
    "api.gdeltproject.org": (250, "maxrecords"), "news.google.com": (100, ""), "hn.algolia.com": (100, "hitsPerPage"), "hnrss.org": (100, "count"),
    "www.reddit.com": (100, "limit"),
}  # fmt: skip
_USUAL: Mapping[str, int] = {
    "api.gdeltproject.org": 75,
    "hn.algolia.com": 20,
    "hnrss.org": 20,
    "www.reddit.com": 25,
}  # where nothing says so


@dataclass(frozen=True)
class Notice:
    """What an engine says instead of results."""

    kind: str  # LIMIT or REFUSED
    said: str  # a sentence for people, the engine's own words in it


def notice_of(url: str, body: bytes) -> Notice | None:
    """Return what a known engine says in plain words, None where this is an answer, or no engine that is known to do so.

    GDELT says with status 200 "Please limit requests to one every 5 seconds ...", "Your query was too short or too long.", "The
    specified phrase is too short.", "One or more of your keywords were too short, too long or too common", and others like these.
    """
    name = _NAMES.get(urlsplit(url).hostname or "")
    if name is None or len(body) > _LONGEST or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b"<", b""}:
        return None
    said = clean_text(body.decode("utf-8", "replace"), _LONGEST)
    first = clean_text(_SENTENCE.split(said)[0], 200)
    if _LIMIT_WORDS.search(said):
        return Notice(LIMIT, f"{name} asks for fewer requests; it says '{first}'")
    return Notice(REFUSED, f"{name} gives no results for this query; it says '{first}'")


def most_results(url: str) -> int:
    """Return how many results an engine gives at most for this address; 100 where nothing is known of it."""
    parts = urlsplit(url)
    most, parameter = _MOST.get(parts.hostname or "", (100, ""))
    asked = {name.lower(): value for name, value in parse_qsl(parts.query)}.get(parameter.lower(), "") if parameter else str(most)
    if asked.isdecimal():
        return max(min(int(asked[:6]), most), 1)
    return _USUAL.get(parts.hostname or "", most)
