"""What people decide about stories holds: merged, split, shown with the reasons."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.show import print_story
from monitor.verdicts import merge, split
from storage.items import StoredArticle
from storage.store import Store
from tests.monitor.desk import NOW, TAIL, take, url_of

FIRST = "FPT khởi công trường phổ thông ở Huế" + TAIL
OTHER = (
    "FPT Software ký hợp đồng 225 triệu USD với một hãng hàng không Nhật Bản, dự án kéo dài sáu năm. Đội ngũ 900 kỹ sư tại Tokyo và"
    " Quy Nhơn sẽ viết lại hệ thống đặt vé cũ. Giám đốc Kenji Morita nói việc chuyển đổi bắt đầu từ tháng 3."
)


def stored(store: Store, number: int | str, host: str = "bao.example") -> StoredArticle:
    with store.reading() as reading:
        from storage.identity import url_key

        (article_id,) = reading.articles.of_urls([url_key(url_of(number).replace("bao.example", host))])
        return reading.articles.many([article_id])[0]


def test_a_merge_is_remembered_and_later_copies_follow(store: Store) -> None:
    take(store, 1, "FPT khởi công trường phổ thông ở Huế", FIRST)
    take(store, 2, "FPT Software ký hợp đồng 225 triệu USD", OTHER)
    into, other = stored(store, 1).story_id, stored(store, 2).story_id
    assert into != other
    merge(store, into, other, NOW)
    take(store, 3, "FPT Software ký hợp đồng lớn ở Nhật", OTHER, host="khac.example", now=NOW + timedelta(hours=2))
    take(store, 4, "Huế có trường FPT", FIRST, host="nua.example", now=NOW + timedelta(hours=3))
    found = [stored(store, 1), stored(store, 2), stored(store, 3, "khac.example"), stored(store, 4, "nua.example")]
    assert {one.story_id for one in found} == {into}
    assert found[1].evidence.rule == "person"


def test_a_split_is_never_undone_by_a_later_crawl(store: Store) -> None:
    take(store, 1, "FPT khởi công trường phổ thông ở Huế", FIRST)
    take(store, 2, "FPT xây trường ở Huế", FIRST, host="khac.example")
    assert stored(store, 1).story_id == stored(store, 2, "khac.example").story_id
    split(store, url_of(2).replace("bao.example", "khac.example"), NOW)
    apart = stored(store, 1).story_id, stored(store, 2, "khac.example").story_id
    assert apart[0] != apart[1]
    # The same article again, a change of it, and another copy of both: nothing brings the two together.
    later = NOW + timedelta(hours=2)
    take(store, 2, "FPT xây trường ở Huế", FIRST, host="khac.example", now=later)
    take(
        store, 2, "FPT xây trường phổ thông ở Huế", f"{FIRST} Lễ khai giảng dự kiến vào tháng chín năm sau.", host="khac.example", now=later
    )
    take(store, 3, "Trường FPT ở Huế", FIRST, host="nua.example", now=later)
    assert (stored(store, 1).story_id, stored(store, 2, "khac.example").story_id) == apart
    assert stored(store, 3, "nua.example").story_id in apart


def test_show_tells_every_copy_and_why_it_is_there(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    take(store, 1, "FPT khởi công trường phổ thông ở Huế", FIRST)
    take(store, 2, "FPT xây trường ở Huế", FIRST, host="khac.example")
    with store.reading() as reading:
        print_story(reading, stored(store, 1).story_id, zone=ZoneInfo("Asia/Ho_Chi_Minh"), as_json=False)
    told = capsys.readouterr().out
    assert f"copy of a{stored(store, 1).id}" in told
    assert "here because: copy (1.00): resemblance 1.00, containment 1.00" in told
    assert told.count("seen at: bao") == 2
