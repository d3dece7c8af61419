"""Feeds that churn: other guids, other links, other dates for the same article, page after page with twins; by real crawls, one row each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.end_to_end.test_kinds import _configuration, _monitor
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Site

TEXT = "Sáng nay FPT khởi công trung tâm dữ liệu số {}, theo chủ đầu tư của dự án, và còn nhiều việc phải làm trước mùa mưa năm sau."


def test_guids_links_and_dates_that_churn_make_no_new_article(tmp_path: Path) -> None:
    moment = datetime.now(UTC) - timedelta(hours=5)

    def told(site: Site, *links: str, guid: str, later: int) -> str:
        dated = (moment + timedelta(hours=later)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        items = (
            item(
                site.url(link).replace("&", "&amp;"), f"FPT khởi công trung tâm dữ liệu số {number}", guid=f"{guid}-{number}", pubDate=dated
            )
            for number, link in enumerate(links, 1)
        )
        return rss(*items)

    with Site() as site:
        head = {
            1: f'<link rel="canonical" href="{site.url("/tin/mot.html")}">',
            2: f'<meta property="og:url" content="{site.url("/tin/hai.html")}">',
            3: '<link rel="canonical" href="https://elsewhere.example/tin/mot.html">',  # another house: not believed
            4: f'<link rel="canonical" href="{site.url("/")}">',  # the home page: not believed
        }
        made = {n: page(f"FPT khởi công trung tâm dữ liệu số {n}", TEXT.format(n), head=head[n]) for n in head}
        names = {1: "mot", 2: "hai", 3: "ba", 4: "bon"}
        for n, name in names.items():
            site.pages[f"/tin/{name}.html"] = made[n]
        site.pages |= {"/amp/tin/mot.html": made[1], "/bai-viet/hai": made[2]}
        plain = [f"/tin/{name}.html" for name in names.values()]
        polls = [
            told(site, *plain, guid="a", later=0),
            # Other guids, dates an hour later, the ways readers came by.
            told(site, *(f"{link}?utm_source=rss&srsltid=1&gad_source=2" for link in plain), guid="b", later=1),
            # An AMP twin, an address of another form whose page names the first, a fragment, a slash.
            told(site, "/amp/tin/mot.html", "/bai-viet/hai", "/tin/ba.html#binh-luan", "/tin//bon.html/", guid="c", later=2),
        ]
        _configuration(tmp_path, site, f'[[source]]\nid = "feed"\nurl = "{site.url("/feed.xml")}"\n')
        for poll in polls:
            site.pages["/feed.xml"] = poll
            done = _monitor(tmp_path, "crawl")
            assert done.returncode == 0, done.stderr + done.stdout
        rows = [json.loads(line) for line in _monitor(tmp_path, "export").stdout.splitlines()]
        assert sorted(row["url"] for row in rows) == sorted(site.url(f"{link}") for link in plain)
        assert {row["updated"] for row in rows} == {None}
        assert {datetime.fromisoformat(row["published"]) for row in rows} == {moment.replace(microsecond=0)}
