"""Sketch anew what an earlier version sketched: until then such articles are no candidates for copies and stories.

The newest come first, some thousands a round, in short transactions; the next round goes on where the last one ended. Groups stay as they
are: what is made here is found by what comes later.
"""

from __future__ import annotations

from datetime import datetime

from storage.fingerprints import VERSION, fingerprint
from storage.moments import micros_of, moment_of
from storage.reading import Transaction
from storage.store import Store

_META = "sketched"  # "VERSION done", or "VERSION microseconds since 1970" down to which articles have been sketched
_BATCH = 100  # articles a transaction


def sketch_anew(store: Store, most: int) -> int:
    """Sketch articles of earlier versions anew; returns how many, and 0 where none is left. Cheap where all are of this version.

    Args:
        most: articles at most.

    Raises:
        StorageError: the store failed; what was sketched stays so.
    """
    made = 0
    while made < most:
        with store.reading() as reading:
            state = (reading.meta(_META) or "").split()
            reached = state[1] if len(state) == 2 and state[0] == str(VERSION) else ""
            if reached == "done":
                return made
            before = moment_of(int(reached)) if reached.lstrip("-").isdecimal() else None
            waiting = reading.dedupe.outdated(before, min(_BATCH, most - made))
        with store.transaction() as transaction:
            for article_id, at in waiting:
                _sketch(transaction, article_id, at)
            lowest = micros_of(waiting[-1][1]) if waiting else "done"
            transaction.set_meta(_META, f"{VERSION} {lowest}")
        made += len(waiting)
    return made


def _sketch(transaction: Transaction, article_id: int, at: datetime) -> None:
    stored = transaction.articles.get(article_id)
    transaction.dedupe.remove(article_id)  # the old words are found by the old sketch alone
    if stored is not None:
        transaction.dedupe.add(article_id, fingerprint(stored.article, at), at)
