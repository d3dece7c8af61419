"""Write down who is to get an edition or an alert, in the transaction that makes it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from storage.deliveries import NewDelivery

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.reading import Transaction

_INSTALLATION = "installation"
_NO_DOMAIN = "media-monitor.invalid"  # RFC 2606: the ids of what is no mail


@dataclass(frozen=True, kw_only=True)
class Target:
    """One recipient of one `[[delivery]]`; "" where the delivery has but one."""

    delivery: str
    recipient: str = ""
    domain: str = _NO_DOMAIN  # right half of the Message-ID


def targets_of(config: Config, names: Sequence[str], env: Mapping[str, str]) -> tuple[Target, ...]:
    """Return the recipients of the named deliveries."""
    from monitor.config_delivery import AppriseDelivery, EmailDelivery

    found: list[Target] = []
    for delivery in config.deliveries:
        if delivery.name not in names:
            continue
        if isinstance(delivery, EmailDelivery):
            domain = delivery.sender.rpartition("@")[2]
            found += [Target(delivery=delivery.name, recipient=address, domain=domain) for address in delivery.to]
        elif isinstance(delivery, AppriseDelivery):
            # A variable that is not set yet leaves one row, which waits for it.
            addresses = env.get(delivery.url_env, "").split() or [""]
            found += [Target(delivery=delivery.name, recipient=fingerprint(address)) for address in dict.fromkeys(addresses)]
        else:
            found.append(Target(delivery=delivery.name))
    return tuple(found)


def fingerprint(address: str) -> str:
    """Name a secret address without telling it: its scheme and a few digits of its hash; "" for none."""
    if not address:
        return ""
    return f"{address.partition('://')[0][:32]}:{hashlib.sha256(address.encode()).hexdigest()[:12]}"


def queue(
    transaction: Transaction,
    targets: Sequence[Target],
    *,
    series: str,
    period: str,
    now: datetime,
    due: datetime | None = None,
    digest_id: int | None = None,
    alert_id: int | None = None,
) -> None:
    """Queue one message to all targets."""
    if not targets:
        return
    installation = _installation(transaction)
    rows = []
    for target in targets:
        # The same whenever it is sent, so that a mail system folds a repeated one; another monitor's are others.
        name = "\n".join((installation, series, period, target.delivery, target.recipient))
        message_id = f"<{hashlib.sha256(name.encode()).hexdigest()[:40]}@{target.domain}>"
        rows.append(
            NewDelivery(
                series=series,
                period=period,
                delivery=target.delivery,
                recipient=target.recipient,
                message_id=message_id,
                digest_id=digest_id,
                alert_id=alert_id,
            )
        )
    transaction.deliveries.queue(rows, now=now, due=due or now)


def _installation(transaction: Transaction) -> str:
    """The random name of this store, made when first asked for."""
    found = transaction.meta(_INSTALLATION)
    if found is None:
        found = uuid.uuid4().hex
        transaction.set_meta(_INSTALLATION, found)
    return found
