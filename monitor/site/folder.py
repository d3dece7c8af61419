"""A folder of files that are made anew only where what they are made from changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from monitor.files import FileError, write_text, writing
from storage.errors import UsageError

LEDGER = ".monitor-site.json"
_VERSION = 1


class Folder:
    """The files of one archive.

    A ledger in the folder says from what each file was made. A file whose mark is the same is left as it is; one that nobody asked for
    at a whole run is taken away at its end. The ledger is written last: a run that was broken off is done again where it stopped mattering.
    An empty one is written first, so that the folder is known for ours whatever comes between.

    Args:
        path: the folder; it is made where there is none.

    Raises:
        UsageError: it holds files, and none of them is such a ledger.
        FileError: it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._read()
        self._now: dict[str, str] = {}
        self.written = 0
        self.kept = 0
        self.removed = 0

    def put(self, name: str, mark: str, make: Callable[[], str]) -> None:
        """Have a file that is made from what `mark` stands for; `make` is called only where that changed, or the file is gone."""
        self._now[name] = mark
        target = self._path / name
        if self._before.get(name) == mark and target.is_file():
            self.kept += 1
            return
        with writing(target, durable=False) as file:
            file.write(make())
        self.written += 1

    def put_text(self, name: str, text: str) -> None:
        """Have a file with this text."""
        self.put(name, mark_of(text), lambda: text)

    def keep(self, name: str) -> bool:
        """Leave a file as it is, whatever it was made from; False where there is none."""
        if name in self._before and (self._path / name).is_file():
            self._now[name] = self._before[name]
            self.kept += 1
            return True
        return False

    def finish(self) -> None:
        """Take away what is not wanted any more, and write the ledger.

        Raises:
            FileError: it cannot be written.
        """
        for name in self._before.keys() - self._now.keys():
            target = self._path / name
            with suppress(OSError):
                target.unlink()
                self.removed += 1
            with suppress(OSError):
                target.parent.rmdir()  # only where it is empty now
        self._write(self._now)

    def _write(self, files: Mapping[str, str]) -> None:
        write_text(self._path / LEDGER, json.dumps({"version": _VERSION, "files": dict(sorted(files.items()))}, indent=0) + "\n")

    def _read(self) -> dict[str, str]:
        ledger = self._path / LEDGER
        try:
            text = ledger.read_text(encoding="utf-8")
        except FileNotFoundError:
            if self._path.is_dir() and any(not one.name.startswith(f".{LEDGER}.") for one in self._path.iterdir()):
                raise UsageError(
                    f"{self._path} holds files that are not of an archive", hint="name an empty folder, or one that `monitor site` made"
                ) from None
            self._write({})
            return {}
        except NotADirectoryError:
            raise UsageError(f"{self._path} is no folder", hint="name a folder") from None
        except OSError as error:
            raise FileError(f"{ledger}: cannot be read: {error.strerror or error}", hint="check its permissions") from error
        try:
            loaded = json.loads(text)
            files = loaded["files"] if loaded["version"] == _VERSION else {}
            # A ledger that somebody else wrote must not make us touch what lies outside of the folder.
            return {str(name): str(mark) for name, mark in files.items() if not Path(name).is_absolute() and ".." not in Path(name).parts}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {}  # all is made anew


def mark_of(*parts: object) -> str:
    """Return a mark of what a file is made from: the same for the same parts."""
    return hashlib.sha256("\x1f".join(map(repr, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
