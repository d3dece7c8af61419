"""What goes to stderr: lines for a person, or JSON for a program, and in neither a secret.

A line of JSON has `time` (UTC), `level`, `event` (a stable word), `message` (the same sentence as a person reads), and fields by event.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, Protocol, TextIO
from urllib.parse import quote

from monitor.digest.safe import plain
from storage.errors import out_of_memory

Level = Literal["info", "warning", "error"]
_LOGIN = re.compile(r"(?<=://)([^/?#@\s:]*):[^/?#@\s]+(?=@)")  # https://name:password@host
_SHORTEST = 6  # characters: a shorter secret would black out words, too


class Log(Protocol):
    """Takes events, from several threads."""

    def say(self, event: str, text: str, *, level: Level = "info", **fields: Any) -> None:
        """Write one event down; what came from outside cannot break the line or drive the terminal.

        Args:
            event: a stable word.
            fields: for programs; JSON's own kinds of values.
        """

    def hide(self, secrets: Iterable[str]) -> None:
        """Black these out from now on, wherever they come from: a library, or a server that repeats what it was told."""


class Veil:
    """Knows what must not be shown."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    def hide(self, secrets: Iterable[str]) -> None:
        """Black these out, as they are and as they stand in addresses."""
        found = {form for secret in secrets for form in (secret, quote(secret, safe="")) if len(form) >= _SHORTEST}
        self._secrets = tuple(sorted(found | set(self._secrets), key=len, reverse=True))

    def over(self, text: str) -> str:
        """Return a text without secrets."""
        text = _LOGIN.sub(r"\1:***", text)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class Paper:
    """Where lines are written. One that is full ends no work: what could not be written is counted, and told when there is room again."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._turn = threading.Lock()
        self._lost = 0

    def write(self, line: str, lost: Callable[[int], str]) -> None:
        """Write a line, after one that `lost` makes of the number of those that could not be."""
        with self._turn:
            try:
                if self._lost:
                    self._out.write(f"{lost(self._lost)}\n")
                self._out.write(f"{line}\n")
                self._out.flush()
            except BrokenPipeError:
                raise  # nobody reads us: that ends a command
            except OSError:
                self._lost += 1
            else:
                self._lost = 0


def _told_lost(count: int) -> str:
    return f"{count} lines could not be written here: was the disk full?"


class Lines:
    """A line an event, without more: for a command that a person has typed."""

    def __init__(self, out: TextIO) -> None:
        self._paper = Paper(out)
        self._veil = Veil()

    def hide(self, secrets: Iterable[str]) -> None:
        """See `Log`."""
        self._veil.hide(secrets)

    def say(self, event: str, text: str, *, level: Level = "info", **fields: Any) -> None:
        """See `Log`."""
        self._paper.write(self._line(event, self._veil.over(text)), lambda count: self._line("log", _told_lost(count)))

    def _line(self, event: str, text: str) -> str:
        indent = text[: len(text) - len(text.lstrip(" "))]
        return indent + plain(text).strip()


class Journal(Lines):
    """A line an event with its time, for a command that does not end.

    Args:
        zone: the reader's, of the times that are written; changed when the configuration is.
    """

    def __init__(self, out: TextIO, clock: Callable[[], datetime], zone: tzinfo) -> None:
        super().__init__(out)
        self._clock = clock
        self.zone = zone

    def _line(self, event: str, text: str) -> str:
        moment = self._clock().astimezone(self.zone)
        return f"{moment:%Y-%m-%d %H:%M:%S}  {event:<10}{' '.join(plain(text).split())}"


class JsonLines:
    """One JSON object a line and event."""

    def __init__(self, out: TextIO, clock: Callable[[], datetime]) -> None:
        self._paper = Paper(out)
        self._clock = clock
        self._veil = Veil()

    def hide(self, secrets: Iterable[str]) -> None:
        """See `Log`."""
        self._veil.hide(secrets)

    def say(self, event: str, text: str, *, level: Level = "info", **fields: Any) -> None:
        """See `Log`."""
        line = self._line(event, text, level, fields)
        self._paper.write(line, lambda count: self._line("log", _told_lost(count), "warning", {"lost": count}))

    def _line(self, event: str, text: str, level: Level, fields: Mapping[str, Any]) -> str:
        moment = self._clock().astimezone(UTC)
        record = {"time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z", "level": level, "event": event}
        record |= {"message": " ".join(plain(text).split())} | dict(fields)
        # Blacked out before quotes and backslashes are escaped: a secret may hold some.
        return json.dumps(_each_text(record, self._veil.over), ensure_ascii=False, default=str)


class WithoutEchoes(logging.Filter):
    """Drops what libraries log, with a traceback, of memory that ran out: the command says that once, as what it came to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is passed on."""
        error = record.exc_info[1] if record.exc_info else None
        return error is None or not out_of_memory(error)


class LibraryHandler(logging.Handler):
    """Passes on what libraries log: Scrapy, Twisted, SQLAlchemy."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        level: Level = "error" if record.levelno >= logging.ERROR else "warning" if record.levelno >= logging.WARNING else "info"
        fields = {"traceback": logging.Formatter().formatException(record.exc_info)} if record.exc_info else {}
        self._log.say("library", record.getMessage(), level=level, logger=record.name, **fields)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of JSON's kinds with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_text(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(one, change) for one in value]
    return value
