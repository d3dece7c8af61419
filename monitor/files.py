"""Write files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from storage.errors import MediaMonitorError


class FileError(MediaMonitorError):
    """A file or folder of the user's cannot be written or read."""


@contextmanager
def writing(path: Path, *, durable: bool = True) -> Iterator[TextIO]:
    """Open a text file (UTF-8) that takes its name only when the block ends well; folders are made.

    Args:
        durable: wait until it is on the disk; not worth it for one of many files that can be made again.

    Raises:
        FileError: it cannot be written: a folder is missing its permission, the disk is full, ...
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; a digest is to be read by whom the folder lets in.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise FileError(
            f"{path}: cannot be written: {error.strerror or error}", hint="check the folder, its permissions and the disk"
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a whole text file at once.

    Raises:
        FileError: as `writing`.
    """
    with writing(path) as file:
        file.write(text)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file at once.

    Raises:
        FileError: as `writing`.
    """
    with writing(path) as file:
        file.buffer.write(data)


def read_bytes(path: Path, most: int) -> bytes:
    """Read a file, at most one byte more than `most`, so that a larger one is noticed and never read as a whole.

    Raises:
        FileError: there is none, or it may not be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}", hint="name a file that you may read") from error
