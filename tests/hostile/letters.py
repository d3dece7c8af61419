"""The mail that a digest becomes, as it is sent."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.config_delivery import EmailDelivery
from monitor.delivery.mail import compose, content_of
from monitor.delivery.parcel import Attempt, Parcel
from monitor.digest.record import Digest


def mail_of(made: Digest) -> bytes:
    """Return the bytes of the mail for one recipient."""
    settings = EmailDelivery(name="team", to=("team@example.org",), sender="monitor@example.org", host="smtp.example.org")
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    attempt = Attempt(recipient="team@example.org", message_id="<1@example.org>", again=False, begin=lambda: None, now=moment)
    return content_of(compose(Parcel(digest=made, series="digest:daily", period="2026-11-23/1"), attempt, settings))
