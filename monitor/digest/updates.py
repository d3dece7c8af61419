"""Stories that were told before and have changed since: what is new of them, and nothing more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.digest.lines import tag_of
from monitor.digest.record import Update
from monitor.digest.safe import plain, safe_url
from storage.identity import title_key
from storage.items import StoredArticle, Story
from storage.text import fold

if TYPE_CHECKING:
    from storage.ledger import Retold

_ADDED = 240  # characters of the new words that are shown
_SENTENCE = 30  # a new line that is shorter is a caption or a label


def updates_of(
    changed: Sequence[tuple[Retold, Story]], *, name: str, zone: ZoneInfo, lead: Callable[[Story], StoredArticle]
) -> tuple[Update, ...]:
    """Return one update a story, the latest change first.

    Of several changed articles the one with a changed headline is shown, else the story's main article. More outlets are no change.

    Args:
        changed: what has changed, with its story as it is now.
        name: of the series of digests.
        lead: picks a story's main article.
    """
    by_story: dict[int, list[tuple[Retold, Story]]] = {}
    for one, story in changed:
        by_story.setdefault(story.id, []).append((one, story))
    made = []
    for pairs in by_story.values():
        story = pairs[0][1]
        main = lead(story).id
        candidates = [(_update(one, story, name, zone), one.article_id == main) for one, _ in pairs]
        told = [(update, is_main) for update, is_main in candidates if update is not None]
        if told:
            made.append(max(told, key=lambda pair: (bool(pair[0].was), pair[1], pair[0].at))[0])
    return tuple(sorted(made, key=lambda update: (update.at, update.id), reverse=True))


def _update(one: Retold, story: Story, name: str, zone: ZoneInfo) -> Update | None:
    """Return what is new of one article; None where there are no words for it."""
    stored = next((stored for stored in story.articles if stored.id == one.article_id), None)
    if stored is None:
        return None
    article = stored.article
    new_headline = title_key(one.title_before, article.outlet) != title_key(one.title, article.outlet)
    added = _added(one.text_before, one.text)
    if not new_headline and not added:
        return None
    return Update(
        id=f"s{story.id}",
        guid=f"{tag_of(name)}/s{story.id}",
        headline=plain(one.title).strip(),
        url=safe_url(article.url),
        outlet=plain(article.outlet).strip() or plain(article.outlet_host).strip(),
        language=plain(article.language).strip(),
        at=one.at.astimezone(zone),
        was=plain(one.title_before).strip() if new_headline else "",
        added=added,
        told_on=story.told_on,
        topics=stored.topics,
    )


def _added(before: str, after: str) -> str:
    """Return the first words of a text that it did not hold before; "" where nobody knows what it held."""
    if not before or not after:
        return ""
    known = set(fold(before).split("\n"))
    fresh = [line.strip() for line in after.split("\n") if fold(line) not in known]
    said = next((line for line in fresh if len(line) >= _SENTENCE), "")
    text = plain(said).strip()
    if len(text) <= _ADDED:
        return text
    return text[:_ADDED].rpartition(" ")[0].rstrip(" ,;:") + " …"
