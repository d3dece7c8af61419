"""A small desk for the tests of what is stored: articles come in as a crawl brings them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.intake import StoreIntake
from monitor.matching import Matcher
from monitor.watchlist import builtin_watchlist
from storage.items import Arrival, Article, BodyFrom, Entry, Outcome, Source
from storage.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MATCHER = Matcher(builtin_watchlist())
SOURCE = Source(id="bao", url="https://bao.example/rss", outlet="Báo")
TAIL = (
    " Buổi lễ có sự tham dự của đại diện chính quyền địa phương cùng hàng trăm khách mời. Công trình rộng mười hai héc ta dự kiến hoàn thành sau"
    " mười tám tháng, tạo việc làm cho khoảng hai nghìn kỹ sư trẻ ở miền Trung. Nhà thầu cam kết trồng lại toàn bộ hàng thông ven đường."
)


def url_of(number: int | str) -> str:
    """The address of an article."""
    return f"https://bao.example/tin-{number}.html"


def intake_of(store: Store, matcher: Matcher = MATCHER, now: datetime = NOW) -> StoreIntake:
    """An intake that stands at `now`."""
    return StoreIntake(store, matcher, clock=lambda: now)


def take(
    store: Store,
    number: int | str,
    title: str,
    text: str = "",
    *,
    matcher: Matcher = MATCHER,
    now: datetime = NOW,
    why_no_page: str = "",
    retry: bool = False,
    host: str = "bao.example",
    language: str = "vi",
) -> Outcome:
    """Bring one article in and return what became of it."""
    intake = intake_of(store, matcher, now)
    url = url_of(number).replace("bao.example", host)
    entry = Entry(source_id="bao", key=f"{host}-{number}", url=url, title=title)
    article = Article(
        url=url, title=title, text=text, published=now - timedelta(hours=1), outlet=host, outlet_host=host, language=language,
        body_from=BodyFrom.FEED if why_no_page else BodyFrom.PAGE, why_no_page=why_no_page,
    )  # fmt: skip
    (outcome,) = intake.take([Arrival(source=SOURCE, article=article, entry=entry, retry=retry)])
    intake.flush()
    return outcome
