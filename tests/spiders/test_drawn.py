"""Pages that scripts draw: read with a real Chromium, which reaches nothing that the crawl itself may not."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import psutil
import pytest

from spiders.browser import MOST_MB
from spiders.chromium import lacking
from storage.items import BodyFrom, Kind, PollOutcome
from tests.patience import in_time, wait_until
from tests.spiders.run_spider import Crawl, Order, crawl, finish, page, rss, source, start
from tests.spiders.run_spider import item as entry
from tests.spiders.site import Reply, Seen, Site, redirect

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(lacking() is not None, reason=f"a browser cannot be had: {lacking()}")]

TEXT = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư của dự án, bản tin số "
SHELL = '<html lang="vi"><head><title>Tin</title><link rel="stylesheet" href="/style.css"></head><body><div id="app"></div><script src="/app.js"></script></body></html>'
APP = """
const app = document.getElementById("app");
if (location.pathname.startsWith("/newsroom")) {
  fetch("/api/list.json").then(answer => answer.json()).then(list => {
    app.innerHTML = "<main>" + list.map(one => `<div class="card"><h3><a href="/tin/${one}">${one.replaceAll("-", " ")}</a></h3></div>`).join("") + "</main>";
  });
} else {
  fetch("/api/article.json", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({path: location.pathname})})
    .then(answer => answer.json()).then(one => { app.innerHTML = `<article><h1>${one.title}</h1>${[1, 2, 3].map(number => `<p>${one.text}${number}</p>`).join("")}</article>`; });
}
"""


class Drawn(NamedTuple):
    site: Site
    canary: Site  # what no page may reach
    inner: Site  # what the configuration allows, for its own sake
    crawl: Crawl


def drawn_newsroom(site: Site) -> None:
    """A newsroom that is empty without its scripts."""
    names = [f"trung-tam-du-lieu-moi-so-{number}" for number in range(4)]
    site.pages |= {
        "/newsroom": Reply(SHELL, headers={"Content-Type": "text/html", "ETag": '"shell"'}),
        "/app.js": Reply(APP, headers={"Content-Type": "text/javascript"}),
        "/api/list.json": Reply(str(names).replace("'", '"'), headers={"Content-Type": "application/json"}),
        "/style.css": "body { background: url(/picture.png) }",
        "/api/article.json": Reply(f'{{"title": "FPT mở trung tâm", "text": "{TEXT}"}}', headers={"Content-Type": "application/json"}),
    }
    site.pages |= {f"/tin/{name}": Reply(SHELL, headers={"Content-Type": "text/html"}) for name in names}


def _hostile(site: Site, canary: Site, inner: Site) -> str:
    """A page that tries every way out."""
    here, there = site.url(""), canary.url("")
    socket = there.replace("http", "ws")
    return page(
        "Bài độc hại",
        TEXT,
        head='<link rel="dns-prefetch" href="//khong-co.example"><meta http-equiv="refresh" content="2;url=' + there + '/refreshed">',
        frame=f"""<img src="{there}/picture.png"><iframe src="{there}/frame"></iframe><link rel="prefetch" href="{there}/prefetch">
        <script src="{there}/script.js"></script><object data="{there}/object"></object><video src="{there}/video.mp4"></video>
        <form id="f" action="{there}/form" method="post"></form>
        <script>
        const out = document.createElement("p"); document.body.append(out);
        const ways = [
          () => fetch("{there}/fetched"), () => fetch("{here}/away"), () => fetch("{here}/closed/data.json"),
          () => fetch("{inner.url("/secret")}"), () => fetch("{here}/to-inner"), () => fetch("{inner.url("/take")}", {{method: "POST", body: "x"}}),
          () => navigator.sendBeacon("{there}/beacon", "x"), () => new WebSocket("{socket}/socket"), () => new EventSource("{there}/events"),
          () => navigator.serviceWorker.register("/worker.js"), () => window.open("{there}/opened"),
          () => new Worker(URL.createObjectURL(new Blob([`fetch("{there}/worker")`]))),
          () => {{ const peer = new RTCPeerConnection({{iceServers: [{{urls: "stun:{canary.netloc}"}}]}}); peer.createDataChannel("x");
                  peer.createOffer().then(offer => peer.setLocalDescription(offer)); }},
          () => fetch("file:///etc/passwd").then(one => one.text()).then(text => {{ out.textContent = "GELESEN" + text; }}),
          () => alert("x"), () => setTimeout(() => {{ location = "{there}/moved"; }}, 100),
          () => setTimeout(() => document.getElementById("f").submit(), 200),
        ];
        for (const way of ways) {{ try {{ const going = way(); going && going.catch && going.catch(() => 0); }} catch (error) {{}} }}
        </script>""",
    )


@pytest.fixture(scope="module")
def drawn() -> Iterator[Drawn]:
    with Site() as site, Site("127.0.0.2") as canary, Site("127.0.0.3") as inner:
        canary_pages = ["/picture.png", "/frame", "/script.js", "/fetched", "/beacon", "/moved", "/landed", "/form", "/worker", "/opened"]
        canary.pages |= dict.fromkeys(canary_pages, Reply("document.title = 'reached'", headers={"Access-Control-Allow-Origin": "*"}))
        drawn_newsroom(site)
        site.pages |= {
            "/robots.txt": "User-agent: *\nDisallow: /closed/\n",
            "/closed/data.json": "{}",
            "/away": redirect(canary.url("/landed")),
            "/to-inner": redirect(inner.url("/secret")),
            "/feed": rss(entry(site.url("/hostile"), "Bài độc hại"), entry(site.url("/good"), "Bài tốt")),
            "/hostile": Reply(_hostile(site, canary, inner), headers={"Content-Type": "text/html"}),
            "/good": page("Bài tốt", TEXT, frame="<script>document.querySelector('h1').textContent += ' thật'</script>"),
            "/plain": rss(entry(site.url("/tin/trung-tam-du-lieu-moi-so-0"), "Một tin không vẽ")),
        }
        site.pages["/good"] = Reply(str(site.pages["/good"]), headers={"Content-Type": "text/html; charset=utf-8"})
        sources = [
            source(site.url("/newsroom"), kind=Kind.LISTING, browser=True),
            source(site.url("/feed"), browser=True),
            source(site.url("/newsroom") + "?shell", "shell", kind=Kind.LISTING),
        ]
        site.pages["/newsroom?shell"] = site.pages["/newsroom"]
        done = crawl(
            Order(
                sources=sources,
                allow=[site.netloc, inner.netloc],
            )
        )
        assert done.failure == ""
        yield Drawn(site, canary, inner, done)


def test_a_newsroom_that_scripts_draw_is_read(drawn: Drawn) -> None:
    poll = drawn.crawl.polls["newsroom"]
    assert (poll.outcome, poll.entries, poll.new, poll.error) == (PollOutcome.CHANGED, 4, 4, None)
    came = drawn.crawl.of("newsroom")
    assert {one.article.title for one in came} == {"FPT mở trung tâm"}
    assert all(TEXT.strip() in one.article.text and one.article.body_from is BodyFrom.PAGE for one in came)
    # Without a browser the same page is told to be empty.
    assert "drawn by script" in (drawn.crawl.polls["shell"].error or "")


def test_what_scripts_ask_for_is_asked_by_the_crawl_as_ever(drawn: Drawn) -> None:
    posts = [one for one in drawn.site.seen if one.path == "/api/article.json"]
    assert {one.method for one in posts} == {"POST"} and len(posts) == 4
    assert {one.headers["user-agent"] for one in drawn.site.seen if "media-monitor" not in one.headers["user-agent"]} == set()
    assert len(drawn.site.asked("/app.js")) == 1  # kept for the other pages
    assert not drawn.site.asked("/style.css") and not drawn.site.asked("/picture.png")
    assert not any("cookie" in one.headers or "referer" in one.headers for one in drawn.site.seen)


def test_no_page_reaches_further_than_the_crawl_may(drawn: Drawn) -> None:
    assert drawn.canary.seen == []
    assert drawn.inner.seen == [] and drawn.site.asked("/to-inner")  # what we may read inside, a stranger's script may not
    assert not drawn.site.asked("/closed/data.json") and drawn.site.asked("/away")
    (hostile,) = [one for one in drawn.crawl.of("feed") if one.entry and one.entry.url.endswith("/hostile")]
    assert TEXT.strip() in hostile.article.text and "GELESEN" not in hostile.article.text


def test_an_honest_page_is_taken_as_its_scripts_leave_it(drawn: Drawn) -> None:
    assert "Bài tốt thật" in drawn.crawl.titles("feed")


def test_a_page_without_end_costs_itself_alone() -> None:
    with Site() as site:
        site.pages["/feed"] = rss(entry(site.url("/endless"), "Bài vô tận"))
        site.pages["/endless"] = Reply(
            page("Bài vô tận", TEXT, frame="<script>while (true) {}</script>"), headers={"Content-Type": "text/html"}
        )
        done = in_time(
            lambda seconds: crawl(
                Order(sources=[source(site.url("/feed"), browser=True)], allow=[site.netloc], settings={"DOWNLOAD_TIMEOUT": seconds})
            ),
            lambda done: bool(done.of("feed")) and bool(site.asked("/endless")) and done.of("feed")[0].article.why_no_page == "browser",
            *(2.0, 20.0),
        )
    (endless,) = done.of("feed")
    assert endless.article.body_from is BodyFrom.FEED and endless.article.why_no_page == "browser" and endless.retry


def test_a_browser_that_does_not_start_says_so_once() -> None:
    with Site() as site:
        site.pages["/newsroom"] = Reply(SHELL, headers={"Content-Type": "text/html"})
        order = Order(sources=[source(site.url("/newsroom"), kind=Kind.LISTING, browser=True)], allow=[site.netloc])
        poll = crawl(order, MONITOR_CHROMIUM="/bin/false").polls["newsroom"]
    assert (poll.outcome, poll.error_kind) == (PollOutcome.FAILED, "browser")
    assert "/bin/false does not start as this user" in (poll.error or "")


def _name(process: psutil.Process, *, dead: bool = True) -> str:
    try:
        return process.name() if dead or process.status() != psutil.STATUS_ZOMBIE else ""
    except psutil.Error:  # gone meanwhile
        return ""


def test_nothing_of_the_browser_outlives_the_crawl_even_killed() -> None:
    ended = threading.Event()

    def never(seen: Seen) -> Reply:
        ended.wait()
        return Reply("")

    with Site() as site:
        site.pages |= {"/newsroom": Reply(SHELL, headers={"Content-Type": "text/html"}), "/app.js": never}
        order = Order(
            sources=[source(site.url("/newsroom"), kind=Kind.LISTING, browser=True)],
            allow=[site.netloc],
        )
        for way in (signal.SIGKILL, signal.SIGTERM):
            process = start(order)
            wait_until(lambda: site.asked("/app.js"), unless=lambda: process.poll() is not None)  # noqa: B023 - at once
            browsers = [one for one in psutil.Process(process.pid).children(recursive=True) if "chrom" in _name(one)]
            assert browsers
            site.seen.clear()
            process.send_signal(way)
            if way is signal.SIGTERM:
                assert finish(process).cut_short
            else:
                process.communicate()
            wait_until(lambda: not [one for one in browsers if one.is_running() and _name(one, dead=False)])  # noqa: B023
        ended.set()


STORES = f"""<script>
const part = new Uint8Array(16 * 2 ** 20).fill(1), held = [];
const more = async () => {{
  held.push(new Blob([part]));
  await held.at(-1).slice(0, 1).arrayBuffer();  // the browser holds it now, and the page's own process no more
  if (held.length < {3 * MOST_MB // 16}) setTimeout(more, 100);  // so fast that it is seen growing on a slow machine, too
}};
fetch("/held").catch(() => 0); more();
</script>"""


def test_a_page_that_makes_the_browser_itself_grow_brings_down_no_page_but_its_own() -> None:
    """The bound on the page's process is no bound on this; what the browser holds for it is given back by ending it."""
    held, sizes = threading.Event(), [0.0]
    with Site() as site:
        site.pages |= {
            "/held": lambda seen: Reply("" if held.wait(20) else "late"),
            "/stores": Reply(page("Tin xấu", TEXT, frame=STORES), headers={"Content-Type": "text/html"}),
            "/hoards": rss(entry(site.url("/stores"), "Tin xấu")),
            "/honest": rss(*(entry(site.url(f"/tin/{number}"), f"Tin {number}") for number in range(2))),
        }
        site.pages |= {
            f"/tin/{number}": Reply(page(f"Tin {number}", TEXT * 3), headers={"Content-Type": "text/html"}) for number in range(2)
        }
        sources = [source(site.url(f"/{name}"), browser=True) for name in ("hoards", "honest")]
        process = start(Order(sources=sources, allow=[site.netloc], settings={"LOG_LEVEL": "WARNING"}))
        while process.poll() is None:
            sizes.append(max(map(_largest, psutil.Process(process.pid).children(recursive=True)), default=0.0))
            time.sleep(0.1)
        done = finish(process)
        held.set()
    (greedy,) = done.of("hoards")
    assert greedy.article.body_from is BodyFrom.FEED and greedy.article.why_no_page == "browser" and greedy.retry
    assert f"/stores could not be drawn: it took more than {MOST_MB} MB of memory" in done.said
    assert [one.article.body_from for one in done.of("honest")] == [BodyFrom.PAGE] * 2, done.said
    print(f"largest process of the browser: {max(sizes):.0f} MB")
    assert MOST_MB < max(sizes) < 2.5 * MOST_MB, "with what it shares with others, and what it took between two looks"


def _largest(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 2**20 if "--type=" not in " ".join(process.cmdline()) else 0.0
    except psutil.Error:  # gone meanwhile
        return 0.0
