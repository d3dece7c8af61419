"""What a database does not take of a text is left at its door, alike on both engines: one overlooked letter must not end a crawl."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import schema
from storage.filters import ArticleFilter
from storage.items import BodyFrom, Entry, Poll, PollOutcome
from storage.sightings import Sighting
from storage.store import Store
from storage.strings import Words
from tests.storage.makers import HOUR, NOW, add, article, mention, new, source, suppression

ODD = "a\x00b\ud800c\udfffđ😀"
CLEAN = "abcđ😀"


def test_an_article_of_odd_letters_in_every_text_is_stored_and_found(store: Store) -> None:
    texts = {name: f"{ODD} {name}" for name in ("title", "text", "summary", "outlet", "why_no_page", "stated_date", "canonical_url")}
    odd = article(1, **texts, outlet_host=f"{ODD}.example" + "x" * 300, language=ODD * 9, country=ODD * 9, body_from=BodyFrom.FEED)
    hits = {"alias": ODD, "snippet": ODD, "topic": ODD}
    with store.transaction() as transaction:
        number = transaction.articles.add(new(article=odd, mentions=(mention(**hits, unit=ODD),), suppressions=(suppression(**hits),)))
        transaction.sightings.note(
            [Sighting(source_id="bao", entry_key=ODD, url_key="k", article_id=number, entry_hash="h", no_page=ODD)], NOW
        )
    with store.reading() as reading:
        stored = reading.articles.get(number)
        assert stored is not None
        assert all(getattr(stored.article, name) == f"{CLEAN} {name}" for name in texts)
        assert len(stored.article.outlet_host) == 255 and len(stored.article.language) <= 16 and len(stored.article.country) <= 8
        assert (stored.mentions[0].topic, stored.mentions[0].alias, stored.suppressions[0].snippet) == (CLEAN, CLEAN, CLEAN)
        (seen,) = reading.sightings.of_address("k")
        assert (seen.source_id, seen.no_page) == ("bao", CLEAN)
        assert [one.id for one in reading.articles.find(ArticleFilter(topic=ODD))] == [number]


def test_what_a_host_says_of_itself_in_odd_letters_is_kept_as_far_as_it_can_be(store: Store) -> None:
    with store.transaction() as transaction:
        state = transaction.sources.states().get("bao")
        assert state is None
        transaction.sources.ensure([source("bao", outlet=ODD)])
        state = transaction.sources.states()["bao"]
        poll = Poll(source_id="bao", started=NOW, finished=NOW, outcome=PollOutcome.FAILED, error_kind=ODD * 30, error=ODD)
        transaction.sources.save_polls([(state, poll, NOW + HOUR)])
        transaction.incidents.add_once(NOW, "odd", ODD, timedelta(days=1))
        transaction.incidents.add_once(NOW + HOUR, "odd", ODD, timedelta(days=1))
        entry = Entry(source_id="bao", key=ODD, url="https://bao.example/1", title=ODD)
        transaction.pending.add(source("bao"), entry, ODD, NOW - 2 * HOUR)
    with store.reading() as reading:
        assert reading.sources.states()["bao"].error == CLEAN
        assert [one.detail for one in reading.incidents.between(None, NOW + HOUR)] == [CLEAN]
        assert len(reading.pending.due(NOW)) == 1
    with store.transaction() as transaction:
        transaction.pending.done("bao", ODD)
        assert transaction.connection.execute(select(schema.pending)).all() == []


@pytest.mark.parametrize(
    ("length", "given", "kept"), [(None, ODD * 500, CLEAN * 500), (4, ODD, "abcđ"), (4, "ab", "ab"), (4, None, None), (None, "", "")]
)
def test_a_text_is_cut_to_its_column(store: Store, length: int | None, given: str | None, kept: str | None) -> None:
    with store.reading() as reading:
        assert Words(length).process_bind_param(given, reading.connection.dialect) == kept


def test_ordinary_articles_are_as_they_were(store: Store) -> None:
    number = add(store, 1)
    with store.reading() as reading:
        stored = reading.articles.get(number)
    assert stored is not None and stored.article == article(1)
