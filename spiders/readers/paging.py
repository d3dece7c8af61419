"""The next page of a list: by the page's own link, else by the number in its address. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from spiders.readers.links import absolute
from storage.identity import canonical_url, outlet_host

_NEXT = re.compile(
    r"^\W*(?:next(?: page| entries| posts| articles| stories)?|(?:pagina )?successiva|volgende(?: pagina)?|nächste(?: seite)?|older(?: posts| entries)?|trang (?:sau|tiếp(?: theo)?)|tiếp(?: theo)?|sau|(?:page )?suivante?|plus anciens?|weiter|"
    r"siguiente|次(?:へ|の(?:ページ|\d+件))?|다음|下一?页|›|»|→|>{1,2})\W*$",
    re.I,
)
_NEXT_SIGN = re.compile(r"^\s*(?:›|»|→|>{1,2})\s*$")
_STEP = re.compile(r"(?:start|offset|from|skip|limitstart|b_start(?::int)?|pagen_\d+|page\w*|pagina|seite|trang)$", re.I)
_COUNT = re.compile("[0-9]{1,9}")
_NUMBERED = (
    re.compile(r"(?P<before>/(?:page|trang|paged)[/-]?)(?P<number>\d{1,5})(?P<after>/?(?:$|\?|\.html?$))", re.I),
    re.compile(r"(?P<before>[?&](?:page|trang|p|paged|pg|start_page)=)(?P<number>\d{1,5})(?P<after>(?:&|$))", re.I),
    re.compile(r"(?P<before>/p)(?P<number>\d{1,5})(?P<after>/?(?:$|\?))", re.I),
    re.compile(r"(?P<before>/)(?P<number>\d{1,5})(?P<after>\.chn$)", re.I),
)


def next_page(root: Any, url: str) -> str:
    """Return the address of the next page of a list, "" where none is known.

    A link that says so (rel=next, "Trang sau", "Suivant"), a link to the number after this one's, or this address with its number
    raised, where it has one.
    """
    for element in root.iter("link", "a"):
        if "next" in (element.get("rel") or "").lower().split() and (link := _link(element, url)):
            return link
    for anchor in root.iter("a"):
        said = (anchor.text_content() or "").strip()
        label = anchor.get("aria-label") or anchor.get("title") or ""
        named = _NEXT.match(said) if len(said) <= 40 else None
        if (named or (len(label) <= 40 and _NEXT.match(label))) and (link := _link(anchor, url)):
            return link
    raised = raise_number(url)
    if raised:
        return raised
    if stepped := _next_step(root, url):
        return stepped
    # The page that has no number yet is the first: a link that differs by a second page's number is the next.
    here = canonical_url(url)
    for anchor in root.iter("a"):
        link = _link(anchor, url)
        if link and (anchor.text_content() or "").strip() == "2" and _is_second(canonical_url(link), here):
            return link
    return ""


def raise_number(url: str) -> str:
    """Return an address with the number of its page raised by one, "" where it has none."""
    for pattern in _NUMBERED:
        if found := pattern.search(url):
            return f"{url[: found.start('number')]}{int(found['number']) + 1}{url[found.end('number') :]}"
    return ""


def _next_step(root: Any, url: str) -> str:
    """The nearest link that leads further by a count in its query (start=20, PAGEN_1=3) and differs in nothing else."""
    here = urlsplit(url)
    ours = dict(parse_qsl(here.query, keep_blank_values=True))
    found: dict[int, str] = {}
    for anchor in root.iter("a"):
        said = (anchor.text_content() or "").strip()
        if not said.isdigit() or not (link := _link(anchor, url)) or urlsplit(link).path != here.path:
            continue
        theirs = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        changed = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
        key = next(iter(changed), "")
        if len(changed) != 1 or not _STEP.match(key) or not _COUNT.fullmatch(value := theirs.get(key, "")):
            continue
        before = ours.get(key, "")
        if (_COUNT.fullmatch(before) and int(value) > int(before)) or (not before and said == "2"):
            found.setdefault(int(value), link)
    return found[min(found)] if found else ""


def _is_second(link: str, here: str) -> bool:
    for pattern in _NUMBERED:
        if (found := pattern.search(link)) and int(found["number"]) in {1, 2}:
            return link[: found.start("before")].rstrip("/?&") == here.rstrip("/")
    return False


def _link(element: Any, url: str) -> str:
    link = absolute(url, element.get("href") or "").partition("#")[0]
    return link if link and outlet_host(link) == outlet_host(url) and canonical_url(link) != canonical_url(url) else ""


__all__ = ["next_page", "raise_number"]
