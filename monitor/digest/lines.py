"""From a story to its line in a digest: pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from monitor.digest.rank import Reach, weigh
from monitor.digest.record import Line, Other, Span, Why
from monitor.digest.safe import plain, safe_url
from monitor.digest.words import Words
from storage.items import BodyFrom, Mention, Ownership, StoredArticle, Story
from storage.text import fold

OLD_AFTER = timedelta(hours=48)  # published so long before it was seen, a story is shown with its date
TAG = "tag:media-monitor.example,2026:"  # RFC 4151; ids must never change, so neither may this


def tag_of(name: str) -> str:
    """Return the tag: URI of a series of digests; those of its editions and stories begin with it."""
    return f"{TAG}{quote(plain(name), safe='')}"


class LineMaker:
    """Turns stories into lines; `line` is the whole of it."""

    def __init__(
        self, topics: Sequence[str], name: str, zone: ZoneInfo, words: Words, lead: Callable[[Story], StoredArticle], reach: Reach
    ) -> None:
        self._place = {topic: at for at, topic in reversed(list(enumerate(topics)))}
        self._name = name
        self._zone = zone
        self._words = words
        self._lead = lead
        self._reach = reach

    def line(self, story: Story) -> Line:
        """Return the line of a story."""
        main = self._lead(story)
        article = main.article
        topics, about = self._topics(story)
        old = article.published is not None and main.first_seen - article.published > OLD_AFTER
        mention, ours = _evidence(main, story, topics[0] if topics else "")
        headline = plain(article.title).strip() or self._words.say("untitled")
        in_headline = mention is not None and ours and mention.field == "title"
        return Line(
            id=f"s{story.id}",
            guid=f"{tag_of(self._name)}/s{story.id}",
            headline=headline,
            headline_spans=spans_of(headline, mention.start, mention.alias) if mention and in_headline else (Span(text=headline),),
            url=safe_url(article.url),
            outlet=outlet_name(main),
            language=plain(article.language).strip(),
            published=article.published.astimezone(self._zone) if article.published else None,
            first_seen=main.first_seen.astimezone(self._zone),
            old=old,
            snippet=spans_of(mention.snippet, mention.snippet_start, mention.alias) if mention else (),
            why=_why(mention) if mention else None,
            also=_also(main, story),
            topics=topics,
            about=about,
            updated=main.updated_at.astimezone(self._zone) if main.updated_at else None,
            headline_only=article.body_from is BodyFrom.FEED,
            passing=bool(topics) and not about,
            baseline=main.baseline,
            opaque=article.opaque,
            release_origin=next((outlet_name(one) for one in story.articles if one.article.ownership is Ownership.RELEASE), ""),
            ownership=article.ownership,
            copies=sum(one.copy_id == main.copy_id and one.id != main.id for one in story.articles),
            articles=len(story.articles),
            weight=weigh(story.articles, old=old or main.baseline, reach=self._reach),
        )

    def _topics(self, story: Story) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the story's topics, the one to stand under first, and those of them that are not only named in passing.

        A name in passing never leads: a story stands under the first topic that it is about, if it is about any.
        """
        about: dict[str, bool] = {}
        for stored in story.articles:
            for mention in stored.mentions:
                about[mention.topic] = about.get(mention.topic, False) or not mention.passing
        last = len(self._place)
        ordered = sorted(about, key=lambda topic: (not about[topic], self._place.get(topic, last), topic))
        first = ordered[:1]
        rest = sorted(ordered[1:], key=lambda topic: (self._place.get(topic, last), topic))
        return (*first, *rest), tuple(topic for topic in (*first, *rest) if about[topic])


def _evidence(main: StoredArticle, story: Story, topic: str) -> tuple[Mention | None, bool]:
    """Return the best mention of `topic`, and whether it stands in the main article itself, which is looked at first."""
    for stored in (main, *(one for one in story.articles if one.id != main.id)):
        found = [mention for mention in stored.mentions if mention.topic == topic]
        if found:
            return min(found, key=lambda mention: (mention.passing, -mention.score)), stored is main
    return None, False


def spans_of(text: str, start: int, alias: str) -> tuple[Span, ...]:
    """Cut `text` round the alias; whole and unmarked where the alias is not in it."""
    if not alias:
        return (Span(text=plain(text).strip()),) if text.strip() else ()
    if start < 0 or text[start : start + len(alias)] != alias:
        start = fold(text).find(fold(alias))
    end = start + len(alias)
    if start < 0:
        cut = [Span(text=plain(text).strip())]
    else:
        cut = [
            Span(text=plain(text[:start]).lstrip()),
            Span(text=plain(text[start:end]), marked=True),
            Span(text=plain(text[end:]).rstrip()),
        ]
    return tuple(span for span in cut if span.text)


def _why(mention: Mention) -> Why:
    unit = plain(mention.unit).strip()
    return Why(topic=mention.topic, alias=plain(mention.alias).strip(), unit=unit, score=mention.score, where=mention.field)


def outlet_name(stored: StoredArticle) -> str:
    """Return what an article's outlet is called, its host where it has no name; "" where nothing is known."""
    return plain(stored.article.outlet).strip() or plain(stored.article.outlet_host).strip()


def _also(main: StoredArticle, story: Story) -> tuple[Other, ...]:
    """Return the other outlets, each once, in the order in which they were seen."""
    seen = {fold(outlet_name(main))}
    others = []
    for stored in story.articles:
        outlet = outlet_name(stored)
        if stored.id == main.id or fold(outlet) in seen:
            continue
        seen.add(fold(outlet))
        others.append(Other(outlet=outlet, url=safe_url(stored.article.url), language=plain(stored.article.language).strip()))
    return tuple(others)
