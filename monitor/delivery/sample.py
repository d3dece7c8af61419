"""Try a delivery on yourself: a sample that no ledger knows of."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from monitor.config_delivery import AtomDelivery, Delivery, EmailDelivery, FolderDelivery
from monitor.delivery.outbox import targets_of
from monitor.delivery.parcel import Attempt, Parcel
from monitor.delivery.senders import sender_of
from monitor.digest.words import words_of
from monitor.editions import of_window

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.digest.record import Digest
    from monitor.editions import Desk

WINDOW = timedelta(hours=24)  # the sample tells what was seen in it


def send_sample(desk: Desk, config: Config, delivery: Delivery, *, to: str | None, env: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Send what was seen in the last day, marked as a sample; yields what was done, in words.

    A mail goes to `to`, or to the sender's own address, never to the readers. Files get a name of their own beside the real ones.

    Raises:
        parcel.DeliveryError, parcel.InDoubt: it did not work, or nobody knows.
    """
    now = desk.clock()
    digest = sample_of(of_window(desk, now - WINDOW, now).digest)
    parcel = Parcel(digest, f"digest:{desk.name}", "sample")
    if isinstance(delivery, EmailDelivery):
        recipients = [to or delivery.sender]
    else:
        recipients = [target.recipient for target in targets_of(config, [delivery.name], env)]
    aside, where = _aside(delivery, config.base)
    with sender_of(aside, env, config.base) as sender:
        for recipient in recipients:
            domain = delivery.sender.rpartition("@")[2] if isinstance(delivery, EmailDelivery) else "media-monitor.invalid"
            attempt = Attempt(
                recipient=recipient, message_id=f"<sample-{uuid.uuid4().hex}@{domain}>", again=False, begin=lambda: None, now=now
            )
            sender.send(parcel, attempt)
            yield f"a sample with {digest.count} stories went to {where or recipient or delivery.kind}"


def sample_of(digest: Digest) -> Digest:
    """Mark a digest as a sample."""
    said = words_of(digest.language).say("sample")
    return replace(digest, title=f"{said} · {digest.title}", subject=f"[{said}] {digest.subject}", guid=f"{digest.guid}/sample")


def _aside(delivery: Delivery, base: Path) -> tuple[Delivery, str]:
    """Return the delivery with its files moved aside, and where they stand; "" where there are none."""
    if isinstance(delivery, FolderDelivery):
        folder = f"{delivery.folder.rstrip('/')}.sample"
        return msgspec.structs.replace(delivery, folder=folder), str(base / folder)
    if isinstance(delivery, AtomDelivery):
        file = f"{delivery.file}.sample"
        return msgspec.structs.replace(delivery, file=file), str(base / file)
    return delivery, ""
