"""What is forgotten after a time, and what has to stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from monitor.running.duties import DUTIES, is_due, keep_house, last_done
from storage import schema
from storage.deliveries import NewDelivery
from storage.filters import ArticleFilter
from storage.fingerprints import fingerprint
from storage.items import BodyFrom, Poll, PollOutcome
from storage.sightings import Sighting
from storage.store import Store
from tests.monitor.postroom import config_of
from tests.storage.makers import DAY, NOW, add, article, mention, new, source


def found(store: Store, words: str) -> list[int]:
    with store.reading() as reading:
        return [stored.id for stored, _ in reading.search(words, ArticleFilter())]


def expire(store: Store, before: datetime, limit: int = 500) -> int:
    with store.transaction() as transaction:
        return transaction.retention.expire_texts(before, limit)


def test_texts_expire_and_headlines_stay(store: Store) -> None:
    old = add(store, 1, title="FPT mở trung tâm", text="Toàn văn bí mật", summary="Tóm lược", first_seen=NOW - 400 * DAY)
    young = add(store, 2, title="FPT xây trường", text="Toàn văn mới", first_seen=NOW - 300 * DAY)
    assert found(store, "bi mat") == [old] and found(store, "toan van") == [young, old]
    assert expire(store, NOW - 365 * DAY) == 1
    assert expire(store, NOW - 365 * DAY) == 0
    assert found(store, "bi mat") == [] and found(store, "tom luoc") == []
    assert found(store, "trung tam") == [old] and found(store, "toan van") == [young]
    with store.reading() as reading:
        (stored,) = reading.articles.many([old])
    assert (stored.article.text, stored.article.summary) == ("", "")
    assert stored.article.title == "FPT mở trung tâm" and stored.article.url == article(1).url
    assert [one.topic for one in stored.mentions] == ["FPT"]


def test_what_was_imported_keeps_its_text(store: Store) -> None:
    old = add(store, 1, text="Toàn văn của kho", body_from=BodyFrom.IMPORT, first_seen=NOW - 4_000 * DAY)
    assert expire(store, NOW - 365 * DAY) == 0 and found(store, "cua kho") == [old]


def test_a_batch_at_a_time(store: Store) -> None:
    for number in range(5):
        add(store, number, first_seen=NOW - 400 * DAY)
    assert [expire(store, NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_copies_are_found_after_their_text_is_gone(store: Store) -> None:
    words = " ".join(f"từ{number}" for number in range(60))
    at = NOW - 10 * DAY
    old = add(store, 1, text=words, first_seen=at)
    with store.transaction() as transaction:
        transaction.dedupe.add(old, fingerprint(article(1, text=words), at), at)
        assert transaction.retention.expire_texts(NOW) == 1
    copy = fingerprint(article(2, text=words, title="Một đầu đề khác hẳn"), NOW)
    with store.reading() as reading:
        assert [one.article_id for one in reading.dedupe.candidates(copy, NOW)] == [old]


def test_an_expired_article_takes_a_new_text(store: Store) -> None:
    old = add(store, 1, first_seen=NOW - 400 * DAY)
    expire(store, NOW)
    fresh = article(1, text="Bản cập nhật đầy đủ")
    with store.transaction() as transaction:
        (stored,) = transaction.articles.many([old])
        transaction.articles.revise(stored, fresh, (mention(),), (), NOW, suppressed=False)
    assert found(store, "cap nhat") == [old]
    assert expire(store, NOW) == 1 and found(store, "cap nhat") == []


def test_texts_of_revisions_expire_with_the_article(store: Store) -> None:
    old = add(store, 1, first_seen=NOW - 400 * DAY)
    with store.transaction() as transaction:
        (stored,) = transaction.articles.many([old])
        changed = article(1, title="FPT đổi đầu đề", text="Khác")
        transaction.articles.revise(stored, changed, (mention(),), (), NOW - 399 * DAY, suppressed=False)
    expire(store, NOW)
    with store.reading() as reading:
        rows = reading.connection.execute(select(schema.revisions.c.title, schema.revisions.c.text)).all()
    assert [tuple(row) for row in rows] == [(article(1).title, "")]


def test_matching_again_leaves_expired_articles_alone(store: Store) -> None:
    add(store, 1, first_seen=NOW - 400 * DAY)
    young = add(store, 2)
    expire(store, NOW - 365 * DAY)
    with store.reading() as reading:
        assert [stored.id for stored in reading.articles.after(0, 10)] == [young]


def sighting(key: str, source_id: str = "bao", article_id: int | None = None) -> Sighting:
    return Sighting(source_id=source_id, entry_key=key, url_key=key, article_id=article_id, entry_hash="h")


def test_entries_are_forgotten_when_they_have_left_their_feed(store: Store) -> None:
    kept = add(store, 1)
    with store.transaction() as transaction:
        transaction.sources.ensure([source("bao"), source("frozen")])
        transaction.sightings.note([sighting("old"), sighting("ours", article_id=kept), sighting("gone", "removed")], NOW - 200 * DAY)
        transaction.sightings.note([sighting("shown", "frozen")], NOW - 200 * DAY)
        transaction.sightings.note([sighting("young")], NOW - 10 * DAY)
        read = [poll("bao", NOW - DAY), poll("frozen", NOW - 200 * DAY)]
        transaction.sources.save_polls([(transaction.sources.state(one.source_id), one, NOW) for one in read])
    with store.transaction() as transaction:
        assert transaction.retention.forget_sightings(NOW - 180 * DAY) == 2
        assert set(transaction.connection.scalars(select(schema.sightings.c.entry_key))) == {"ours", "shown", "young"}
        assert transaction.retention.forget_sightings(NOW - 180 * DAY) == 0


def poll(source_id: str, at: datetime) -> Poll:
    return Poll(source_id=source_id, started=at, finished=at, outcome=PollOutcome.CHANGED, entries=1, new=0, kept=0)


def test_deliveries_are_forgotten_when_they_have_ended(store: Store) -> None:
    names = ("sent", "waiting", "young")
    with store.transaction() as transaction:
        for name in names:
            parcel = NewDelivery(series="digest:daily", period=name, delivery="mail", recipient="a@example.org", message_id=f"<{name}>")
            transaction.deliveries.queue([parcel], now=NOW - 500 * DAY, due=NOW)
        ids = {row.period: row.id for row in transaction.deliveries.waiting()}
        transaction.deliveries.sent(ids["sent"], NOW - 400 * DAY)
        transaction.deliveries.sent(ids["young"], NOW - DAY)
        assert transaction.retention.forget_deliveries(NOW - 365 * DAY) == 1
        assert {row.period for row in transaction.deliveries.latest(10)} == {"waiting", "young"}


def test_duties_keep_house_by_the_configuration(store: Store, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]

    config = config_of(tmp_path, "[keep]\ntext_days = 30\n")
    add(store, 1, first_seen=NOW - 31 * DAY)
    add(store, 2, first_seen=NOW - 29 * DAY)
    with store.transaction() as transaction:
        transaction.articles.add(new(3, first_seen=NOW - 40 * DAY))
    said = {duty.name: duty.do(store, config, NOW) for duty in DUTIES if duty.every(config)}
    assert "backup" not in said  # no folder is configured
    assert said["expire"] == "the texts of 2 articles deleted, first seen more than 30 days ago"
    assert said["check"] == "" and said["forget"] == ""
    with store.reading() as reading:
        assert reading.connection.scalar(select(func.count()).select_from(schema.texts)) == 1
    for_ever = config_of(tmp_path, "[keep]\ntext_days = 0\n")
    assert [duty.do(store, for_ever, NOW + 9_999 * DAY) for duty in DUTIES if duty.name == "expire"] == [""]


def test_cron_at_the_same_minute_does_every_duty_every_day(store: Store) -> None:
    day = DAY
    done = NOW + timedelta(seconds=40)  # the end of yesterday's work
    assert is_due(day, done, NOW + day) and not is_due(day, done, NOW + day / 2)
    assert is_due(timedelta(minutes=60), done, NOW + timedelta(minutes=60)) and not is_due(
        timedelta(minutes=60), done, NOW + timedelta(minutes=50)
    )
    assert is_due(day, None, NOW) and is_due(day, NOW + DAY, NOW) and not is_due(None, None, NOW)


def test_a_duty_that_fails_keeps_no_other_from_being_done(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = config_of(tmp_path, '[backup]\nfolder = "file/backups"\n')
    failed: list[tuple[str, str]] = []
    for _ in range(2):
        keep_house(store, config, lambda: NOW, say=lambda said: None, fail=lambda name, why: failed.append((name, why)))
    assert [name for name, _ in failed] == ["backup", "backup"]  # tried again; the others rest until tomorrow
    assert "file/backups" in failed[0][1] and "check the folder" in failed[0][1]
    assert set(last_done(store)) == {duty.name for duty in DUTIES} - {"backup"}
