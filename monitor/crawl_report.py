"""What a crawl came to: for people, for programs, and as an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.habits import GOOD
from storage.items import Outcome, Poll, PollOutcome


@dataclass(frozen=True, kw_only=True)
class CrawlReport:
    """What a crawl came to; each source and each article is counted once."""

    asked: int = 0  # sources (or addresses)
    polls: tuple[Poll, ...] = ()
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    pages: int = 0
    seconds: float = 0.0
    cut_short: bool = False
    unread: tuple[str, ...] = ()
    failure: str | None = None
    hint: str | None = None  # what to do about that
    left: int = 0  # entries beyond the limit of pages
    put_off: int = 0  # entries and pages that are left to the next crawl of the same kind
    faults: tuple[str, ...] = ()  # articles that could not be kept, each with its address and why
    notes: tuple[str, ...] = ()  # what else a person should know of it
    noun: str = "sources"  # what was asked
    unverified: tuple[str, ...] = ()  # sources whose certificates were not verified, because the configuration says so

    @property
    def read(self) -> int:
        """Sources that answered with what they should."""
        return sum(poll.outcome in GOOD for poll in self.polls)

    @property
    def exit_code(self) -> int:
        """0: all read; 3: some could not be, or not to the end; 1: none could, or what was read could not be stored."""
        if self.failure:
            return 1
        if self.read == self.asked and not (self.cut_short or self.put_off or self.faults):
            return 0
        return 3 if self.read else 1

    def lines(self) -> list[str]:
        """Write it for a person."""
        unchanged = sum(poll.outcome is PollOutcome.UNCHANGED for poll in self.polls)
        entries, new = sum(poll.entries for poll in self.polls), sum(poll.new for poll in self.polls)
        lines = [
            f"{self.read} of {self.asked} {self.noun} read ({unchanged} unchanged), {entries} entries, {new} new, {self.pages} pages, {self.seconds:.0f} s"
        ]
        names = {
            Outcome.STORED: "new stories", Outcome.JOINED: "joined known stories", Outcome.UPDATED: "updated", Outcome.REPEAT: "seen before",
            Outcome.SUPPRESSED: "suppressed", Outcome.UNMATCHED: "without a topic", Outcome.FAILED: "failed",
        }  # fmt: skip
        told = [f"{self.outcomes[one]} {name}" for one, name in names.items() if self.outcomes.get(one)]
        if told:
            lines.append("articles: " + ", ".join(told))
        failing = [poll for poll in self.polls if poll.outcome not in GOOD]
        lines += [f"not read: {poll.source_id}: {poll.error or poll.error_kind}" for poll in failing[:40]]
        if len(failing) > 40:
            lines.append(f"not read: and {len(failing) - 40} more (monitor status names them)")
        if self.left:
            lines.append(f"{self.left} older entries were left: a greater --limit takes more")
        lines += [f"not kept, tried again later: {one}" for one in self.faults[:20]]
        lines += self.notes
        if self.put_off:
            noun = "entry" if self.put_off == 1 else "entries"
            lines.append(f"left for the next crawl: {self.put_off} {noun}; give the same command again")
        if self.unverified:
            lines.append(f"certificates not verified, as configured (verify_tls = false): {', '.join(self.unverified)}")
        if self.cut_short:
            lines.append(f"stopped before the end: {len(self.unread)} {self.noun} were not read to their end; they are first next time")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """Write it for a program."""
        return {
            "asked": self.asked,
            "read": self.read,
            "unchanged": sum(poll.outcome is PollOutcome.UNCHANGED for poll in self.polls),
            "entries": sum(poll.entries for poll in self.polls),
            "new": sum(poll.new for poll in self.polls),
            "pages": self.pages,
            "articles": {outcome.value: self.outcomes.get(outcome, 0) for outcome in Outcome},
            "seconds": round(self.seconds, 2),
            "cut_short": self.cut_short,
            "left": self.left,
            "unread": list(self.unread),
            "put_off": self.put_off,
            "faults": list(self.faults),
            "notes": list(self.notes),
            "unverified": list(self.unverified),
            "failed": self.failure,
            "hint": self.hint,
            "failing": [
                {
                    "source": poll.source_id,
                    "outcome": poll.outcome.value,
                    "status": poll.status,
                    "kind": poll.error_kind,
                    "error": poll.error,
                }
                for poll in self.polls
                if poll.outcome not in GOOD
            ],
        }
