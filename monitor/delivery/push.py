"""A short message to chat and push services, by Apprise: the most important headlines, each with its link."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from monitor.config_delivery import AppriseDelivery
from monitor.delivery.outbox import fingerprint
from monitor.delivery.parcel import Attempt, DeliveryError, InDoubt, Parcel, Unreachable
from monitor.digest.record import Digest
from monitor.digest.safe import plain, safe_url
from monitor.digest.words import words_of

WHOLE_S = 120.0  # that a service may take; Apprise itself has limits for each operation only
_HEADLINE = 160  # characters


class AppriseSender:
    """Sends to the addresses that an environment variable holds."""

    repeatable = False

    def __init__(self, settings: AppriseDelivery, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def send(self, parcel: Parcel, attempt: Attempt) -> None:
        """Send; raises as `parcel.Sender.send`."""
        service = self._service(attempt.recipient)
        title, body = short(parcel.digest, stories=self._settings.stories, link=self._settings.link, again=attempt.again)
        attempt.begin()
        if not _within(WHOLE_S, lambda: service.notify(title=title, body=body, body_format="text"), self._kind(attempt.recipient)):
            # Apprise says no more than yes or no. A time-out is a "no", too, so a message may rarely come twice; else an hour
            # without the service would lose it.
            raise DeliveryError(f"{self._kind(attempt.recipient)} did not take the message", code="not taken")

    def _service(self, recipient: str) -> Any:
        name = self._settings.url_env
        addresses = self._env.get(name, "").split()
        if not addresses:
            raise Unreachable(f"{name} is not set", code="no address", hint=f"set {name} in the environment of the monitor")
        wanted = [address for address in addresses if not recipient or fingerprint(address) == recipient]
        if not wanted:
            # Taken out of the variable: the dispatcher drops what has no recipient any more, so this is one renamed meanwhile.
            raise Unreachable(f"{name} does not hold this address any more", code="no address")
        try:
            import apprise
        except ImportError as error:
            raise Unreachable("Apprise is not installed", code="not installed", hint='pip install "media-monitor[apprise]"') from error
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its warnings may show the secret address
        service = apprise.Apprise()
        for address in wanted:
            if not service.add(address):
                raise Unreachable(
                    f"{name}: Apprise does not know this kind of address ({self._kind(fingerprint(address))})", code="address"
                )
        return service

    @staticmethod
    def _kind(recipient: str) -> str:
        return recipient.partition(":")[0] or "the service"


def _within(seconds: float, work: Callable[[], Any], name: str) -> Any:
    """Do what cannot be told to end, and stop waiting for it after a time.

    Raises:
        InDoubt: it had not ended.
    """
    result: list[Any] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            result.append(work())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not result:
        raise InDoubt(f"{name} did not answer within {seconds:g} s")
    return result[0]


def short(digest: Digest, *, stories: int, link: str, again: bool) -> tuple[str, str]:
    """Return title and text of a short message.

    Args:
        digest: what to tell.
        stories: how many headlines at most.
        link: of the archive; "" for none.
        again: say that an earlier try may have arrived.
    """
    words = words_of(digest.language)
    parts = [
        f"{plain(line.headline).strip()[:_HEADLINE]} ({plain(line.outlet).strip()})\n{safe_url(line.url)}".rstrip()
        for line in digest.lines[:stories]
    ]
    if (rest := digest.count - stories) > 0:
        parts.append(words.count("more_stories", rest))
    if digest.coverage.trouble:
        parts.append(
            words.count("read", digest.coverage.read, due=words.number(digest.coverage.due))
            if digest.coverage.due
            else words.say("no_sources")
        )
    if link:
        parts.append(link)
    if again:
        parts.append(words.say("sent_again"))
    return plain(digest.subject), "\n\n".join(parts)
