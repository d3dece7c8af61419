"""Mail as a real server takes it: both parts tell the same stories, headers stay ours, TLS is verified, doubts are named."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme

from monitor.config_delivery import EmailDelivery
from monitor.delivery.mail import compose, content_of, header_text
from monitor.delivery.parcel import Attempt, DeliveryError, InDoubt, Parcel, Refused, Unreachable
from monitor.delivery.smtp import SmtpSender
from monitor.digest.record import Digest
from monitor.digest.render_html import LIMIT
from tests.monitor.postroom import Inbox, mail_server
from tests.monitor.test_digest_design import full_day
from tests.monitor.told import NOW, Page, digest, mention, stored, story
from tests.ports import free_port

ID = "<0123456789abcdef@example.org>"
# As a feed can say it: bare breaks, breaks that an encoded word hides (RFC 2047), ends of a mail, invisible characters.
NASTY = (
    "News\r\nBcc: victim@example.net",
    "News\nBcc: victim@example.net\n\n<script>alert(1)</script>",
    "=?utf-8?q?News=0D=0ABcc=3A_victim=40example=2Enet?=",
    "=?utf-8?b?TmV3cw0KQmNjOiB2aWN0aW1AZXhhbXBsZS5uZXQ=?=",
    "News\r\n.\r\nMAIL FROM:<evil@example.net>\r\n",
    "News\x00\x0b\x0c\x1c\u2028\u2029\x85Bcc: victim@example.net",
    "\u202eNews\u2066 \ufeff",
    "Tin " + "rất dài " * 200,
)


def settings(**values: Any) -> EmailDelivery:
    base: dict[str, Any] = {
        "name": "mail",
        "to": ("a@example.org",),
        "sender": "monitor@example.org",
        "host": "127.0.0.1",
        "security": "none",
    }
    return EmailDelivery(**(base | values))


def attempt(recipient: str = "a@example.org", begun: list[str] | None = None, **values: Any) -> Attempt:
    base: dict[str, Any] = {"recipient": recipient, "message_id": ID, "again": False, "now": NOW}
    return Attempt(**(base | values), begin=lambda: begun.append(recipient) if begun is not None else None)


def parcel(made: Digest | None = None) -> Parcel:
    return Parcel(made or digest(story(1), story(2), story(30)), "digest:daily", "2026-11-23/1")


def parsed(mail: EmailMessage) -> EmailMessage:
    back = message_from_bytes(content_of(mail), policy=default)
    assert isinstance(back, EmailMessage)
    return back


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


def send(sender: SmtpSender, *attempts: Attempt, what: Parcel | None = None) -> None:
    with sender:
        for one in attempts:
            sender.send(what or parcel(), one)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as running:
        yield running


# --- composed


def test_text_and_html_tell_the_same_stories() -> None:
    made = digest(
        story(1, stored(1, mention(), title="FPT mở trung tâm ở Đà Nẵng")),
        story(2, stored(2, mention("Mila", "Mila"), title="Mila <b>&amp; Montréal</b>"), stored(3, mention("Mila", "Mila"))),
        story(30),
    )
    mail = parsed(compose(parcel(made), attempt(), settings()))
    assert mail.get_content_type() == "multipart/alternative"
    text, html = part(mail, "plain"), part(mail, "html")
    ids = [line.id for line in made.lines]
    assert re.findall(r"^ +(s\d+)\b", text, re.MULTILINE) == ids
    assert re.findall(r'id="(s\d+)"', html) == ids
    for line in made.lines:
        assert line.url in text
        assert line.url in html
    assert "FPT mở trung tâm ở Đà Nẵng" in " ".join(text.split())
    assert "<b>&amp; Montréal" not in html  # a stranger's markup is text
    assert "style=" in html and "<link" not in html and "<script" not in html
    assert not re.search(r"<img|url\(|@import", html)  # nothing loads from elsewhere


def test_the_headers_are_all_there() -> None:
    sent = settings(sender_name="Bản tin, Ví Dụ", reply_to="desk@example.org", unsubscribe="https://example.org/off?x=1")
    mail = parsed(compose(parcel(), attempt(), sent))
    assert mail["Subject"] == parcel().digest.subject
    assert (mail["To"], mail["Message-ID"], mail["Reply-To"]) == ("a@example.org", ID, "desk@example.org")
    assert mail["From"].addresses[0].display_name == "Bản tin, Ví Dụ"
    assert mail["From"].addresses[0].addr_spec == "monitor@example.org"
    assert mail["List-Unsubscribe"] == "<https://example.org/off?x=1>"
    assert mail["List-Id"] == "<digest-daily.example.org>"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")
    assert mail["Date"].datetime == NOW
    assert "List-Unsubscribe" not in compose(parcel(), attempt(), settings())


def test_a_repeated_mail_is_the_same_mail() -> None:
    first, second = (content_of(compose(parcel(), attempt(), settings())) for _ in range(2))
    assert first == second
    assert first.isascii()
    assert max(map(len, first.splitlines())) <= 998


@pytest.mark.parametrize("nasty", NASTY)
def test_no_text_from_outside_becomes_a_header(nasty: str) -> None:
    made = digest(story(1, stored(1, mention(), title=nasty, outlet=nasty)))
    made = replace(made, subject=f"Alert urgent: {nasty} ({nasty})", title=nasty, name=nasty)
    wanted = set(parsed(compose(parcel(), attempt(), settings())).keys())
    message = compose(Parcel(made, f"digest:{nasty}", "1"), attempt(), settings(sender_name=nasty))
    back = parsed(message)
    assert set(back.keys()) == wanted
    assert len(back.keys()) == len(wanted)
    assert back["To"] == "a@example.org"
    assert not re.search(rb"(?mi)^(bcc|mail from):", content_of(message).partition(b"\r\n\r\n")[0])
    assert "\n" not in back["Subject"] and "\r" not in back["Subject"]
    assert len(back["Subject"]) <= 250
    # Decoded once more, as a careless reader of headers does, it is one line still.
    assert "\n" not in str(EmailMessage(policy=default).policy.header_factory("Subject", str(back["Subject"])))
    assert {one.get_content_type() for one in back.iter_parts()} == {"text/plain", "text/html"}


@pytest.mark.parametrize("length", range(60, 90))
def test_a_subject_of_any_length_begins_beside_its_name(length: int) -> None:
    subject = ("Digest " * 20)[:length].strip()
    message = compose(
        Parcel(replace(parcel().digest, subject=subject), "digest:daily", "1"), attempt(), settings(unsubscribe="mailto:" + "a" * 90)
    )
    assert parsed(message)["Subject"] == subject
    assert not re.search(rb"(?m)^[A-Za-z-]+:\s*\r\n", content_of(message).partition(b"\r\n\r\n")[0])


def test_an_encoded_word_is_only_text() -> None:
    assert header_text("=?utf-8?q?a=0Ab?=") == "= ?utf-8?q?a=0Ab?="
    assert header_text("==??x") == "== ??x"
    assert header_text("1 = 1?") == "1 = 1?"


# --- sent


def test_a_mail_arrives_as_it_was_composed(inbox: Inbox) -> None:
    begun: list[str] = []
    nasty = digest(story(1, stored(1, mention(), title=NASTY[4])))
    send(SmtpSender(settings(port=inbox.port), {}), attempt(begun=begun), attempt("b@example.org", begun), what=parcel(nasty))
    assert begun == ["a@example.org", "b@example.org"]
    assert [to for to, _ in inbox.taken] == begun
    (mail, other) = inbox.mails()
    assert (mail["To"], other["To"]) == ("a@example.org", "b@example.org")  # nobody learns who else gets it
    assert part(mail, "plain") == part(other, "plain")
    assert "MAIL FROM" in part(mail, "plain")
    assert part(mail, "html").rstrip().endswith("</html>")


def test_starttls_and_a_password(tls: ssl.SSLContext, ca_file: str) -> None:
    with mail_server(tls=tls, password="geheim") as inbox:
        sent = settings(port=inbox.port, security="starttls", user="monitor", ca_file=ca_file)
        send(SmtpSender(sent, {"MONITOR_SMTP_PASSWORD": "geheim"}), attempt())
        send(
            SmtpSender(settings(port=inbox.port, security="starttls", user="m", ca_file=ca_file, password_env="OWN"), {"OWN": "geheim"}),
            attempt(),
        )
        assert inbox.logins == ["monitor", "m"]
        assert inbox.ids() == [ID, ID]
        with pytest.raises(Unreachable, match="refuses the user monitor: 535") as wrong:
            send(SmtpSender(sent, {"MONITOR_SMTP_PASSWORD": "falsch"}), attempt())
        assert "falsch" not in f"{wrong.value} {wrong.value.hint}"
        with pytest.raises(Unreachable, match="MONITOR_SMTP_PASSWORD is not set"):
            send(SmtpSender(sent, {}), attempt())


def test_tls_from_the_first_byte(tls: ssl.SSLContext, ca_file: str) -> None:
    with mail_server(tls=tls, direct=True) as inbox:
        send(SmtpSender(settings(port=inbox.port, security="tls", ca_file=ca_file), {}), attempt())
        assert inbox.ids() == [ID]


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext) -> None:
    begun: list[str] = []
    with mail_server(tls=tls) as inbox, pytest.raises(Unreachable, match="certificate cannot be trusted") as caught:
        send(SmtpSender(settings(port=inbox.port, security="starttls"), {}), attempt(begun=begun))
    assert "ca_file" in str(caught.value.hint)
    assert not begun and not inbox.taken


def test_without_starttls_nothing_is_sent(inbox: Inbox) -> None:
    with pytest.raises(Unreachable, match="STARTTLS"):
        send(SmtpSender(settings(port=inbox.port, security="starttls"), {}), attempt())
    assert not inbox.taken


def test_nobody_answers() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        send(SmtpSender(settings(port=free_port()), {}), attempt())


def test_an_authority_that_is_not_there() -> None:
    with mail_server() as inbox, pytest.raises(Unreachable, match="ca_file /nowhere"):
        send(SmtpSender(settings(port=inbox.port, security="tls", ca_file="/nowhere"), {}), attempt())


def test_one_refused_recipient_keeps_nobody_waiting(inbox: Inbox) -> None:
    inbox.refused = {"a@example.org": "550 no such user", "b@example.org": "451 try later"}
    begun: list[str] = []
    with SmtpSender(settings(port=inbox.port), {}) as sender:
        with pytest.raises(Refused, match="550 no such user") as never:
            sender.send(parcel(), attempt(begun=begun))
        with pytest.raises(DeliveryError, match="451 try later") as later:
            sender.send(parcel(), attempt("b@example.org", begun))
        assert not isinstance(later.value, Refused)
        sender.send(parcel(), attempt("c@example.org", begun))
    assert never.value.code == "550"
    assert begun == ["c@example.org"]  # those refused were never in doubt
    assert [to for to, _ in inbox.taken] == ["c@example.org"]


@pytest.mark.parametrize(("answer", "kind"), [("554 spam", Refused), ("452 disk full", DeliveryError)])
def test_a_refused_mail_is_in_no_doubt(inbox: Inbox, answer: str, kind: type[DeliveryError]) -> None:
    inbox.answer = answer
    with pytest.raises(DeliveryError) as caught:
        send(SmtpSender(settings(port=inbox.port), {}), attempt())
    assert type(caught.value) is kind


def test_a_connection_that_breaks_after_the_mail_leaves_a_doubt(inbox: Inbox) -> None:
    inbox.dies = 1
    begun: list[str] = []
    with SmtpSender(settings(port=inbox.port), {}) as sender:
        with pytest.raises(InDoubt, match="without saying whether it took the mail"):
            sender.send(parcel(), attempt(begun=begun))
        sender.send(parcel(), attempt("b@example.org", begun))  # over a new connection
    assert begun == [to for to, _ in inbox.taken] == ["a@example.org", "b@example.org"]


def test_a_mail_without_its_styles_and_pictures_tells_all_the_same(inbox: Inbox) -> None:
    """Outlook and Gmail drop SVG, some readers all styles: what a real server took must still say everything, in order."""
    made = full_day()
    send(SmtpSender(settings(port=inbox.port), {}), attempt(), what=parcel(made))
    (mail,) = inbox.mails()
    html = part(mail, "html")
    assert len(html.encode()) < LIMIT
    bare = re.sub(r'<style>.*?</style>|<svg.*?</svg>|<title>.*?</title>| (?:style|class)="[^"]*"', "", html, flags=re.DOTALL)
    seen = " ".join("".join(Page(bare).text).split())
    ids = [line.id for line in made.lines]
    assert re.findall(r"\b(s\d+)\b", seen) == ids == re.findall(r"^ +(s\d+)\b", part(mail, "plain"), re.MULTILINE)
    flat = " ".join(part(mail, "plain").split())
    for words in (
        "7 new stories in 9 articles from 9 outlets: FPT 6, Mila 2.",
        "FPT 71%, Mila 20%, FUNiX 9%",
        "101 articles, most on 19 Nov: 41",
    ):
        assert words in seen and words in flat
