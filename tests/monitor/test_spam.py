"""Pages that say a name to be found by it are kept back with their reason; news about them is told."""

from __future__ import annotations

import pytest

from monitor.matching import Document, Matcher
from monitor.watchlist import builtin_watchlist

MATCHER = Matcher(builtin_watchlist())
BETTING = (
    "Nhà cái FPT uy tín hàng đầu, đăng ký ngay để nhận khuyến mãi. Casino trực tuyến, tài xỉu, nổ hũ, soi kèo bóng đá mỗi ngày; nạp rút nhanh, link vào không bị chặn. "
    "FPT đồng hành cùng người chơi với kho game bài đổi thưởng, cá cược thể thao và đá gà."
)
ENGLISH = "FPT casino: sign up now for a welcome bonus, deposit and get free spins. Slots, roulette, blackjack, poker and sportsbook betting with FPT, the best odds on FPT."


@pytest.mark.parametrize(
    ("title", "text", "rule"),
    [
        ("Nhà cái FPT: link vào mới nhất", BETTING * 4, "spam: betting"),
        ("FPT casino bonus", ENGLISH * 3, "spam: betting"),
        ("FPT FPT FPT", "FPT " * 1_000, "spam: stuffed"),
        ("Mua hàng rẻ", "Giá rẻ FPT, FPT giá rẻ FPT. " * 40, "spam: stuffed"),
    ],
)
def test_spam_is_kept_back_with_its_reason(title: str, text: str, rule: str) -> None:
    matches = MATCHER.match(Document(title=title, text=text, language="vi"))
    assert matches.mentions == ()
    assert {hit.rule for hit in matches.suppressions} == {rule}


@pytest.mark.parametrize(
    "text",
    [
        (
            "Công an vừa triệt phá đường dây cá cược bóng đá, casino trực tuyến, tài xỉu và lô đề trị giá nghìn tỷ đồng; FPT Software hỗ trợ truy vết dữ liệu. "
            "Các bị can khai đã lập nhiều trang để lôi kéo người chơi trong nước. Theo cơ quan điều tra, dòng tiền chạy qua hàng chục tài khoản của người quen, rồi ra nước ngoài."
        ),
        "Tập đoàn có các công ty FPT Software, FPT Telecom, FPT Retail, FPT Digital, FPT Smart Cloud, FPT Semiconductor, FPT Education, FPT Online. "
        * 4,
        "FPT chốt phiên tăng. Cổ phiếu FPT dẫn đầu nhóm công nghệ, trong khi VNM, HPG và MWG đi ngang. " * 12,
        "FPT khuyến mãi lớn cho khách đăng ký ngay gói internet trong tháng này, tặng thêm hai tháng cước và bộ thu sóng. " * 3,
    ],
)
def test_news_is_told(text: str) -> None:
    assert [mention.topic for mention in MATCHER.match(Document(title="Tin trong ngày", text=text, language="vi")).mentions] == ["FPT"]


def test_what_a_person_said_is_us_is_told() -> None:
    page = Document(title="Nhà cái FPT", text=BETTING * 4, language="vi")
    assert [mention.topic for mention in MATCHER.match(page, {"FPT": "is-us"}).mentions] == ["FPT"]
