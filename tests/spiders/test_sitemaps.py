"""Sitemaps: what the reader makes of them, and how the spider walks an archive to what is new."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest

from spiders.readers.archives import of_month, period_of, worth_reading
from spiders.readers.sitemap import Child, read_sitemap
from storage.errors import ReadError
from storage.items import Kind, PollOutcome, Source, SourceState
from tests.spiders.run_spider import NOW, Crawl, Order, crawl, item, page, rss, source
from tests.spiders.site import Reply, Seen, Site

LONG = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư của dự án, và còn nhiều việc."
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
CHANGED, UNCHANGED, FAILED = PollOutcome.CHANGED, PollOutcome.UNCHANGED, PollOutcome.FAILED


def urlset(*urls: str, attributes: str = "") -> str:
    return f'{HEAD}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {attributes}>{"".join(urls)}</urlset>'


def url(loc: str, lastmod: str = "", inside: str = "") -> str:
    return f"<url><loc>{loc}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}{inside}</url>"


def index(*children: str) -> str:
    return f'{HEAD}<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(children)}</sitemapindex>'


def child(loc: str, lastmod: str = "") -> str:
    return f"<sitemap><loc>{loc}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</sitemap>"


def news(title: str, when: str, prefix: str = "news", rest: str = "") -> str:
    fields = {"publication_date": when, "title": title}
    body = "".join(f"<{prefix}:{name}>{value}</{prefix}:{name}>" for name, value in fields.items())
    about = f"<{prefix}:publication><{prefix}:name>Báo Thử</{prefix}:name><{prefix}:language>vi</{prefix}:language></{prefix}:publication>"
    return f"<{prefix}:news>{about}{body}</{prefix}:news>{rest}"


# ------------------------------------------------------------------ the reader


@pytest.mark.parametrize("prefix", ["news", "n"])
def test_a_news_sitemap_under_any_prefix(prefix: str) -> None:
    block = news("<![CDATA[FPT &amp; Mila ký kết]]>", "2026-11-23T09:30:00+07:00", prefix)
    picture = "<image:image><image:loc>https://a.example/1.jpg</image:loc><image:title>&lt;![CDATA[Ảnh]]&gt;</image:title></image:image>"
    body = urlset(
        url("https://a.example/1", inside=block + picture),
        attributes=f'xmlns:{prefix}="{NEWS}" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"',
    )
    reading = read_sitemap(body.encode(), url="https://a.example/s.xml", now=NOW)
    (one,) = reading.listed
    assert (reading.kind, one.url, one.title) == ("news", "https://a.example/1", "FPT & Mila ký kết")
    assert (one.published, one.language, one.outlet) == (datetime(2026, 11, 23, 2, 30, tzinfo=UTC), "vi", "Báo Thử")


def test_a_prefix_that_nobody_declared() -> None:
    reading = read_sitemap(urlset(url("https://a.example/1", inside=news("Tin", "2026-11-22"))).encode(), url="https://a.example/", now=NOW)
    assert (reading.kind, reading.listed[0].title) == ("news", "Tin")


def test_a_reference_to_no_character_costs_its_own_entry_alone() -> None:
    body = "<urlset><url><loc>https://a.example/&#xd800;</loc></url><url><loc>https://a.example/2</loc></url></urlset>"
    assert [one.url for one in read_sitemap(body.encode(), url="https://a.example/s.xml", now=NOW).listed] == ["https://a.example/2"]


def test_dates_of_a_sitemap() -> None:
    body = urlset(
        url("https://a.example/local", inside=news("Giờ nhà", "2026-11-23 09:30:00")),
        url("https://a.example/future", inside=news("Ngày mai", "2026-11-24T09:30:00+07:00")),
        url("https://a.example/odd", inside=news("Không rõ", "sáng nay")),
        url("https://a.example/changed", "2026-11-20"),
        url("https://tuoitre.vn/bai-viet-100261123083000123.htm"),
        attributes=f'xmlns:news="{NEWS}"',
    )
    local, future, odd, changed, stamped = read_sitemap(
        body.encode(), url="https://a.example/", zone="Asia/Ho_Chi_Minh", now=NOW
    ).listed  # fmt: skip
    assert (local.published, local.stated) == (datetime(2026, 11, 23, 2, 30, tzinfo=UTC), "")
    assert (future.published, future.stated) == (NOW, "2026-11-24T09:30:00+07:00")
    assert (odd.published, odd.stated) == (None, "sáng nay")
    assert (changed.published, changed.updated) == (None, datetime(2026, 11, 19, 17, tzinfo=UTC))  # a day's midnight in the outlet's zone
    assert stamped.published == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def test_only_what_is_new_and_wanted_leaves_the_reader() -> None:
    body = urlset(
        url("/news/1", "2026-11-22T10:00:00Z"), url("/news/2", "2025-01-01"), url("/news/3"), url("/tag/4"), url("javascript:5"), url("")
    )
    reading = read_sitemap(body.encode(), url="https://a.example/s.xml", now=NOW, since=NOW - timedelta(days=3), only=r"/news/")
    assert [one.url for one in reading.listed] == ["https://a.example/news/1", "https://a.example/news/3"]
    assert (reading.total, reading.newest) == (4, datetime(2026, 11, 22, 10, tzinfo=UTC))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda body: b"\n \n" + body, lambda body: b"\xef\xbb\xbf" + body])
def test_packed_and_badly_begun(pack: object) -> None:
    body = pack(urlset(url("https://a.example/1")).encode())  # type: ignore[operator]
    assert [one.url for one in read_sitemap(body, url="https://a.example/", now=NOW).listed] == ["https://a.example/1"]


def test_what_was_cut_off_gives_what_arrived() -> None:
    body = urlset(url("https://a.example/1"), url("https://a.example/2"), url("https://a.example/3")).encode()
    assert len(read_sitemap(body[:-40], url="https://a.example/", now=NOW).listed) == 2
    assert len(read_sitemap(body.replace(b"/2", b"/2?a=1&b=2"), url="https://a.example/", now=NOW).listed) == 3  # a raw ampersand


def test_plain_text_and_robots() -> None:
    text = read_sitemap(b"https://a.example/1\r\n\r\nhttps://a.example/2\n", url="https://a.example/s.txt", now=NOW)
    assert (text.kind, [one.url for one in text.listed]) == ("text", ["https://a.example/1", "https://a.example/2"])
    robots = b"User-agent: *\nDisallow: /x\nSITEMAP: https://a.example/a.xml\n sitemap:/b.xml\nSitemap: https://a.example/a.xml\n"
    reading = read_sitemap(robots, url="https://a.example/robots.txt", now=NOW)
    assert (reading.kind, [one.url for one in reading.children]) == ("robots", ["https://a.example/a.xml", "https://a.example/b.xml"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<html><head><title>404</title></head></html>", "web page titled '404', not a sitemap"),
        (rss(item("https://a.example/1")).encode(), "no sitemap"),
        (b"User-agent: *\nDisallow:\n", "no sitemap"),
        (gzip.compress(b"<urlset>", mtime=0)[:-6], "unpacked"),
        (gzip.compress(b"<urlset>" + b" " * 60 * 1024**2, mtime=0), "larger than 50 MiB"),
        (b'{"a": 1}', "JSON"),
        (b'<sitemapindex xmlns="&#xd800;x"><sitemap><loc>https://a.example/</loc></sitemap></sitemapindex>', "cannot be read"),
    ],
)
def test_what_is_no_sitemap_says_what_it_is(body: bytes, said: str) -> None:
    with pytest.raises(ReadError, match=re.escape(said)):
        read_sitemap(body, url="https://a.example/", now=NOW)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("sitemaps/sitemaps-2026-10-1-15.xml", "2026-10-01", "2026-10-15"),
        ("sitemap-article-10-2026-03.xml", "2026-10-01", "2026-10-31"),
        ("sitemaps/news-2026-2.xml", "2026-02-01", "2026-02-28"),
        ("sitemap/news-2026-02.xml", "2026-02-01", "2026-02-28"),
        ("sitemap_20261005.xml", "2026-10-05", "2026-10-05"),
        ("2026/10/05.xml", "2026-10-05", "2026-10-05"),
        ("sitemap.xml?yyyy=2026&mm=10", "2026-01-01", "2026-12-31"),
        ("posts-2024.xml", "2024-01-01", "2024-12-31"),
        ("post-sitemap12.xml", "", ""),
        ("s-2026-13-45.xml", "", ""),
    ],
)  # fmt: skip
def test_what_an_archives_name_speaks_of(name: str, first: str, last: str) -> None:
    found = period_of(f"https://2020-a.example/{name}")
    assert (str(found[0]), str(found[1])) == (first, last) if found else (first, last) == ("", "")


def test_which_sitemaps_of_an_index_are_read() -> None:
    at = lambda name, day="": Child(f"https://a.example/{name}", datetime.fromisoformat(f"{day}T00:00:00+00:00") if day else None)  # noqa: E731
    children = [
        at("1.xml", "2026-11-22"),
        at("2.xml", "2019-01-01"),
        at("news-2026-11.xml"),
        at("news-2026-10.xml"),
        at("posts1.xml"),
        at("posts2.xml"),
    ]
    chosen = [one.url.rpartition("/")[2] for one in worth_reading(children, NOW - timedelta(days=3))]
    assert chosen == ["news-2026-11.xml", "1.xml", "posts2.xml", "posts1.xml"]
    assert len(worth_reading(children, None)) == 6


def test_months_in_an_address() -> None:
    address = "https://a.example/news-{yyyy}-{m}.xml"
    moment = datetime(2025, 12, 31, 18, tzinfo=UTC)  # January in Hanoi
    assert of_month(address, moment, "Asia/Ho_Chi_Minh") == "https://a.example/news-2026-1.xml"
    assert of_month(address.replace("{m}", "{mm}"), moment, "Asia/Ho_Chi_Minh", back=2) == "https://a.example/news-2025-11.xml"


# ------------------------------------------------------------------ the spider


def _sitemap(address: str, name: str, **fields: object) -> Source:
    return source(address, name, kind=Kind.SITEMAP, **fields)


def _walked(site: Site, *sources: Source, **fields: object) -> Crawl:
    done = crawl(Order(sources=sources, allow=[site.netloc], **fields))  # type: ignore[arg-type]
    assert done.failure == ""
    return done


def _days(ago: float) -> str:
    return (NOW - timedelta(days=ago)).isoformat()


def test_robots_index_gzip_month_names_and_dead_children() -> None:
    with Site() as site:
        site.pages |= {f"/tin/{number}": page(f"Bài {number}", LONG) for number in range(9)}
        site.pages |= {
            "/robots.txt": f"Sitemap: {site.url('/index.xml')}\nSitemap: {site.url('/news.xml.gz')}\n",
            "/index.xml": index(
                child(site.url("/new.xml"), _days(1)),
                child(site.url("/old.xml"), _days(900)),
                child(site.url("/archive-2019-05.xml")),
                child(site.url("/gone.xml")),
                child(site.url("/index.xml")),  # a loop
                child(site.url("/deeper.xml")),
            ),
            "/deeper.xml": index(child(site.url("/index.xml")), child(site.url("/more.xml"))),
            "/new.xml": urlset(url(site.url("/tin/1"), _days(1)), url(site.url("/tin/2"), _days(400)), url(site.url("/tin/3"))),
            "/more.xml": urlset(url(site.url("/tin/4"), _days(0.5))),
            "/news.xml.gz": gzip.compress(
                urlset(
                    url(site.url("/tin/5"), inside=news("Tựa đề", _days(0.2))),
                    url(site.url("/tin/1"), inside=news("Bài 1", _days(1))),
                    attributes=f'xmlns:news="{NEWS}"',
                ).encode()
            ),
        }
        done = _walked(site, _sitemap(site.url("/robots.txt"), "s"))
    poll = done.polls["s"]
    assert (poll.outcome, poll.error) == (CHANGED, None)
    assert sorted(done.titles("s")) == ["Bài 1", "Bài 4", "Bài 5"]
    asked = site.paths()
    assert not {"/old.xml", "/archive-2019-05.xml", "/tin/2", "/tin/3"} & set(asked)
    assert len(asked) == len(set(asked)) + 1  # robots.txt twice: as rules, and as the source
    dated = done.entry(site.url("/tin/5")).entry
    assert dated is not None and dated.published == NOW - timedelta(days=0.2)


def test_the_next_poll_reads_addresses_without_a_date_that_are_new() -> None:
    before = SourceState(source_id="s", first_poll=NOW - timedelta(days=9), last_ok=NOW - timedelta(hours=2), entries_total=5)
    with Site() as site:
        site.pages |= {f"/tin/{number}": page(f"Bài {number}", LONG) for number in range(4)}
        site.pages["/s.xml"] = urlset(url(site.url("/tin/1")), url(site.url("/tin/2")), url(site.url("/tin/3"), _days(30)))
        first = _walked(site, _sitemap(site.url("/s.xml"), "s"))
        assert (first.arrivals, first.polls["s"].new) == ([], 0)
        second = _walked(site, _sitemap(site.url("/s.xml"), "s"), states={"s": before}, known=[site.url("/tin/1")])
        assert second.titles("s") == ["Bài 2"]
        assert second.polls["s"].shared
        everything = _walked(site, _sitemap(site.url("/s.xml"), "s"), spider={"since": NOW - timedelta(days=60)})
        assert sorted(everything.titles("s")) == ["Bài 1", "Bài 2", "Bài 3"]


def test_pages_that_are_no_articles_are_left() -> None:
    home = "<html><body>" + "".join(f"<p><a href='/{n}'>FPT {n}</a></p>" for n in range(9)) + f"<p>{LONG}</p></body></html>"
    with Site() as site:
        site.pages |= {"/s.xml": urlset(url(site.url("/section"), _days(0.1))), "/section": home}
        done = _walked(site, _sitemap(site.url("/s.xml"), "s"))
    (arrival,) = done.arrivals
    assert (arrival.article.why_no_page, arrival.article.text) == ("not-an-article", "")


def test_months_are_asked_by_name() -> None:
    with Site() as site:
        site.pages |= {f"/tin/{number}": page(f"Bài {number}", LONG) for number in range(4)}
        site.pages |= {
            "/news-2026-11.xml": urlset(url(site.url("/tin/1"), _days(1))),
            "/news-2026-10.xml": urlset(url(site.url("/tin/2"), _days(30))),
            "/other-2026-10.xml": urlset(url(site.url("/tin/3"), _days(1))),
        }
        monthly = _sitemap(site.url("/news-{yyyy}-{m}.xml"), "m")
        assert _walked(site, monthly).titles("m") == ["Bài 1"]
        assert "/news-2026-10.xml" not in site.paths()
        assert sorted(_walked(site, monthly, spider={"since": NOW - timedelta(days=40)}).titles("m")) == ["Bài 1", "Bài 2"]
        late = _sitemap(site.url("/other-{yyyy}-{mm}.xml"), "late")  # this month's file is not there yet
        assert _walked(site, late).titles("late") == ["Bài 3"]


def test_a_sitemap_that_is_partly_unreadable_is_not_done() -> None:
    with Site() as site:
        site.pages |= {
            "/tin/1": page("Bài 1", LONG),
            "/i.xml": index(child(site.url("/a.xml")), child(site.url("/b.xml")), child(site.url("/c.xml"))),
            "/a.xml": urlset(url(site.url("/tin/1"), _days(1))),
            "/b.xml": Reply("", 500),
            "/c.xml": "<html><title>Lỗi</title></html>",
        }
        done = _walked(site, _sitemap(site.url("/i.xml"), "i"))
    poll = done.polls["i"]
    assert done.titles("i") == ["Bài 1"]
    assert (poll.outcome, poll.error_kind, poll.kept) == (FAILED, "sitemap-part", 1)
    assert "2 of 4 sitemaps" in (poll.error or "")  # the index is one


def test_a_feed_at_a_sitemaps_address_and_a_page_at_one() -> None:
    with Site() as site:
        site.pages |= {
            "/f.xml": rss(item(site.url("/tin/1"), "Một tin")),
            "/p.xml": "<html><title>Trang chủ</title></html>",
            "/tin/1": page("Bài", LONG),
        }
        done = _walked(site, _sitemap(site.url("/f.xml"), "f"), _sitemap(site.url("/p.xml"), "p"))
    assert done.titles("f") == ["Bài"]
    assert (done.polls["p"].outcome, done.polls["p"].error_kind) == (FAILED, "not-a-sitemap")


def test_a_sitemap_at_a_feeds_address_says_what_to_do() -> None:
    with Site() as site:
        site.pages["/s.xml"] = urlset(url(site.url("/1")))
        done = _walked(site, source(site.url("/s.xml"), "s"))
    assert 'kind = "sitemap"' in (done.polls["s"].error or "")


def test_the_same_list_again_is_unchanged_but_an_index_is_always_walked() -> None:
    with Site() as site:
        site.pages |= {
            "/i.xml": index(child(site.url("/s.xml"), _days(1))),
            "/s.xml": urlset(url(site.url("/tin/1"), _days(1))),
            "/tin/1": page("Bài", LONG),
        }
        sources = _sitemap(site.url("/i.xml"), "i"), _sitemap(site.url("/s.xml"), "s")
        first = _walked(site, *sources)
        states = {
            one.id: SourceState(
                source_id=one.id, validators=first.polls[one.id].validators, last_ok=NOW, last_full=NOW, first_poll=NOW, entries_total=1
            )  # type: ignore[arg-type]
            for one in sources
        }
        second = _walked(site, *sources, states=states)
    assert {name: poll.outcome for name, poll in second.polls.items()} == {"i": CHANGED, "s": UNCHANGED}


@pytest.mark.parametrize("files", [1, 5])
def test_fifty_thousand_addresses_within_200_mb(files: int) -> None:
    each = 50_000 // files

    def made(seen: Seen) -> Reply:
        number = int(seen.path.strip("/s.xml"))
        rows = (
            url(site.url(f"/tin/bai-viet-so-{number}-{row}-ve-mot-chuyen-rat-dai-cua-thanh-pho.html"), _days(0.1) if row == 7 else "")
            for row in range(each)
        )
        return Reply(urlset(*rows))

    with Site() as site:
        site.pages |= {f"/s{number}.xml": made for number in range(1, files + 1)}
        site.pages |= {
            f"/tin/bai-viet-so-{number}-7-ve-mot-chuyen-rat-dai-cua-thanh-pho.html": page("Bài mới", LONG) for number in range(1, files + 1)
        }
        site.pages["/i.xml"] = index(*(child(site.url(f"/s{number}.xml")) for number in range(1, files + 1)))
        first = _walked(site, _sitemap(site.url("/i.xml"), "i"))
    assert (first.polls["i"].outcome, first.polls["i"].entries, first.polls["i"].new) == (CHANGED, 50_000, files)
    assert first.titles("i") == ["Bài mới"] * files
    assert first.peak_mb < 200
