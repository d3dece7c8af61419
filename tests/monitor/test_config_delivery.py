"""Digests, deliveries and alerts in the configuration: what a file may say, what a wrong one gets told, and no secret in it."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from monitor.config import load_config
from monitor.config_delivery import EmailDelivery
from storage.errors import ConfigError
from tests.monitor.postroom import block, config_of, mail_block

MAIL = mail_block(25, ["a@example.org"])
CHAT = block("delivery", name="chat", kind="apprise", url_env="CHAT")


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config_of(folder, text)
    assert caught.value.exit_code == 2
    return f"{caught.value}\n{caught.value.hint or ''}".strip()


def test_without_a_word_there_is_one_digest(tmp_path: Path) -> None:
    (one,) = load_config(None, {}, tmp_path).digests
    assert (one.name, one.topics, one.language, one.timezone, one.deliver) == ("daily", (), "en", "Asia/Ho_Chi_Minh", ())
    assert (one.times, one.weekdays, one.folder) == ((time(7),), frozenset(range(1, 8)), "digests")


def test_several_digests(tmp_path: Path) -> None:
    text = (
        'language = "vi"\n'
        + block("digest", name="morning", at=["17:00", "7:30", "07:30"], days="weekdays", deliver=["mail", "chat"])
        + block("digest", name="Mila", topics=["Mila"], language="fr", timezone="America/Toronto", days=["sat", "mon"], folder="mila")
        + block("digest", name="week", days="weekly")
    )
    config = config_of(tmp_path, text + MAIL + CHAT)
    first, second, third = config.digests
    assert (first.times, first.weekdays, first.language) == ((time(7, 30), time(17)), frozenset({1, 2, 3, 4, 5}), "vi")
    assert (first.deliver, first.folder) == (("mail", "chat"), "digests/morning")
    assert (second.weekdays, second.language, second.timezone, second.folder) == (frozenset({6, 1}), "fr", "America/Toronto", "mila")
    assert third.weekdays == {1}
    again = tmp_path / "again"
    again.mkdir()
    (again / "monitor.toml").write_text(config.as_toml(), encoding="utf-8")
    assert load_config(None, {}, again).digests == config.digests
    assert load_config(None, {}, again).deliveries == config.deliveries


def test_a_mail_delivery(tmp_path: Path) -> None:
    (one,) = config_of(tmp_path, MAIL).deliveries
    assert isinstance(one, EmailDelivery)
    assert (one.kind, one.to, one.port, one.password_env) == ("email", ("a@example.org",), 25, "MONITOR_SMTP_PASSWORD")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (block("digest", name="x", at="25:00"), 'at of [[digest]] number 1 is "25:00", but should be a time'),
        (block("digest", name="x", at=[]), "should be a time"),
        (block("digest", name="x", days="mon"), 'days of [[digest]] number 1 is "mon"'),
        (block("digest", name="x", days=["monday"]), "should be"),
        (block("digest", name="x", timezone="Toronto"), "Toronto"),
        (block("digest", name="x", language="de"), 'language of [[digest]] number 1 is "de"'),
        (block("digest", name="../x"), "a name of at most 48 letters"),
        (block("digest", name="a") + block("digest", name="A"), 'two digests are called "A"'),
        (block("digest", name="a", folder="x") + block("digest", name="b", folder="x"), 'is the folder of the digest "a" already'),
        (block("digest", name="a", deliver=["mial"]) + MAIL, 'line 3: deliver: no [[delivery]] is called "mial"; did you mean mail?'),
        (block("digest", name="a", deliver=["mail"]), 'write one: [[delivery]] with name = "mail"'),
        (block("digest", name="a", recipients=["x"]), "unknown key recipients of [[digest]] number 1"),
        ("[digest]\n[[digest]]\n", "write one [digest], or several [[digest]], not both"),
        ("digest = []", "there is no digest at all"),
        (block("delivery", name="x"), 'has no kind; write kind = ... : "email", "apprise", "folder", "atom", "webhook"'),
        (block("delivery", name="x", kind="mail"), 'kind of [[delivery]] number 1 is "mail", but should be one of'),
        (block("delivery", name="x", kind="folder"), "has no folder"),
        (
            block("delivery", name="x", kind="folder", folder="a", to=["b"]),
            "unknown key to of [[delivery]] number 1; [[delivery]] has kind,",
        ),
        (block("delivery", name="x", kind="folder", foldr="a"), "did you mean folder?"),
        (MAIL + MAIL, 'two deliveries are called "mail"'),
        (mail_block(25, []), "to of [[delivery]] number 1 is []"),
        (mail_block(25, ["Team <a@example.org>"]), "should be a bare address"),
        (mail_block(25, ["a@example.org\r\nBcc: b@example.org"]), "should be a bare address"),
        (mail_block(25, ["a@example.org", "A@example.org"]), "is twice in the list"),
        (mail_block(25, ["a@b.c"], sender_name="a\nb"), "should be a text on one line"),
        (mail_block(25, ["a@b.c"], security="ssl"), 'security of [[delivery]] number 1 is "ssl"'),
        (mail_block(25, ["a@b.c"], user="me"), "a user's password would cross the network readable"),
        (mail_block(25, ["a@b.c"], unsubscribe="http://x"), 'should be "mailto:..." or "https://..."'),
        (mail_block(25, ["a@b.c"], unsubscribe="https://x>\r\nX: y"), "unsubscribe"),
        (mail_block(0, ["a@b.c"]), "port of [[delivery]] number 1 is 0"),
        (block("delivery", name="x", kind="webhook"), "needs either url or url_env"),
        (block("delivery", name="x", kind="webhook", url="file:///x"), "should be a web address"),
        (block("alert", name="x", deliver=["mail"]) + MAIL, "says nothing of what it waits for"),
        (block("alert", name="x", topics=["FPT"]) + MAIL, "has no deliver"),
        (
            block("alert", name="x", deliver=["f"], topics=["FPT"]) + block("delivery", name="f", kind="folder", folder="a"),
            "an alert cannot go to",
        ),
        (block("alert", name="x", deliver=["mail"], topics=["FPT"], quiet="22-7") + MAIL, 'quiet of [[alert]] number 1 is "22-7"'),
        (block("alert", name="x", deliver=["mail"], topics=["FPT"], quiet="07:00-07:00") + MAIL, "should be two times"),
        (block("alert", name="x", deliver=["mail"], burst=1) + MAIL, "should be a number above 1"),
        (block("alert", name="x", deliver=["mail"], burst=2, words=["a"]) + MAIL, "a burst counts the stories of topics"),
        (block("alert", name="x", deliver=["mail"], words=[" "]) + MAIL, "has a blank topic, outlet or word"),
        ("[delivery]\nname = 'x'", "should be tables, each begun by [[delivery]]"),
        ("[alert]\nname = 'x'", "should be tables, each begun by [[alert]]"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        mail_block(587, ["a@b.c"], password="geheim"),
        mail_block(587, ["a@b.c"], password_env="geheim!"),
        block("delivery", name="x", kind="apprise", url_env="tgram://geheim/1"),
        block("delivery", name="x", kind="apprise", url_env="A", token="geheim"),
        block("delivery", name="x", kind="webhook", url="https://me:geheim@example.org/"),
        block("delivery", name="x", kind="webhook", url="https://example.org/?access_token=geheim"),
        block("delivery", name="x", kind="webhook", url="https://example.org/", token_env="geh eim"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    said = refusal(tmp_path, text)
    assert "geheim" not in said and "geh eim" not in said
    assert "environment" in said
