"""Whose words stand at an article whose page was not read, and who may change them.

A feed may list any address of any site with words of its own. They are told as that feed's (`spiders.articles`), until the site itself
speaks: by its page, or by the words of its own feed. Nobody else changes what a site's own feed, or another source, has said.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from monitor.outlets import is_of_site
from spiders.articles import speaks_for
from storage.identity import url_key
from storage.items import BodyFrom, Source
from storage.reading import Reading


class Voice(Enum):
    """What a source's words are beside those that stand."""

    OWN = auto()  # the site's own, and those that stand are not
    SAME = auto()  # as good
    NONE = auto()  # of somebody who has nothing to say here


def voice_of(source: Source, url: str, told_by: Sequence[Source]) -> Voice:
    """Tell what a source's words about an address are.

    Args:
        told_by: the sources that showed the article, the first one first.
    """
    own = is_of_site(source, url)
    if any(is_of_site(one, url) for one in told_by):
        return Voice.SAME if own else Voice.NONE
    if own:
        return Voice.OWN
    return Voice.SAME if not told_by or told_by[0].id == source.id else Voice.NONE


def strangers(told_by: Sequence[Source], url: str) -> bool:
    """Whether neither an address's own site nor a search has spoken of it."""
    return bool(told_by) and not any(is_of_site(one, url) or speaks_for(one, url) for one in told_by)


def gives_way(reading: Reading, source: Source, url: str, article_id: int | None) -> bool:
    """Whether what is stored of an address gives way to what a source now says of it. Where the page was read, that has the last word.

    Args:
        article_id: what is stored of it; None where what was said named nobody.
    """
    if article_id is None:
        told_by: Sequence[str] = [one.source_id for one in reading.sightings.of_address(url_key(url))]
    else:
        stored = reading.articles.many([article_id], with_text=False)
        if not stored or stored[0].article.body_from is not BodyFrom.FEED or stored[0].article.opaque:
            return False
        told_by = stored[0].sources
    return voice_of(source, url, reading.sources.named(told_by)) is Voice.OWN
