"""A story told yesterday comes back only as an update, with what is new, once; more outlets do not make it new. On both engines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.editions import Desk, again, by_id, next_edition, of_day, preview_edition
from monitor.shapes import SHAPES, render
from storage.items import Outcome
from storage.store import Store
from tests.monitor.desk import NOW, SOURCE, TAIL, take
from tests.monitor.postroom import Clock

TITLE = "FPT Software ký hợp đồng năm năm với cảng Hải Bình"
TEXT = "FPT Software, công ty ở Hà Nội, ký hợp đồng năm năm với cảng Hải Bình để vận hành bến." + TAIL
ADDED = "Hai bên cho biết giá trị hợp đồng nay là sáu mươi triệu đô la, gấp đôi con số đã công bố hôm qua."
DAY = timedelta(days=1)


@pytest.fixture
def desk(store: Store) -> Desk:
    clock = Clock(NOW)
    return Desk(store=store, sources=[SOURCE], topics=["FPT"], only=False, zone=ZoneInfo("Asia/Ho_Chi_Minh"), language="en", clock=clock)


def pass_(desk: Desk, span: timedelta = DAY) -> None:
    assert isinstance(desk.clock, Clock)
    desk.clock.now += span


def told(desk: Desk) -> None:
    take(desk.store, 1, TITLE, TEXT)
    assert next_edition(desk).stories == 1
    pass_(desk)


@pytest.mark.parametrize("language", ["en", "vi", "fr"])
def test_a_changed_story_is_told_as_an_update_in_every_shape_and_never_as_new(desk: Desk, language: str) -> None:
    desk = replace(desk, language=language)
    told(desk)
    after = f"{TEXT}\n{ADDED * 3}"
    assert take(desk.store, 1, "FPT Software và cảng Hải Bình nâng hợp đồng lên sáu mươi triệu", after, now=NOW + DAY) is Outcome.UPDATED
    assert preview_edition(desk).updates == 1
    edition = next_edition(desk)
    assert (edition.stories, edition.updates, edition.empty) == (0, 1, False)
    (update,) = edition.digest.updates
    assert update.was == TITLE and update.added.startswith(ADDED[:60]) and update.told_on == "2026-11-23"
    for shape in SHAPES:
        said = " ".join(render(edition.digest, shape, width=200).split())
        assert "nâng hợp đồng" in said and TITLE in said and ADDED[:60] in said, shape
    document = json.loads(render(edition.digest, "json"))
    assert document["count"] == 0 and document["updates"][0]["headline_before"] == TITLE
    words = {"en": "0 new, 1 updated", "vi": "0 tin mới, 1 tin cập nhật", "fr": "0 nouveau sujet, 1 mis à jour"}
    assert words[language] in edition.digest.subject
    pass_(desk)
    assert next_edition(desk).empty, "once told, it is told"
    again_ = again(replace(desk, clock=desk.clock))
    assert again_.digest.updates == ()
    assert of_day(desk, edition.digest.day).digest.updates == edition.digest.updates, "a day shown again shows its updates"


def test_more_outlets_do_not_make_a_told_story_new(desk: Desk) -> None:
    told(desk)
    for number, host in enumerate(("tin.example", "moi.example", "nhanh.example"), 2):
        assert take(desk.store, number, TITLE, TEXT, host=host, now=NOW + DAY) is Outcome.JOINED
    edition = next_edition(desk)
    assert (edition.stories, edition.updates) == (0, 0)


def test_a_change_before_the_telling_is_no_update(desk: Desk) -> None:
    take(desk.store, 1, TITLE, TEXT)
    assert take(desk.store, 1, f"{TITLE} ở miền Bắc", TEXT, now=NOW + timedelta(hours=1)) is Outcome.UPDATED
    pass_(desk, timedelta(hours=2))
    edition = next_edition(desk)
    assert (edition.stories, edition.updates) == (1, 0)
    pass_(desk)
    assert next_edition(desk).empty


def test_a_page_that_takes_the_place_of_a_headline_is_no_update(desk: Desk) -> None:
    take(desk.store, 1, TITLE, why_no_page="timeout", retry=True)
    assert next_edition(desk).stories == 1
    pass_(desk)
    take(desk.store, 1, TITLE, TEXT, now=NOW + DAY)
    assert next_edition(desk).updates == 0


def test_several_changes_are_one_update_against_what_was_told(desk: Desk) -> None:
    told(desk)
    for hours, title in ((1, "FPT Software và cảng Hải Bình sửa hợp đồng"), (2, "FPT Software và cảng Hải Bình ký lại hợp đồng lớn")):
        take(desk.store, 1, title, TEXT, now=NOW + DAY + timedelta(hours=hours))
    pass_(desk, timedelta(hours=3))
    (update,) = next_edition(desk).digest.updates
    assert (update.was, update.headline) == (TITLE, "FPT Software và cảng Hải Bình ký lại hợp đồng lớn")


def test_each_digest_has_its_own_updates_and_topics(desk: Desk) -> None:
    told(desk)
    other = replace(desk, name="weekly", topics=["Mila"], only=True)
    assert next_edition(other).stories == 0
    take(desk.store, 1, f"{TITLE}, sửa lại", TEXT, now=NOW + DAY)
    assert next_edition(other).updates == 0
    assert next_edition(desk).updates == 1


def test_what_an_edition_said_of_the_watch_it_says_again(desk: Desk) -> None:
    from storage.items import Poll, PollOutcome, SourceState

    with desk.store.transaction() as transaction:
        transaction.incidents.add(NOW - timedelta(hours=1), "clock-back", "3.0 h")
        poll = Poll(source_id="bao", started=NOW, finished=NOW, outcome=PollOutcome.FAILED, error_kind="dns")
        transaction.sources.save_polls([(SourceState(source_id="bao"), poll, NOW)])
    edition = next_edition(desk)
    assert "name not found" in render(edition.digest, "text") and "set back by 3.0 h" in render(edition.digest, "text")
    pass_(desk)
    with desk.store.transaction() as transaction:
        well = Poll(source_id="bao", started=NOW + DAY, finished=NOW + DAY, outcome=PollOutcome.CHANGED)
        transaction.sources.save_polls([(transaction.sources.state("bao"), well, NOW + 2 * DAY)])
    assert of_day(desk, edition.digest.day).digest.coverage == edition.digest.coverage
    with desk.store.reading() as reading:
        last = reading.ledger.last("daily")
    assert last is not None and by_id(desk, last.id).digest.coverage == edition.digest.coverage
    text = render(next_edition(desk).digest, "text")
    assert "1 of 1 sources read" in text and "set back" not in text, "an incident is told once"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The clock went on by 3.0 h"),
        ("vi", "Đồng hồ nhảy tới 3.0 h"),
        ("fr", "L’horloge a avancé de 3.0 h"),
    ],
)
def test_a_clock_that_jumped_on_is_told_in_the_next_digest(desk: Desk, language: str, said: str) -> None:
    with desk.store.transaction() as transaction:
        transaction.incidents.add(NOW - timedelta(hours=1), "clock-on", "3.0 h")
    there = replace(desk, language=language)
    assert said in " ".join(render(next_edition(there).digest, "text").split())
    pass_(there)
    assert said not in " ".join(render(next_edition(there).digest, "text").split()), "an incident is told once"


def test_an_incident_of_an_hour_that_came_twice_is_told_all_the_same(desk: Desk) -> None:
    next_edition(desk)
    pass_(desk, timedelta(hours=-3))  # the clock is set back: this moment lies before the last edition's end
    with desk.store.transaction() as transaction:
        transaction.incidents.add(desk.clock(), "clock-back", "3.0 h")
    pass_(desk)
    assert "set back by 3.0 h" in render(next_edition(desk).digest, "text")


def test_an_edition_of_a_future_does_not_empty_the_windows_after_it(desk: Desk) -> None:
    next_edition(desk)
    pass_(desk, 700 * DAY)
    next_edition(desk)
    pass_(desk, -699 * DAY)
    assert next_edition(desk).digest.since == NOW.astimezone(desk.zone)
