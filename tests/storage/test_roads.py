"""Searches as a second road: what the first one had, what came later, what nobody else brought."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.condition import Coverage, SecondRoad, Unwatched
from storage.coverage import from_json, to_json, together
from storage.items import Kind
from storage.sightings import Sighting
from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW, mention, new, source

WEEK = timedelta(days=7)


def came(store: Store, number: int, *roads: tuple[str, timedelta], **fields: object) -> None:
    """Store an article that was seen at some sources, each so long before NOW."""
    first = max(ago for _, ago in roads)
    host = str(fields.pop("host", f"outlet{number}.example"))
    url = f"https://{host}/{number}"
    with store.transaction() as transaction:
        article_id = transaction.articles.add(new(number, url=url, outlet=host.title(), first_seen=NOW - first, **fields))
        for name, ago in roads:
            sighting = Sighting(source_id=name, entry_key=f"{number}", url_key=f"{number}", article_id=article_id, entry_hash="h")
            transaction.sightings.note([sighting], NOW - ago)


def prepared(store: Store) -> Store:
    with store.transaction() as transaction:
        transaction.sources.ensure(
            [
                source("feed"),
                source("map", kind=Kind.SITEMAP),
                source("list", kind=Kind.LISTING),
                source("google", kind=Kind.SEARCH),
                source("bing", kind=Kind.SEARCH),
            ]
        )
    return store


def measured(store: Store, since: datetime = NOW - WEEK, **given: object) -> SecondRoad:
    with store.reading() as reading:
        return reading.roads.second(since, NOW, **given)  # type: ignore[arg-type]


def test_what_a_search_found_is_held_against_the_other_roads(store: Store) -> None:
    prepared(store)
    came(store, 1, ("feed", 5 * HOUR), ("google", 4 * HOUR))
    came(store, 2, ("map", 4 * HOUR - timedelta(minutes=20)), ("google", 4 * HOUR))  # of one crawl, which asks in any order
    came(store, 3, ("google", 5 * HOUR), ("list", 2 * HOUR))
    came(store, 4, ("google", 5 * HOUR), ("bing", 6 * HOUR), host="only.example")
    came(store, 5, ("bing", 5 * HOUR), host="only.example")
    came(store, 6, ("bing", 3 * HOUR), host="another.example")
    came(store, 7, ("feed", 2 * HOUR))  # no search found it
    came(store, 8, ("feed", 9 * DAY), ("google", 6 * DAY))  # known for days
    found = measured(store)
    assert (found.found, found.had, found.later, found.missed) == (7, 3, 1, 3)
    assert found.only == (
        Unwatched(outlet="Only.Example", host="only.example", articles=2),
        Unwatched(outlet="Another.Example", host="another.example", articles=1),
    )


def test_what_is_no_news_does_not_count(store: Store) -> None:
    prepared(store)
    came(store, 1, ("google", 8 * DAY), ("bing", HOUR))  # the search had it before the window
    came(store, 2, ("google", HOUR), baseline=True)
    came(store, 3, ("google", HOUR), mentions=())
    came(store, 4, ("feed~sitemaps", 2 * HOUR), ("google", HOUR))  # a crawl of the past is no road that is watched
    came(store, 5, ("google", HOUR), mentions=(mention("Mila"),))
    found = measured(store)
    assert (found.found, found.had, found.missed) == (2, 0, 2)
    assert measured(store, topics=["Mila"]).found == 1 and measured(store, topics=["FUNiX"]).found == 0
    assert measured(store, since=NOW - timedelta(minutes=30)) == SecondRoad(since=NOW - timedelta(minutes=30), found=0, had=0, later=0)


def test_an_edition_says_it_again() -> None:
    road = SecondRoad(since=NOW - WEEK, found=7, had=3, later=1, only=(Unwatched(outlet="Only", host="only.example", articles=3),))
    told = Coverage(since=NOW - DAY, until=NOW, road=road)
    written = to_json(told)
    assert from_json(written) == told and from_json(to_json(Coverage(since=None, until=NOW))).road is None
    del written["road"]  # as an older version wrote it
    assert from_json(written).road is None
    assert together([told, Coverage(since=NOW, until=NOW + DAY)]).road == road
