"""Choose the sender of a `[[delivery]]`; each is imported only when it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.config_delivery import AppriseDelivery, AtomDelivery, Delivery, EmailDelivery, FolderDelivery, WebhookDelivery
from monitor.delivery.parcel import Sender


def sender_of(delivery: Delivery, env: Mapping[str, str], base: Path) -> Sender:
    """Return what sends a delivery.

    Args:
        env: where secrets are read.
        base: what relative files and folders are relative to.
    """
    match delivery:
        case EmailDelivery():
            from monitor.delivery.smtp import SmtpSender

            return SmtpSender(delivery, env)
        case AppriseDelivery():
            from monitor.delivery.push import AppriseSender

            return AppriseSender(delivery, env)
        case FolderDelivery():
            from monitor.delivery.archive import FolderSender

            return FolderSender(delivery, base)
        case AtomDelivery():
            from monitor.delivery.archive import AtomSender

            return AtomSender(delivery, base)
        case WebhookDelivery():
            from monitor.delivery.webhook import WebhookSender

            return WebhookSender(delivery, env)
    raise TypeError(f"{type(delivery).__name__} has no sender")
