"""What the database could not take: noted in a small file, told by the next digest that can be made.

The file stands beside an SQLite database, made in good time and of full size, so that it can be written on a full disk; where that
folder cannot be written, or for a server's database, in the folder for temporary files.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from storage.periods import Incident

_SIZE = 4_096  # bytes; what does not fit is left out: the first that went wrong is what matters
_DETAIL = 300  # characters


class Notebook:
    """The notes of one store.

    Args:
        name: of the store, for people.
        path: its SQLite file, None for another kind of database.
    """

    def __init__(self, name: str, path: Path | None) -> None:
        mark = hashlib.blake2b(str(path.resolve() if path else name).encode(), digest_size=8).hexdigest()
        away = Path(tempfile.gettempdir()) / f"media-monitor-{os.getuid() if hasattr(os, 'getuid') else 'user'}-{mark}.notes"
        self._beside = path.with_name(f"{path.name}.notes") if path is not None else None
        self._files = tuple(filter(None, (self._beside, away)))

    def prepare(self) -> None:
        """Make the file while there is room."""
        if self._beside is not None and not self._beside.exists():
            with suppress(OSError):
                self._beside.write_bytes(b" " * _SIZE)

    def write(self, at: datetime, kind: str, detail: str) -> bool:
        """Note one thing; tells whether that could be done."""
        line = json.dumps([at.isoformat(), kind, detail[:_DETAIL]]).encode() + b"\n"
        return any(_append(file, line) for file in self._files)

    def read(self) -> list[Incident]:
        """Return what is noted, oldest first; the same thing again and again within an hour is one."""
        found: dict[tuple[str, str, str], Incident] = {}
        for one in sorted((one for file in self._files for one in _read(file)), key=lambda one: one.at):
            found.setdefault((one.kind, one.detail, one.at.isoformat()[:13]), one)
        return list(found.values())

    def clear(self) -> None:
        """Forget it: it stands in the store now."""
        for file in self._files:
            with suppress(OSError):
                if file == self._beside and file.exists():
                    with file.open("r+b") as stream:
                        stream.write(b" " * _SIZE)
                else:
                    file.unlink()


def _append(file: Path, line: bytes) -> bool:
    # No link of somebody else's is followed, and nobody else reads it: the folder for temporary files belongs to all.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(file, flags, 0o600), "r+b") as stream:
            held = stream.read(_SIZE)
            end = len(held.rstrip(b" "))
            if end + len(line) > _SIZE:
                return False
            stream.seek(end)
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        return False
    return True


def _read(file: Path) -> Iterator[Incident]:
    try:
        if file.is_symlink() or (hasattr(os, "getuid") and file.stat().st_uid != os.getuid()):
            return
        text = file.read_bytes()[:_SIZE].decode("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        with suppress(ValueError, TypeError):
            at, kind, detail = json.loads(line)
            moment = datetime.fromisoformat(at)
            if moment.tzinfo is not None:
                yield Incident(at=moment, kind=str(kind)[:32], detail=str(detail)[:_DETAIL])
