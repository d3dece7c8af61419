"""What the digest and `status` say of searches beside the sources: once a week, in all shapes and languages."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.digest.record import Digest
from monitor.editions import Desk, next_edition, of_day, of_window, preview_edition
from monitor.shapes import SHAPES, render
from monitor.status import print_status, status_of
from storage.condition import SecondRoad, Unwatched
from storage.items import Kind, Source
from storage.sightings import Sighting
from storage.store import Store
from tests.monitor.told import coverage, digest, story
from tests.storage.makers import new, source

SUNDAY = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)  # 07:30 in Hanoi
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROAD = SecondRoad(
    since=SUNDAY, found=40, had=31, later=3,
    only=(Unwatched(outlet="Tin Sáng", host="tinsang.example", articles=4), Unwatched(outlet="", host="x.example", articles=2)),
)  # fmt: skip


def told(language: str = "en", road: SecondRoad | None = ROAD) -> Digest:
    return digest(story(1), coverage=coverage(road=road), language=language)


def flat(made: Digest, shape: str) -> str:
    return " ".join(render(made, shape).replace("\\", "").replace("&#39;", "'").split())


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "json"])
@pytest.mark.parametrize(
    ("language", "said", "only"),
    [
        ("en", "Searches found 40 articles in 7 days; the sources had 31 of them (78%) already, 3 came by them later.", "Found by searches alone: "),
        ("vi", "Trong 7 ngày, tìm kiếm thấy 40 bài; các nguồn đã có 31 bài (78%), 3 bài về sau mới có.", "Chỉ thấy qua tìm kiếm: "),
        ("fr", "Les recherches ont trouvé 40 articles en 7 jours ; les sources en avaient déjà 31 (78 %), 3 sont venus par elles plus tard.",
         "Trouvés par les seules recherches : "),
    ],
)  # fmt: skip
def test_every_shape_says_it_in_its_language(shape: str, language: str, said: str, only: str) -> None:
    text = flat(told(language), shape)
    assert said in text
    assert f"{only}Tin Sáng (tinsang.example) 4, x.example 2." in text
    assert "monitor sources add tinsang.example" in text
    assert only not in flat(told(language, None), shape)


def test_json_gives_the_figures() -> None:
    found = json.loads(render(told(), "json"))["coverage"]["second_road"]
    assert (found["found"], found["had"], found["later"]) == (40, 31, 3)
    assert found["only_by_search"][1] == {"outlet": "", "host": "x.example", "articles": 2}
    assert json.loads(render(told(road=None), "json"))["coverage"]["second_road"] is None


def test_a_host_that_could_do_harm_is_in_no_command() -> None:
    road = SecondRoad(since=SUNDAY, found=1, had=0, later=0, only=(Unwatched(outlet="X", host="x.example;reboot", articles=1),))
    assert "sources add" not in flat(told(road=road), "text")
    nothing = SecondRoad(since=SUNDAY, found=0, had=0, later=0)
    assert "Searches" not in flat(told(road=nothing), "text")


def filled(store: Store, now: datetime) -> list[Source]:
    """A store with an article that a feed had and one that a search alone found."""
    sources = [source("feed"), source("google", kind=Kind.SEARCH)]
    with store.transaction() as transaction:
        transaction.sources.ensure(sources)
        for number, roads in ((1, ("feed", "google")), (2, ("google",))):
            article_id = transaction.articles.add(
                new(number, url=f"https://o{number}.example/x", outlet=f"Outlet {number}", first_seen=now, published=now)
            )
            for road in roads:
                row = Sighting(source_id=road, entry_key=str(number), url_key=str(number), article_id=article_id, entry_hash="h")
                transaction.sightings.note([row], now)
    return sources


def test_the_first_digest_of_a_week_says_it_and_says_it_again(store: Store) -> None:
    moment = SUNDAY - 3 * DAY
    sources = filled(store, SUNDAY - 3 * HOUR)

    def desk(at: datetime) -> Desk:
        return Desk(
            store=store, sources=sources, topics=("FPT",), only=False, zone=ZoneInfo("Asia/Ho_Chi_Minh"), language="en", clock=lambda: at
        )  # fmt: skip

    assert next_edition(desk(moment)).digest.coverage.road is None  # the very first has no week behind it
    sunday = next_edition(desk(SUNDAY)).digest
    assert sunday.day == date(2026, 11, 22) and sunday.coverage.road is None
    monday = SUNDAY + DAY
    assert preview_edition(desk(monday)).digest.coverage.road is not None
    road = next_edition(desk(monday)).digest.coverage.road
    assert road is not None and (road.found, road.had, road.later) == (2, 1, 0)
    assert road.only == (Unwatched(outlet="Outlet 2", host="o2.example", articles=1),)
    assert next_edition(desk(monday + HOUR)).digest.coverage.road is None
    assert next_edition(desk(monday + DAY)).digest.coverage.road is None
    assert of_day(desk(monday + 3 * DAY), date(2026, 11, 23)).digest.coverage.road == road
    assert of_window(desk(monday), monday - 7 * DAY, monday).digest.coverage.road == road
    assert of_window(desk(monday), monday - DAY, monday).digest.coverage.road is None


def test_status_says_it_any_day(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    sources = filled(store, SUNDAY)
    with store.reading() as reading:
        status = status_of(reading, sources, [], SUNDAY + DAY)
    print_status(status, zone=ZoneInfo("UTC"), as_json=False)
    out = capsys.readouterr().out
    assert "2 articles found in 7 days, 1 of them (50 %) the sources had already" in out
    assert "by searches alone: Outlet 2 (o2.example) 1: monitor sources add HOST" in out
    print_status(status, zone=ZoneInfo("UTC"), as_json=True)
    assert json.loads(capsys.readouterr().out)["searches_7d"] == {
        "found": 2, "had": 1, "later": 0, "only_by_search": [{"outlet": "Outlet 2", "host": "o2.example", "articles": 1}],
    }  # fmt: skip
