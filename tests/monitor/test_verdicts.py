"""What people say of a hit: obeyed at once, by later runs, for later copies; counted and listed with the rule. On both engines."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.editions import Desk, next_edition
from monitor.rematch import RematchReport, rematch
from monitor.verdicts import judge, mute, unmute
from monitor.watchlist import builtin_watchlist
from storage.errors import UsageError
from storage.filters import ArticleFilter
from storage.items import Outcome, StoredArticle
from storage.store import Store
from tests.monitor.desk import MATCHER, NOW, SOURCE, TAIL, take, url_of
from tests.patience import LONG_S

TEXT = "FPT mở trường đào tạo lái xe ở Đà Nẵng." + TAIL
LATER = NOW + timedelta(hours=5)


def stored(store: Store) -> list[StoredArticle]:
    with store.reading() as reading:
        return reading.articles.after(0, 100)


def untold(store: Store) -> int:
    with store.reading() as reading:
        return len(reading.articles.untold("daily"))


def test_not_us_holds_for_the_story_and_its_later_copies(store: Store) -> None:
    take(store, 1, "FPT mở trường lái", TEXT)
    story = stored(store)[0].story_id
    assert "1 of 1 articles changed" in judge(store, MATCHER, f"s{story}", "not-us", None, NOW)
    assert untold(store) == 0
    assert take(store, 2, "Trường lái của FPT", TEXT, host="khac.example", now=LATER) is Outcome.SUPPRESSED
    copy = stored(store)[1]
    assert copy.suppressed and [hit.rule for hit in copy.suppressions] == ["verdict"]
    assert take(store, 3, "FPT và trường lái", TEXT, host="nua.example", now=LATER) is Outcome.SUPPRESSED
    assert untold(store) == 0
    assert list(rematch(store, MATCHER, RematchReport(), save=True, clock=lambda: LATER)) == []


def test_is_us_brings_a_suppressed_hit_back_and_its_later_copies(store: Store) -> None:
    text = "Mila mở cửa ở Huế." + TAIL
    assert take(store, 1, "Mila mở cửa", text) is Outcome.SUPPRESSED
    judge(store, MATCHER, url_of(1), "is-us", "Mila", NOW)
    (one,) = stored(store)
    assert one.topics == ("Mila",) and not one.suppressed and ("verdict", 1.0) in one.mentions[0].parts
    assert take(store, 2, "Mila đã mở cửa", text, host="khac.example", now=LATER) is Outcome.JOINED
    assert [article.topics for article in stored(store)] == [("Mila",), ("Mila",)]
    assert untold(store) == 1


def test_a_verdict_for_one_topic_leaves_the_others(store: Store) -> None:
    text = "FPT và FUNiX mở lớp đêm cho công nhân." + TAIL
    take(store, 1, "FPT và FUNiX mở lớp đêm", text)
    judge(store, MATCHER, url_of(1), "not-us", "FPT", NOW)
    assert stored(store)[0].topics == ("FUNiX",)
    assert take(store, 2, "FUNiX cùng FPT mở lớp", text, host="khac.example", now=LATER) is Outcome.JOINED
    assert [article.topics for article in stored(store)] == [("FUNiX",), ("FUNiX",)]


def test_what_is_said_of_one_article_does_not_silence_its_story(store: Store) -> None:
    take(store, 1, "FPT mở trường lái ở Đà Nẵng", TEXT)
    other = (
        "FPT hôm nay mở trường dạy lái xe tại Đà Nẵng, thành phố miền Trung. Trường rộng mười hai héc ta, nhận hai nghìn học viên mỗi năm."
    )
    take(store, 2, "FPT mở trường lái tại Đà Nẵng, nhận hai nghìn học viên", other, host="khac.example")
    articles = stored(store)
    if articles[0].story_id != articles[1].story_id:
        with store.transaction() as transaction:
            transaction.articles.move([articles[1].id], articles[0].story_id, articles[1].evidence, NOW)
    judge(store, MATCHER, "https://khac.example/tin-2.html", "not-us", None, NOW)
    with store.reading() as reading:
        assert reading.verdicts.of_story(articles[0].story_id) == {}
    assert take(store, 3, "Trường lái của FPT", TEXT, host="nua.example", now=LATER) is Outcome.JOINED
    judge(store, MATCHER, url_of(1), "not-us", None, LATER)
    with store.reading() as reading:
        assert reading.verdicts.of_story(articles[0].story_id) == {"": "not-us"}


def test_the_last_word_counts_and_a_changed_page_is_not_told_again(store: Store) -> None:
    take(store, 1, "FPT mở trường lái", TEXT)
    judge(store, MATCHER, url_of(1), "not-us", None, NOW)
    take(store, 1, "FPT mở trường lái thứ hai", TEXT + " Trường thứ hai của FPT mở ở Vinh." + TAIL, now=LATER)
    assert not stored(store)[0].mentions and untold(store) == 0
    judge(store, MATCHER, url_of(1), "is-us", None, LATER)
    assert stored(store)[0].topics == ("FPT",) and untold(store) == 1


def test_suppressed_hits_are_counted_in_the_digest_and_listed_with_their_rule(store: Store) -> None:
    take(store, 1, "FPT mở trường lái", TEXT)
    take(store, 2, "Mila Kunis bán nhà", "Nữ diễn viên Mila Kunis rao bán biệt thự ở Beverly Hills.")
    take(store, 3, "FUNiX mở lớp", "FUNiX mở lớp đêm.")
    judge(store, MATCHER, url_of(1), "not-us", None, NOW)
    with store.reading() as reading:
        listed = {
            one.article.url: [(hit.topic, hit.rule) for hit in one.suppressions]
            for one in reading.articles.find(ArticleFilter(suppressed=True))
        }
    assert listed == {url_of(1): [("FPT", "verdict")], url_of(2): [("Mila", "rival: Mila Kunis")]}
    desk = Desk(
        store=store, sources=[SOURCE], topics=builtin_watchlist().names, only=False, zone=ZoneInfo("UTC"), language="en",
        clock=lambda: LATER, baseline=timedelta(hours=48),
    )  # fmt: skip
    assert next_edition(desk).digest.coverage.suppressed == 2


def test_a_reader_that_goes_away_is_no_fault(database_url: str) -> None:
    """`monitor articles --suppressed | head`."""
    with Store.open(database_url) as store:
        take(store, 1, "Mila Kunis bán nhà", "Nữ diễn viên Mila Kunis rao bán biệt thự ở Beverly Hills.")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "articles", "--suppressed"],
        env=os.environ | {"MONITOR_DATABASE_URL": database_url}, stdout=writer, stderr=subprocess.PIPE, timeout=LONG_S, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_is_not_stored_cannot_be_judged(store: Store) -> None:
    for target in ("https://nobody.example/", "s99", "a99"):
        with pytest.raises(UsageError):
            judge(store, MATCHER, target, "not-us", None, NOW)


# ---------------------------------------------------------------------- muted outlets


def test_a_muted_outlet_is_kept_out_and_counted_with_its_reason(store: Store) -> None:
    take(store, 1, "FPT mở trường lái", TEXT)
    take(store, 2, "FPT và FUNiX mở lớp đêm", "FPT và FUNiX mở lớp đêm cho công nhân ở Vinh." + TAIL, host="khac.example")
    assert "1 stored articles are kept back" in mute(store, "bao.example", "FPT", NOW)
    mute(store, "khac.example", "FPT", NOW)
    first, second = stored(store)
    assert first.suppressed and [hit.rule for hit in first.suppressions] == ["muted outlet"]
    assert second.topics == ("FUNiX",) and not second.suppressed
    # What it tells later is kept back on arrival; its words in another outlet are not.
    bridge = "Sáng nay FPT xây cây cầu gỗ dài bảy trăm mét qua đầm Cầu Hai, nối hai làng chài cũ của Huế."
    assert take(store, 3, "FPT xây cầu gỗ ở Huế", bridge, now=LATER) is Outcome.SUPPRESSED
    assert take(store, 4, "FPT xây cầu gỗ ở Huế", bridge, host="nua.example", now=LATER) is Outcome.STORED
    desk = Desk(
        store=store, sources=[SOURCE], topics=("FPT", "FUNiX"), only=False, zone=ZoneInfo("UTC"), language="en", clock=lambda: LATER
    )
    digest = next_edition(desk).digest
    assert [line.outlet for line in digest.lines] == ["nua.example", "khac.example"]
    assert digest.coverage.suppressed == 2 and digest.trend is not None
    assert [(one.name, one.n) for one in digest.trend.hidden] == [("muted outlet", 2)]
    assert list(rematch(store, MATCHER, RematchReport(), save=True, clock=lambda: LATER)) == []


def test_is_us_is_stronger_than_a_muted_outlet_and_a_muting_can_be_taken_back(store: Store) -> None:
    take(store, 1, "FPT mở trường lái", TEXT)
    take(store, 2, "FPT đóng cửa xưởng gỗ cũ", "Hôm qua FPT đóng cửa xưởng gỗ cũ ở Vinh sau hai mươi năm, hàng xóm tiếc.")
    judge(store, MATCHER, url_of(1), "is-us", "FPT", NOW)
    mute(store, "bao.example", "FPT", NOW)
    assert [one.suppressed for one in stored(store)] == [False, True]
    with pytest.raises(UsageError, match="not muted"):
        unmute(store, MATCHER, "bao.example", "Mila", NOW)
    unmute(store, MATCHER, "bao.example", "FPT", NOW)
    assert [one.topics for one in stored(store)] == [("FPT",), ("FPT",)]
    with store.reading() as reading:
        assert reading.verdicts.mutes() == []


def test_an_outlet_that_nobody_knows_cannot_be_muted(store: Store) -> None:
    with pytest.raises(UsageError, match="no stored article"):
        mute(store, "nirgends.example", "FPT", NOW)
