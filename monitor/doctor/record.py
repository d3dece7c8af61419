"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "note", "bad"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    about: str  # a stable word: "disk", "clock", ...
    state: State  # note: works, but look at it; bad: something does not work
    said: str
    do: str = ""  # what to do about it

    def as_dict(self) -> dict[str, Any]:
        """Write it for a program."""
        return {"about": self.about, "state": self.state, "said": self.said, "do": self.do or None}


def ok(about: str, said: str) -> Finding:
    """All is well."""
    return Finding(about=about, state="ok", said=said)


def note(about: str, said: str, do: str) -> Finding:
    """It works, but should be looked at."""
    return Finding(about=about, state="note", said=said, do=do)


def bad(about: str, said: str, do: str) -> Finding:
    """It does not work."""
    return Finding(about=about, state="bad", said=said, do=do)
