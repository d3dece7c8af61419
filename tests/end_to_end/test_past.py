"""The past of a source by command: pages of a feed, stored under its own date and never told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from tests.end_to_end.section import NEWS, Folder
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Site


def test_a_paged_feed_is_followed_into_the_past_and_not_told(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Site() as site:
        for number in range(4):
            when = now - timedelta(days=40 * (number + 1))
            site.pages[f"/a/{number}.html"] = page(f"FPT mở trung tâm thứ {number}", NEWS.format(n=number))
            more = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="{site.url(f"/feed{number + 1}.xml")}"/>'
            entry = item(site.url(f"/a/{number}.html"), f"FPT mở trung tâm thứ {number}", pubDate=format_datetime(when))
            site.pages[f"/feed{number}.xml"] = rss(entry, head=more)
        folder = Folder(tmp_path, site, more=f'[[source]]\nid = "one"\nurl = "{site.url("/feed0.xml")}"\n')
        folder.run("crawl", "--since", "130d", code=None)
        assert len(folder.rows()["articles"]) == 3
        assert all(row[5] for row in folder.rows()["articles"])
        assert folder.rows()["frontier"] == []
        assert "/feed4.xml" not in site.paths()
        assert "trung tâm thứ" not in folder.run("digest").stdout
        assert folder.run("search", "trung tâm").stdout
