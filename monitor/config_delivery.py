"""`[[delivery]]` and `[[alert]]`: where digests go, and what cannot wait for them.

Secrets never stand in the file: it names the environment variables that hold them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from monitor.config_digests import Names, check_known, check_name
from monitor.config_errors import Document, Keys, check_table, refused, shown

PASSWORD = "MONITOR_SMTP_PASSWORD"  # noqa: S105 - a variable's name
PORTS = {"starttls": 587, "tls": 465, "none": 25}

Text = Annotated[str, Meta(description="a text in quotes")]
Variable = Annotated[str, Meta(description='the name of an environment variable, such as "MONITOR_CHAT_URL"')]
Timeout = Annotated[float, Meta(gt=0, le=600, description="a number of seconds above 0, at most 600")]
WebAddress = Annotated[str, Meta(description='a web address, such as "https://example.org/digests/"')]


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What each `[[delivery]]` has."""

    kind: ClassVar[str]
    for_alerts: ClassVar[bool] = True
    name: Annotated[str, Meta(description='a name, such as "team-mail"')]


class EmailDelivery(Delivery, frozen=True, kw_only=True, tag="email"):
    """One mail to each address, over SMTP."""

    kind: ClassVar[str] = "email"
    to: Annotated[tuple[str, ...], Meta(min_length=1, description='a list of addresses, such as ["team@example.org"]')]
    sender: Annotated[str, Meta(description='an address, such as "monitor@example.org"')]
    sender_name: Text = ""
    reply_to: Text = ""
    host: Annotated[str, Meta(min_length=1, description='the name of a mail server, such as "smtp.example.org"')]
    port: Annotated[int, Meta(ge=1, le=65_535, description="a whole number from 1 to 65535")] | None = None
    security: Annotated[str, Meta(description='"starttls", "tls" or "none"')] = "starttls"
    user: Text = ""
    password_env: Variable = PASSWORD
    ca_file: Text = ""
    unsubscribe: Annotated[str, Meta(description='"mailto:..." or "https://..."')] = ""
    timeout_seconds: Timeout = 30.0


class AppriseDelivery(Delivery, frozen=True, kw_only=True, tag="apprise"):
    """A short message to chat and push services."""

    kind: ClassVar[str] = "apprise"
    url_env: Variable
    link: WebAddress = ""
    stories: Annotated[int, Meta(ge=0, le=50, description="a whole number from 0 to 50")] = 5


class FolderDelivery(Delivery, frozen=True, kw_only=True, tag="folder"):
    """An archive of HTML pages with an index."""

    kind: ClassVar[str] = "folder"
    for_alerts: ClassVar[bool] = False
    folder: Annotated[str, Meta(min_length=1, description='the name of a folder, such as "archive"')]


class AtomDelivery(Delivery, frozen=True, kw_only=True, tag="atom"):
    """A feed whose entries are digests."""

    kind: ClassVar[str] = "atom"
    for_alerts: ClassVar[bool] = False
    file: Annotated[str, Meta(min_length=1, description='the name of a file, such as "archive/digests.xml"')]
    link: WebAddress = ""
    entries: Annotated[int, Meta(ge=1, le=366, description="a whole number from 1 to 366")] = 30


class WebhookDelivery(Delivery, frozen=True, kw_only=True, tag="webhook"):
    """The digest as JSON, by POST."""

    kind: ClassVar[str] = "webhook"
    url: WebAddress = ""
    url_env: Variable = ""
    token_env: Variable = ""
    ca_file: Text = ""
    timeout_seconds: Timeout = 30.0


KINDS: Mapping[str, type[Delivery]] = {
    one.kind: one for one in (EmailDelivery, AppriseDelivery, FolderDelivery, AtomDelivery, WebhookDelivery)
}


class AlertTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[alert]]`: what cannot wait for the digest."""

    name: Annotated[str, Meta(description='a name, such as "outage"')]
    deliver: Annotated[tuple[str, ...], Meta(min_length=1, description='a list of names of deliveries, such as ["team-mail"]')]
    topics: Names = ()
    outlets: Names = ()
    words: Names = ()
    passing: Annotated[bool, Meta(description="true or false")] = False
    burst: Annotated[float, Meta(gt=1, le=1000, description="a number above 1: how many times the usual of that hour")] | None = None
    burst_stories: Annotated[int, Meta(ge=2, le=10_000, description="a whole number from 2 to 10000")] = 5
    quiet: Annotated[str, Meta(description='two times, such as "22:00-07:00"')] = ""
    timezone: Annotated[str, Meta(description='a time zone, such as "America/Toronto"')] = ""
    language: Annotated[str, Meta(description='"en", "vi" or "fr"')] = ""

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """When messages are held, in local time: from the first to the second, which may lie on the next day."""
        if not self.quiet:
            return None
        begin, _, end = self.quiet.partition("-")
        return time.fromisoformat(begin.strip().zfill(5)), time.fromisoformat(end.strip().zfill(5))


def check_deliveries(document: Document, tables: Sequence[Any], others: Mapping[str, type[msgspec.Struct]]) -> tuple[Delivery, ...]:
    """Turn the raw tables into deliveries.

    Args:
        others: the other tables of the file, for suggestions.

    Raises:
        ConfigError: one of them is wrong; a secret in the file is never repeated.
    """
    made: list[Delivery] = []
    for number, table in enumerate(tables):
        keys: Keys = ("delivery", number)
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            known = ", ".join(f'"{one}"' for one in KINDS)
            if kind is None:
                raise document.error(keys, f"[[delivery]] number {number + 1} has no kind; write kind = ... : {known}")
            raise document.wrong((*keys, "kind"), kind, f"one of {known}")
        struct = KINDS[kind]
        check_table(document, keys, table, ("kind", *struct.__struct_encode_fields__), others)
        try:
            one = msgspec.convert(table, struct)
        except msgspec.ValidationError as error:
            raise refused(document, keys, error, table, struct) from None
        check_name(document, keys, one.name)
        if one.name in {other.name for other in made}:
            raise document.error((*keys, "name"), f"two deliveries are called {shown(one.name)}")
        _CHECKS.get(kind, _nothing_more)(document, keys, one)
        made.append(one)
    return tuple(made)


def check_alerts(document: Document, alerts: Sequence[AlertTable], deliveries: Sequence[Delivery]) -> None:
    """Check all alerts.

    Raises:
        ConfigError: a value that will not do.
    """
    names = [one.name for one in deliveries]
    for number, one in enumerate(alerts):
        keys: Keys = ("alert", number)
        check_name(document, keys, one.name)
        if one.name in {other.name for other in alerts[:number]}:
            raise document.error((*keys, "name"), f"two alerts are called {shown(one.name)}")
        check_known(document, (*keys, "deliver"), one.deliver, names)
        for wanted in one.deliver:
            found = next(each for each in deliveries if each.name == wanted)
            if not found.for_alerts:
                raise document.error((*keys, "deliver"), f"an alert cannot go to {shown(wanted)}, a delivery of kind {shown(found.kind)}")
        if not (one.topics or one.outlets or one.words or one.burst):
            raise document.error(
                keys, f"the alert {shown(one.name)} says nothing of what it waits for", hint="give it topics, outlets, words or burst"
            )
        if one.burst and (one.outlets or one.words):
            raise document.error(keys, "a burst counts the stories of topics", hint="give outlets and words to an [[alert]] of their own")
        if any(not word.strip() for word in (*one.topics, *one.outlets, *one.words)):
            raise document.error(keys, f"the alert {shown(one.name)} has a blank topic, outlet or word")
        span = r"\s*([01]?\d|2[0-3]):[0-5]\d\s*"
        if one.quiet and (not re.fullmatch(f"{span}-{span}", one.quiet, re.ASCII) or len(set(one.quiet_hours or ())) != 2):
            raise document.wrong((*keys, "quiet"), one.quiet, 'two times, such as "22:00-07:00"')
        if one.language and one.language not in {"en", "vi", "fr"}:
            raise document.wrong((*keys, "language"), one.language, '"en", "vi" or "fr"')
        if one.timezone:
            from monitor.config_sources import check_timezone

            check_timezone(document, (*keys, "timezone"), one.timezone)


def _check_email(document: Document, keys: Keys, one: Any) -> None:
    for name, values in (("to", one.to), ("sender", (one.sender,)), ("reply_to", (one.reply_to,) if one.reply_to else ())):
        for number, value in enumerate(values):
            # Bare addresses of ASCII: they travel in the envelope as well as in headers.
            if len(value) > 254 or not re.fullmatch(r"[!#-'*+\-/-9=?A-Z^-~.]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value):
                raise document.wrong((*keys, name), value, 'a bare address, such as "team@example.org"')
            if value.lower() in {other.lower() for other in values[:number]}:
                raise document.error((*keys, name), f"{name}: {shown(value)} is twice in the list")
    _one_line(document, (*keys, "sender_name"), one.sender_name)
    if not re.fullmatch(r"[A-Za-z0-9._:\[\]-]+", one.host):
        raise document.wrong((*keys, "host"), one.host, 'the name of a mail server, such as "smtp.example.org"')
    if one.security not in PORTS:
        raise document.wrong((*keys, "security"), one.security, '"starttls", "tls" or "none"')
    if one.user and one.security == "none":
        raise document.error(
            (*keys, "security"), "a user's password would cross the network readable", hint='write security = "starttls" or "tls"'
        )
    _one_line(document, (*keys, "user"), one.user)
    _check_variable(document, (*keys, "password_env"), one.password_env)
    if one.unsubscribe and not re.fullmatch(r"(mailto:|https://)[!#-;=?-~]+", one.unsubscribe):
        raise document.wrong((*keys, "unsubscribe"), one.unsubscribe, '"mailto:..." or "https://..."')


def _check_apprise(document: Document, keys: Keys, one: Any) -> None:
    _check_variable(document, (*keys, "url_env"), one.url_env)
    _check_link(document, (*keys, "link"), one.link)


def _check_webhook(document: Document, keys: Keys, one: Any) -> None:
    if bool(one.url) == bool(one.url_env):
        raise document.error(
            keys, f"the webhook {shown(one.name)} needs either url or url_env", hint="url_env where the address holds a secret"
        )
    if "@" in urlsplit(one.url).netloc or re.search(r"(?i)[?&][^=&]*(?:token|secret|passw|signature|api[_-]?key)[^=&]*=", one.url):
        # Not repeated: it may be a password.
        raise document.error(
            (*keys, "url"), "a password does not belong into this file", hint="give the whole address in the environment: url_env"
        )
    _check_link(document, (*keys, "url"), one.url)
    for name in ("url_env", "token_env"):
        if value := getattr(one, name):
            _check_variable(document, (*keys, name), value)


def _check_atom(document: Document, keys: Keys, one: Any) -> None:
    _check_link(document, (*keys, "link"), one.link)


def _check_link(document: Document, keys: Keys, url: str) -> None:
    if url and not re.fullmatch(r"https?://[!#-;=?-~]+", url):
        raise document.wrong(keys, url, 'a web address, such as "https://example.org/digests/"')


def _check_variable(document: Document, keys: Keys, name: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        # What was written may be the secret itself.
        raise document.error(
            keys, f"{keys[-1]} is no name of an environment variable", hint='name it: "MONITOR_..."; the secret stands in it'
        )


def _one_line(document: Document, keys: Keys, text: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise document.wrong(keys, text, "a text on one line")


def _nothing_more(document: Document, keys: Keys, one: Any) -> None:
    return None


_CHECKS = {"email": _check_email, "apprise": _check_apprise, "webhook": _check_webhook, "atom": _check_atom}
