"""Compose a mail: plain text and HTML of the same digest, headers that no text from outside can bend. Pure."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from monitor.config_delivery import EmailDelivery
from monitor.delivery.parcel import Attempt, Parcel, idempotency_key
from monitor.digest.safe import plain

# Seven bits: so that any server takes it, also one that knows no 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")
_SUBJECT_LIMIT = 250


def compose(parcel: Parcel, attempt: Attempt, settings: EmailDelivery) -> EmailMessage:
    """Return the mail for one recipient: the same bytes each time, so that a repeated one is a repeated one."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(display_name=header_text(settings.sender_name), addr_spec=settings.sender)
    message["To"] = Address(addr_spec=attempt.recipient)
    message["Subject"] = header_text(parcel.digest.subject)[:_SUBJECT_LIMIT]
    message["Date"] = format_datetime(parcel.digest.made)
    message["Message-ID"] = attempt.message_id
    message["List-Id"] = f"<{_label(parcel.series)}.{settings.sender.rpartition('@')[2]}>"  # RFC 2919
    if settings.unsubscribe:
        message["List-Unsubscribe"] = f"<{settings.unsubscribe}>"  # RFC 2369
    if settings.reply_to:
        message["Reply-To"] = Address(addr_spec=settings.reply_to)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notes, please
    message.set_content(parcel.text)
    message.add_alternative(parcel.html, subtype="html")
    message["Content-Language"] = parcel.digest.language  # now: set before, it would become the first part's
    message.set_boundary(f"=_{idempotency_key(attempt.message_id).partition('@')[0]}")
    return message


def content_of(message: EmailMessage) -> bytes:
    """Return the mail as it is sent.

    Python moves a value that fits one line, but not beside its name, to the next line as a whole; some mail systems take what
    follows the name for all of it, so it is moved back: a little longer than 78 characters is allowed (RFC 5322, 2.1.1).
    """
    head, blank, body = message.as_bytes().partition(b"\r\n\r\n")
    return re.sub(rb"(?m)^([!-9;-~]+):\r\n[ \t]+", rb"\1: ", head) + blank + body


def header_text(text: str) -> str:
    """Return `text` as one line that no reader of headers takes for more than text.

    Controls and line breaks go, and so does "=?": an encoded word (RFC 2047) in a headline would be decoded when the header is set,
    and the line break hidden in it would begin a header of its own; Python up to 3.11.7 lets that pass.
    """
    return re.sub(r"=(?=\?)", "= ", plain(text)).strip()


def _label(series: str) -> str:
    """Make a label of a domain name out of a digest's or an alert's name."""
    ascii_only = plain(series).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-") or "digest"
