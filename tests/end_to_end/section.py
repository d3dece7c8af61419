"""A made-up site on loopback: lists that link to articles and to one another, traps, and a desk that crawls it by command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import create_engine, text

from monitor.packs import GROUPS, SEARCHES
from tests.clock import ShiftedClock
from tests.patience import LONG_S
from tests.spiders.run_spider import page
from tests.spiders.site import Reply, Seen, Site

ROOT = Path(__file__).parents[2]
A_LIST = 20  # articles on each
NEWS = "Tập đoàn FPT cho biết sẽ mở thêm một trung tâm phần mềm ở miền Trung trong năm tới, với hàng nghìn kỹ sư, bản tin số {n}."
OTHER = "Hôm nay trời mưa to ở nhiều nơi trong thành phố, người dân được khuyên ở nhà cho đến chiều tối, bản tin số {n}."


def build(site: Site, articles: int, *, every: int = 5) -> None:
    """Fill a site: lists of twenty articles in a chain, of which every fifth names FPT; each links to its neighbours."""
    lists = -(-articles // A_LIST)
    for number in range(articles):
        words = (NEWS if number % every == 0 else OTHER).format(n=number)
        title = f"FPT mở trung tâm thứ {number} ở miền Trung" if number % every == 0 else f"Trời mưa ngày {number}"
        around = f'<a href="/a/{(number + 1) % articles}.html">tiếp</a><a href="/">về</a><a href="/p.jpg">ảnh</a>'
        site.pages[f"/a/{number}.html"] = page(
            title, words, f"Đoạn thứ hai của bài {number}, viết riêng cho số {number * 7919}.", frame=around
        )
    for number in range(lists):
        links = "".join(
            f'<li><a href="/a/{one}.html">Bài {one}</a></li>' for one in range(number * A_LIST, min((number + 1) * A_LIST, articles))
        )
        more = f'<a href="/list/{number + 1}/">cũ hơn</a>' if number + 1 < lists else ""
        traps = '<a href="https://elsewhere.example/x">khác</a><a rel="nofollow" href="/login">vào</a><a href="/t/t/t/t/">bẫy</a>'
        body = f"<html><head><title>Danh sách</title></head><body><ul>{links}</ul>{more}{traps}</body></html>"
        site.pages["/" if number == 0 else f"/list/{number}/"] = body


def no_news(seen: Seen) -> Reply:
    """What a host answers that is down for a moment."""
    return Reply(status=503)


class Folder:
    """A folder with a configuration that may ask a loopback site, and commands run in it, by a clock of their own."""

    def __init__(self, folder: Path, site: Site, database: str = "", more: str = "", crawl: str = "") -> None:
        self.folder = folder
        self.proxy = ""
        self.clock = ShiftedClock()
        self.database = database or f"sqlite:///{folder / 'monitor.db'}"
        off = "\n".join(f"{group} = false" for group in (*GROUPS, SEARCHES))
        (folder / "monitor.toml").write_text(
            f'[crawl]\ndelay_seconds = 0\nprocesses = 1\n{crawl}\n[network]\nallow = ["{site.netloc}"]\n[packs]\n{off}\n{more}',
            encoding="utf-8",
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """What a child process is given."""
        clean = {
            name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("MONITOR_")
        }
        proxy = {"http_proxy": self.proxy, "https_proxy": self.proxy} if self.proxy else {}
        return clean | proxy | self.clock.environment | {"MONITOR_DATABASE_URL": self.database}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int | None = 0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `code` is what it has to exit with (None: whatever)."""
        process = self.start(*arguments)
        out, err = process.communicate(stdin, timeout=LONG_S)
        assert code is None or process.returncode == code, f"{arguments} ended with {process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """What is stored, without numbers and moments."""
        questions = {
            "articles": "SELECT url, title, outlet, language, matched, baseline, suppressed FROM articles ORDER BY url, title",
            "mentions": "SELECT a.url, m.topic, m.alias, m.field FROM mentions m JOIN articles a ON a.id = m.article_id ORDER BY 1, 2, 3, 4",
            "sightings": "SELECT s.source_id, s.entry_key, s.no_page, a.url FROM sightings s LEFT JOIN articles a ON a.id = s.article_id"
            " ORDER BY 1, 2",
            "frontier": "SELECT walk, key, done FROM frontier ORDER BY 1, 2",
        }
        engine = create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection:
            found = {name: [tuple(row) for row in connection.execute(text(sql))] for name, sql in questions.items()}
        engine.dispose()
        return found
