"""Which digests are due: hours, zones, both changes of the clock, missed mornings; pure, so every case is a value."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.schedule import LATE, LOOK_BACK, Timetable, due, due_today, next_due, periods

TORONTO = ZoneInfo("America/Toronto")
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
SEVEN = Timetable(hours=(time(7),), zone=TORONTO)
MINUTE = timedelta(minutes=1)


def local(text: str, zone: ZoneInfo = TORONTO, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def keys(timetable: Timetable, first: str, last: str) -> list[str]:
    return [period.key for period in periods(timetable, date.fromisoformat(first), date.fromisoformat(last))]


def test_due_from_its_hour_on_until_it_is_made() -> None:
    made = {"2026-11-11"}
    assert due(SEVEN, made, local("2026-11-12T06:59")) is None
    for moment in ("2026-11-12T07:00", "2026-11-12T23:59", "2026-11-13T06:59"):
        found = due(SEVEN, made, local(moment))
        assert found is not None and found.period.key == "2026-11-12" and not found.missed
        assert found.waited_since(local(moment)) == local("2026-11-12T07:00")
    assert due(SEVEN, made | {"2026-11-12"}, local("2026-11-13T06:59")) is None


def test_missed_mornings_are_one_digest() -> None:
    found = due(SEVEN, {"2026-11-10"}, local("2026-11-14T09:00"))
    assert found is not None
    assert found.period.key == "2026-11-14"
    assert [period.key for period in found.missed] == ["2026-11-11", "2026-11-12", "2026-11-13"]
    assert found.waited_since(local("2026-11-14T09:00")) == local("2026-11-11T07:00")
    assert due(SEVEN, {"2026-11-10", "2026-11-14"}, local("2026-11-14T09:01")) is None  # and no second one for them


def test_a_digest_made_before_its_hour_stands_for_earlier_ones() -> None:
    early = local("2026-11-12T02:00")  # by cron, five hours before `monitor run` would
    for made in (set[str](), {"2026-11-09"}):
        today = due_today(SEVEN, made, early)
        assert today is not None and today.period.key == "2026-11-12"
        after = made | {"2026-11-12"}
        assert due(SEVEN, after, early) is None and due(SEVEN, after, local("2026-11-12T08:00")) is None
        found = due(SEVEN, after, local("2026-11-13T07:00"))
        assert found is not None and found.period.key == "2026-11-13" and not found.missed


def test_the_first_digest_is_made_at_once_and_is_not_late() -> None:
    now = local("2026-11-12T15:00")
    found = due(SEVEN, set(), now)
    assert found is not None and found.first and not found.missed and found.waited_since(now) == now


def test_a_long_absence_is_told_as_far_as_the_look_back() -> None:
    found = due(SEVEN, {"2026-01-01"}, local("2026-11-14T09:00"))
    assert found is not None and len(found.missed) == LOOK_BACK.days


def test_an_hour_that_does_not_exist_comes_once_and_no_earlier() -> None:
    half_past_two = Timetable(hours=(time(2, 30),), zone=TORONTO)
    (period,) = periods(half_past_two, date(2026, 3, 8), date(2026, 3, 8))  # clocks go from 02:00 to 03:00
    assert period.due == local("2026-03-08T03:30")
    made = {"2026-03-07"}
    assert due(half_past_two, made, period.due - MINUTE) is None
    assert due(half_past_two, made, period.due) is not None
    assert due(half_past_two, made | {"2026-03-08"}, local("2026-03-09T02:29")) is None


def test_an_hour_that_exists_twice_gives_one_digest() -> None:
    half_past_one = Timetable(hours=(time(1, 30),), zone=TORONTO)
    (period,) = periods(half_past_one, date(2026, 11, 1), date(2026, 11, 1))
    assert period.due == local("2026-11-01T01:30", fold=0) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    made = {"2026-10-31", "2026-11-01"}
    assert due(half_past_one, made, local("2026-11-01T01:30", fold=1)) is None
    assert due(half_past_one, made, local("2026-11-01T23:00")) is None


def test_a_day_that_does_not_exist_is_missed_and_made_up() -> None:
    apia = Timetable(hours=(time(7),), zone=ZoneInfo("Pacific/Apia"))  # 30 December 2011 was left out
    found = due(apia, {"2011-12-29"}, datetime(2011, 12, 30, 18, tzinfo=UTC))
    assert found is not None and found.period.key == "2011-12-31"
    assert [period.key for period in found.missed] == ["2011-12-30"]


def test_weekdays_weeks_and_several_hours() -> None:
    weekdays = Timetable(hours=(time(7),), zone=TORONTO, days=frozenset(range(1, 6)))
    assert keys(weekdays, "2026-11-13", "2026-11-17") == ["2026-11-13", "2026-11-16", "2026-11-17"]
    assert due(weekdays, {"2026-11-13"}, local("2026-11-15T12:00")) is None
    weekly = Timetable(hours=(time(7),), zone=TORONTO, days=frozenset({1}), weekly=True)
    assert keys(weekly, "2026-12-28", "2027-01-04") == ["2026-W53", "2027-W01"]
    found = due(weekly, {"2026-W45"}, local("2026-11-12T12:00"))  # Monday was missed
    assert found is not None and found.period.key == "2026-W46" and found.period.day == date(2026, 11, 9)
    twice = Timetable(hours=(time(17), time(7)), zone=TORONTO)
    assert keys(twice, "2026-11-12", "2026-11-12") == ["2026-11-12", "2026-11-12/2"]
    evening = due(twice, {"2026-11-11/2"}, local("2026-11-12T18:00"))
    assert evening is not None and evening.period.key == "2026-11-12/2" and [one.key for one in evening.missed] == ["2026-11-12"]


def test_an_hour_moved_during_the_day_makes_no_second_digest() -> None:
    made = {"2026-11-12"}  # at seven
    eight = Timetable(hours=(time(8),), zone=TORONTO)
    assert due(eight, made, local("2026-11-12T09:00")) is None
    assert due(eight, made, local("2026-11-13T08:00")) is not None


def test_another_time_zone_keeps_one_digest_a_date() -> None:
    now = local("2026-11-12T20:00")  # 08:00 on the 13th in Hanoi
    moved = Timetable(hours=(time(7),), zone=HANOI)
    found = due(moved, {"2026-11-12"}, now)
    assert found is not None and found.period.key == "2026-11-13" and not found.missed
    back = due(SEVEN, {"2026-11-12", "2026-11-13"}, local("2026-11-13T08:00"))
    assert back is None  # the 13th was told, the evening before
    assert due(SEVEN, {"2026-11-12", "2026-11-13"}, local("2026-11-14T07:00")) is not None


def test_a_clock_that_jumps_ahead_and_back_silences_nothing() -> None:
    made = {"2026-11-11"}
    wrong = due(SEVEN, made, local("2027-11-12T08:00"))
    assert wrong is not None
    made.add(wrong.period.key)
    right = due(SEVEN, made, local("2026-11-12T08:00"))
    assert right is not None and right.period.key == "2026-11-12" and not right.missed
    assert due(SEVEN, {"2026-11-10", "2026-11-11", "2026-11-12"}, local("2026-11-10T08:00")) is None  # set back: told already


def test_for_cron_the_digest_of_today_may_come_before_its_hour() -> None:
    early = local("2026-11-12T06:00")
    found = due_today(SEVEN, {"2026-11-11"}, early)
    assert found is not None and found.period.key == "2026-11-12" and not found.missed
    assert due_today(SEVEN, {"2026-11-11", "2026-11-12"}, local("2026-11-12T06:30")) is None
    assert due_today(SEVEN, {"2026-11-11", "2026-11-12"}, local("2026-11-12T09:00")) is None
    made_up = due_today(SEVEN, {"2026-11-10"}, early)
    assert made_up is not None and [one.key for one in made_up.missed] == ["2026-11-11"]
    twice = Timetable(hours=(time(7), time(17)), zone=TORONTO)
    assert due_today(twice, {"2026-11-12"}, local("2026-11-12T09:00")) is None  # the second is not taken in the morning
    weekly = Timetable(hours=(time(7),), zone=TORONTO, days=frozenset({1}), weekly=True)
    assert due_today(weekly, {"2026-W46"}, local("2026-11-12T06:00")) is None


def test_when_the_next_one_is_due() -> None:
    assert next_due(SEVEN, {"2026-11-12"}, local("2026-11-12T08:00")) == local("2026-11-13T07:00")
    assert next_due(SEVEN, {"2026-11-11"}, local("2026-11-12T08:00")) == local("2026-11-12T08:00")
    weekly = Timetable(hours=(time(7),), zone=TORONTO, days=frozenset({1}), weekly=True)
    assert next_due(weekly, {"2026-W46"}, local("2026-11-12T08:00")) == local("2026-11-16T07:00")


ZONES = ["America/Toronto", "Asia/Ho_Chi_Minh", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "UTC"]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=st.lists(st.times(), min_size=1, max_size=3, unique=True),
    weekly=st.booleans(),
    start=st.datetimes(min_value=datetime(2026, 1, 5), max_value=datetime(2026, 12, 1)),
    steps=st.lists(st.integers(min_value=1, max_value=60 * 50), min_size=1, max_size=60),
)
def test_however_it_is_looked_at_each_period_is_told_once(
    zone: str, hours: list[time], weekly: bool, start: datetime, steps: list[int]
) -> None:
    """Whatever the moments at which somebody looks: every period that has passed was made, or made up by a later one, once."""
    days = frozenset({1}) if weekly else frozenset(range(1, 8))
    timetable = Timetable(hours=tuple(hours), zone=ZoneInfo(zone), days=days, weekly=weekly)
    now = start.replace(tzinfo=UTC)
    made: list[str] = []
    covered: list[str] = []
    for step in steps:
        if found := due(timetable, made, now):
            assert found.period.due <= now
            assert all(period.due <= found.period.due for period in found.missed)
            made.append(found.period.key)
            covered += [found.period.key, *(period.key for period in found.missed)]
        assert due(timetable, made, now) is None
        assert next_due(timetable, made, now) > now
        now += timedelta(minutes=step)
    assert len(set(covered)) == len(covered)
    if made:
        first = covered[0]
        passed = sorted(periods(timetable, start.date() - timedelta(days=9), now.date() + timedelta(days=2)))
        asked = now - timedelta(minutes=steps[-1])  # the last look
        wanted = [period.key for period in passed if period.due <= asked]
        assert set(wanted[wanted.index(first) :]) == set(covered)


def test_grace_is_longer_than_a_crawl_may_take() -> None:
    assert timedelta(minutes=60) < LATE
