"""The ways beside mail: a folder, a feed, a webhook, chat services; samples; the commands."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
import trustme

from monitor.config import Config
from monitor.config_delivery import AppriseDelivery, WebhookDelivery
from monitor.delivery.outbox import fingerprint
from monitor.delivery.parcel import Attempt, DeliveryError, InDoubt, Parcel, Refused, Unreachable
from monitor.delivery.push import AppriseSender, short
from monitor.delivery.sample import send_sample
from monitor.delivery.service import deliver_due, deliver_edition
from monitor.delivery.webhook import WebhookSender
from monitor.desks import desk_of
from storage.store import Store
from tests.monitor.postroom import Clock, Hook, block, config_of, mail_block, mail_server, web_server
from tests.monitor.told import NOW, coverage, digest, failing, mention, stored, story
from tests.patience import LONG_S
from tests.ports import free_port
from tests.storage.makers import add

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with web_server() as running:
        yield running


def attempt(begun: list[str] | None = None, **values: Any) -> Attempt:
    base: dict[str, Any] = {"recipient": "", "message_id": "<k1@example.org>", "again": False, "now": NOW}
    return Attempt(**(base | values), begin=lambda: begun.append("begun") if begun is not None else None)


def parcel(series: str = "digest:daily") -> Parcel:
    return Parcel(digest(story(1), story(2)), series, "2026-11-23/1")


def post(settings: WebhookDelivery, env: dict[str, str] | None = None, begun: list[str] | None = None, what: Parcel | None = None) -> None:
    with WebhookSender(settings, env or {}) as sender:
        sender.send(what or parcel(), attempt(begun))


def webhook(**values: Any) -> WebhookDelivery:
    return WebhookDelivery(name="hook", **values)


# --- webhook


def test_a_webhook_gets_the_digest_as_json(hook: Hook) -> None:
    begun: list[str] = []
    post(webhook(url=f"{hook.url}/in?x=1", token_env="TOKEN"), {"TOKEN": "abc"}, begun)
    post(webhook(url_env="HOOK"), {"HOOK": f"{hook.url.replace('http://', 'http://me:pa%20ss@')}/x"}, what=parcel("alert:urgent"))
    (path, headers, body), (_, other, alert) = hook.posts
    assert (path, begun) == ("/in?x=1", ["begun"])
    assert (headers["Idempotency-Key"], headers["Authorization"], headers["Content-Type"]) == (
        "k1@example.org",
        "Bearer abc",
        "application/json; charset=utf-8",
    )
    assert headers["User-Agent"].startswith("media-monitor/")
    assert other["Authorization"] == "Basic bWU6cGEgc3M="
    assert (body["id"], body["kind"], body["series"], body["period"]) == ("k1@example.org", "digest", "digest:daily", "2026-11-23/1")
    assert [line["id"] for section in body["digest"]["sections"] for line in section["stories"]] == [
        line.id for line in parcel().digest.lines
    ]
    assert alert["kind"] == "alert"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, DeliveryError),
        (308, DeliveryError),
        (400, Refused),
        (404, DeliveryError),
        (410, Refused),
        (429, DeliveryError),
        (503, DeliveryError),
    ],
)
def test_what_a_webhook_answers(hook: Hook, status: int, kind: type[DeliveryError]) -> None:
    hook.status = status
    with web_server() as other:
        hook.headers = {"Location": f"{other.url}/elsewhere", "Retry-After": "90"}
        with pytest.raises(DeliveryError, match=f"answered {status}") as caught:
            post(webhook(url=hook.url))
        assert type(caught.value) is kind
        assert other.posts == []  # no redirect is followed
    if status < 400:
        assert urlsplit(other.url).netloc in str(caught.value)
    else:
        assert caught.value.wait is not None
        assert caught.value.wait.total_seconds() == 90
    assert len(hook.posts) == 1


def test_a_webhook_that_says_nothing_leaves_a_doubt(hook: Hook) -> None:
    hook.silent = True
    begun: list[str] = []
    with pytest.raises(InDoubt):
        post(webhook(url=hook.url), begun=begun)
    assert begun == ["begun"]


def test_a_webhook_that_nobody_hears_leaves_none(hook: Hook) -> None:
    begun: list[str] = []
    with pytest.raises(Unreachable, match="cannot be reached"):
        post(webhook(url=f"http://127.0.0.1:{free_port()}"), begun=begun)
    for env in ({}, {"HOOK": "ftp://x"}, {"HOOK": "two words"}, {"HOOK": "http://x:99999/"}, {"HOOK": "http://x/\r\nX: y"}):
        with pytest.raises(Unreachable, match="HOOK"):
            post(webhook(url_env="HOOK"), env, begun)
    with pytest.raises(Unreachable, match="TOKEN") as caught:
        post(webhook(url=hook.url, token_env="TOKEN"), {"TOKEN": "ge\r\nheim"}, begun)
    assert "geheim" not in str(caught.value)
    assert begun == [] and hook.posts == []


def test_a_webhook_over_tls_is_verified(hook: Hook, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with web_server(context) as secure:
        with pytest.raises(Unreachable, match="certificate cannot be trusted"):
            post(webhook(url=secure.url))
        post(webhook(url=secure.url, ca_file=str(tmp_path / "ca.pem")))
        assert len(secure.posts) == 1


def test_a_webhook_goes_through_the_proxy_of_the_environment(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", hook.url.replace("http://", "http://user:word@"))
    post(webhook(url="http://hook.example:8080/in?x=1"))
    (path, headers, _) = hook.posts[0]
    assert (path, headers["Host"]) == ("http://hook.example:8080/in?x=1", "hook.example:8080")
    assert headers["Proxy-Authorization"] == "Basic dXNlcjp3b3Jk"


# --- chat


def test_the_short_form() -> None:
    stories = [story(number, stored(number, mention(), title=f"News {number}\r\nx")) for number in range(1, 8)]
    made = digest(*stories, coverage=coverage(read=41, ailing=(failing(),)))
    title, body = short(made, stories=5, link="https://example.org/digests/", again=False)
    assert title == made.subject
    assert body.count("https://outlet") == 5
    assert "and 2 more stories" in body
    assert "41 of 42 sources read" in body
    assert body.endswith("https://example.org/digests/")
    assert "News 1 x (Outlet 1)\nhttps://outlet1.example/news/1" in body
    again = short(digest(language="vi"), stories=5, link="", again=True)[1]
    assert again == "(Gửi lại: lần đầu không được xác nhận và có thể đã đến.)"


def test_a_chat_service_gets_it_by_apprise(hook: Hook) -> None:
    pytest.importorskip("apprise", reason="Apprise is an extra")
    address, other = (hook.url.replace("http://", "json://") + path for path in ("/room", "/other"))
    env = {"CHAT": f"{address} {other}"}
    settings = AppriseDelivery(name="chat", url_env="CHAT", link="https://example.org/d/")
    with AppriseSender(settings, env) as sender:
        sender.send(parcel(), attempt(recipient=fingerprint(address)))
        sender.send(parcel(), attempt(recipient=""))  # queued when the variable was not set: goes to all
        assert sorted(post[0] for post in hook.posts) == ["/other", "/room", "/room"]
        message = hook.posts[0][2]
        assert message["title"] == parcel().digest.subject
        assert "https://outlet1.example/news/1" in message["message"]
        hook.status = 500
        with pytest.raises(DeliveryError, match="json did not take the message"):
            sender.send(parcel(), attempt(recipient=fingerprint(address)))


def test_what_keeps_apprise_from_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AppriseDelivery(name="chat", url_env="CHAT")
    begun: list[str] = []
    secret = "nonsense://geheim/x"
    for env, recipient, said in (
        ({}, "", "CHAT is not set"),
        ({"CHAT": "json://127.0.0.1/x"}, "json:0", "does not hold this address any more"),
        ({"CHAT": secret}, fingerprint(secret), "does not know this kind of address"),
    ):
        with pytest.raises(Unreachable, match=said) as caught:
            AppriseSender(settings, env).send(parcel(), attempt(begun, recipient=recipient))
        assert "geheim" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "apprise", None)  # as where the extra is not installed
    with pytest.raises(Unreachable, match="Apprise is not installed") as absent:
        AppriseSender(settings, {"CHAT": "json://127.0.0.1/x"}).send(parcel(), attempt(begun))
    assert absent.value.hint == 'pip install "media-monitor[apprise]"'
    assert begun == []


def test_a_secret_address_is_stored_by_its_fingerprint() -> None:
    assert re.fullmatch(r"tgram:[0-9a-f]{12}", fingerprint("tgram://123:geheim/456"))
    assert fingerprint("") == ""


# --- files


FILES = block("delivery", name="archive", kind="folder", folder="archive") + block(
    "delivery", name="feed", kind="atom", file="archive/digests.xml", link="https://example.org/digests/", entries=2
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def news(store: Store, number: int, clock: Clock, **fields: Any) -> None:
    add(store, number, first_seen=clock(), published=clock(), **fields)


def test_a_folder_and_a_feed_hold_whole_days(store: Store, tmp_path: Path, clock: Clock) -> None:
    config = config_of(tmp_path, block("digest", timezone="UTC", deliver=["archive", "feed"]) + FILES)
    for day in range(3):
        news(store, 10 * day, clock, title=f"FPT <script>{day}</script> & a")
        assert deliver_edition(store, config, clock, env={})[1].sent == 2
        news(store, 10 * day + 1, clock, title=f"FPT {day} b")
        clock.pass_(hours=2)
        assert deliver_edition(store, config, clock, env={})[1].sent == 2
        clock.pass_(hours=22)
    archive = tmp_path / "archive"
    assert sorted(path.name for path in (archive / "daily").iterdir()) == ["2026-11-23.html", "2026-11-24.html", "2026-11-25.html"]
    page = (archive / "daily" / "2026-11-24.html").read_text(encoding="utf-8")
    assert sorted(re.findall(r'id="(s\d+)"', page)) == ["s3", "s4"]
    index = (archive / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="(.*?)"', index) == [f"daily/2026-11-{day}.html" for day in (25, 24, 23)]
    assert "24 November 2026" in index and "2 new (FPT 2)" in index
    feed = feedparser.parse((archive / "digests.xml").read_bytes())
    assert not feed.bozo
    assert [entry.id.rpartition("/")[2] for entry in feed.entries] == ["2026-11-25", "2026-11-24"]
    assert feed.feed.link == "https://example.org/digests/"
    raw = (archive / "digests.xml").read_text(encoding="utf-8")
    assert "<script" not in raw and "&lt;script" not in raw  # escaped twice: once for HTML, once for XML
    assert "FPT 2 b" in feed.entries[0].content[0].value


def test_files_written_again_are_the_same_files(store: Store, tmp_path: Path, clock: Clock) -> None:
    config = config_of(tmp_path, block("digest", timezone="UTC", deliver=["archive", "feed"]) + FILES)
    news(store, 1, clock)
    deliver_edition(store, config, clock, env={})
    files = {path: path.read_bytes() for path in (tmp_path / "archive").rglob("*") if path.is_file()}
    assert len(files) == 3
    with store.transaction() as transaction:
        for row in transaction.deliveries.latest(10):
            transaction.deliveries.later(row.id, "unsure", clock(), "", doubts=5)
            transaction.deliveries._set(row.id, ended=None)
    assert deliver_due(store, config, clock, env={}).sent == 2
    assert {path: path.read_bytes() for path in files} == files


def test_a_folder_that_cannot_be_written_stops_nobody_else(store: Store, tmp_path: Path, clock: Clock, hook: Hook) -> None:
    (tmp_path / "archive").write_text("in the way")
    text = (
        block("digest", timezone="UTC", deliver=["archive", "hook"]) + FILES + block("delivery", name="hook", kind="webhook", url=hook.url)
    )
    news(store, 1, clock)
    config = config_of(tmp_path, text)
    report = deliver_edition(store, config, clock, env={})[1]
    assert (report.sent, report.failed, len(hook.posts)) == (1, 1, 1)
    assert "cannot be written" in report.lines[0]
    (tmp_path / "archive").unlink()
    clock.pass_(hours=1)
    assert deliver_due(store, config, clock, env={}).sent == 1
    assert (tmp_path / "archive" / "index.html").exists()


# --- a sample, and the commands


def test_a_sample_goes_to_yourself_and_is_counted_nowhere(store: Store, tmp_path: Path, clock: Clock) -> None:
    with mail_server() as inbox:
        text = block("digest", timezone="UTC", deliver=["archive", "feed", "mail"]) + FILES + mail_block(inbox.port, ["team@example.org"])
        config = config_of(tmp_path, text)
        news(store, 1, clock)
        desk = desk_of(store, config, config.digests[0], clock, env={})
        clock.pass_(seconds=1)
        said = [line for delivery in config.deliveries for line in send_sample(desk, config, delivery, to=None, env={})]
        assert len(said) == 3
        list(send_sample(desk, config, config.deliveries[2], to="me@example.net", env={}))
        assert [to for to, _ in inbox.taken] == ["monitor@example.org", "me@example.net"]
        assert [mail["Subject"][:9] for mail in inbox.mails()] == ["[Sample] "] * 2
        assert len(set(inbox.ids())) == 2
    assert sorted(path.name for path in tmp_path.iterdir() if "archive" in path.name) == ["archive", "archive.sample"]
    assert [path.name for path in (tmp_path / "archive").iterdir()] == ["digests.xml.sample"]
    with store.reading() as reading:
        assert reading.deliveries.latest(10) == []
        assert len(reading.articles.untold("daily")) == 1


def run(folder: Path, *arguments: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MONITOR_") and not name.lower().endswith("_proxy")
    }
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=folder, env=environment | {"PYTHONPATH": str(ROOT)} | env, capture_output=True, text=True, timeout=LONG_S, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def prepared(folder: Path, port: int) -> Config:
    config = config_of(folder, block("digest", timezone="UTC", deliver=["mail"]) + mail_block(port, ["team@example.org"]))
    with Store.open(config.database) as store:
        from datetime import UTC, datetime

        add(store, 1, first_seen=datetime.now(UTC), published=datetime.now(UTC))
    return config


def test_the_commands(tmp_path: Path) -> None:
    with mail_server() as inbox:
        prepared(tmp_path, inbox.port)
        shown = run(tmp_path, "digest", "--format", "text")
        assert "FPT mở trung tâm" in shown.stdout
        assert "monitor digest --deliver" in shown.stderr  # nobody's story is told off by looking
        sent = run(tmp_path, "digest", "--deliver", "--format", "json")
        assert json.loads(sent.stdout)["count"] == 1
        assert "deliveries: 1 sent" in sent.stderr
        assert run(tmp_path, "deliver").stderr == ""
        (listed,) = [json.loads(line) for line in run(tmp_path, "deliver", "--list", "--json").stdout.splitlines()]
        assert (listed["delivery"], listed["recipient"], listed["state"], listed["message_id"]) == (
            "mail",
            "team@example.org",
            "sent",
            inbox.ids()[0],
        )
        assert "team@example.org" in run(tmp_path, "deliver", "--list").stdout
        assert (
            "a sample with 1 stories went to me@example.net" in run(tmp_path, "deliver", "--test", "mail", "--to", "me@example.net").stderr
        )
        assert [to for to, _ in inbox.taken] == ["team@example.org", "me@example.net"]
    assert "cannot be reached" in run(tmp_path, "deliver", "--test", code=1).stderr
    assert "no delivery is called 'mial'" in run(tmp_path, "deliver", "mial", code=2).stderr
    assert "no digest is called 'dayly'" in run(tmp_path, "digest", "--digest", "dayly", code=2).stderr
    assert "exclude one another" in run(tmp_path, "digest", "--deliver", "--preview", code=2).stderr
    assert "no alert is configured" in run(tmp_path, "alerts", code=2).stderr


def test_a_day_in_cron_delivers(tmp_path: Path) -> None:
    with mail_server() as inbox:
        prepared(tmp_path, inbox.port)
        assert "deliveries: 1 sent" in run(tmp_path, "daily", "--no-crawl", "--quiet").stderr
        run(tmp_path, "daily", "--no-crawl", "--quiet")
        assert [to for to, _ in inbox.taken] == ["team@example.org"]


def test_a_day_whose_crawl_fails_delivers_all_the_same(tmp_path: Path) -> None:
    port = free_port()
    with mail_server() as inbox:
        config = prepared(tmp_path, inbox.port)
        assert config.path is not None
        feed = f"127.0.0.1:{port}"
        more = block("source", url=f"http://{feed}/feed.xml", robots=False) + f'[network]\nallow = ["{feed}"]\n'
        config.path.write_text(config.path.read_text(encoding="utf-8") + more, encoding="utf-8")
        done = run(tmp_path, "daily", "--quiet", code=3)
        assert "deliveries: 1 sent" in done.stderr
        assert "Failing source" in inbox.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
