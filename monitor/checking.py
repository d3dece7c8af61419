"""Try sources now, and say of each what it shows and what to do about it; nothing is stored, no page is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.matching import Document, Matcher
from spiders.readers.engines import most_results
from spiders.recording import RecordingIntake
from storage.habits import GOOD
from storage.identity import outlet_host
from storage.items import Entry, Kind, Poll, Source

# What to do, by the word for what went wrong; by its beginning where a number follows.
_ADVICE = {
    "dns": "correct the address, or look whether this machine's DNS works (monitor doctor)",
    "tls": "its certificate is not valid: tell the outlet; verify_tls = false in its [[source]] reads it all the same",
    "robots": "its robots.txt does not want it read: ask the outlet, or leave it out (monitor sources remove {id})",
    "challenge": "it asks for a human: look for another address (monitor sources add {host})",
    "http-401": "it wants a login: its address may hold one (https://name:password@...)",
    "http-403": "it refuses programs: look for another address (monitor sources add {host})",
    "http-404": "the address is gone: look for the new one (monitor sources add {host})",
    "http-410": "the address is gone: look for the new one (monitor sources add {host})",
    "http-429": "it was asked too often: wait; monitor run keeps the pause that it asks for",
    "limit": "it was asked too often: wait; it is asked again by itself",
    "bad-query": "correct what it is asked for in its address; some engines say so when they are busy, too",
    "http-5": "its server is in trouble: wait; it is asked again by itself",
    "timeout": "it is slow or down: wait; timeout_seconds in [crawl] gives it longer",
    "not-a-feed": "there is a page and no feed: look what the site offers (monitor sources add {host})",
    "empty": "look at it in a browser; if it stays empty, look for another address (monitor sources add {host})",
    "listing-broken": "its page was rebuilt: look what it offers now (monitor sources add {host})",
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What trying one source found."""

    source: Source
    poll: Poll | None = None  # None: it was not asked
    dated: int = 0  # entries with a date
    mentions: int | None = 0  # entries whose words name a topic; None where it shows no words

    @property
    def good(self) -> bool:
        """Whether it could be read."""
        return self.poll is not None and self.poll.outcome in GOOD

    @property
    def advice(self) -> str:
        """What to do, "" where nothing is to be done or known."""
        poll = self.poll
        if poll is None:
            return "the time was up: name it alone"
        if not self.good:
            kind = poll.error_kind or ""
            said = _ADVICE.get(kind) or next((said for begin, said in _ADVICE.items() if kind.startswith(begin)), "")
            return said.format(id=self.source.id, host=outlet_host(self.source.url))
        if poll.moved_to:
            return f"it has moved for good: put {poll.moved_to} into its [[source]]" if self.source.origin != "pack" else ""
        if poll.entries and not self.dated and self.source.kind is not Kind.LISTING:
            return "no entry has a date: the pages' own dates are used"
        return ""

    @property
    def found(self) -> str:
        """What it shows, or why it could not be read."""
        poll = self.poll
        if poll is None:
            return "not asked"
        if not self.good:
            return poll.error or poll.error_kind or poll.outcome.value
        named = "" if self.mentions is None else f", {self.mentions} name a topic"
        full = ", as many as it gives at most" if self.source.kind is Kind.SEARCH and poll.entries >= most_results(self.source.url) else ""
        return f"{poll.entries} entries{full}, {self.dated} dated{named}"


class Checker(RecordingIntake):
    """Takes note of what each source shows, and lets nothing through."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(entries=False)
        self._matcher = matcher
        self._counted: dict[str, tuple[int, int, bool]] = {}  # source -> dated, mentions, whether there are words

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """Count; a source that is read in parts comes several times."""
        dated, mentions, words = self._counted.get(source.id, (0, 0, False))
        for entry in entries:
            dated += bool(entry.published or entry.updated)
            words = words or bool(entry.title)
            document = Document(
                title=entry.title, text=entry.content, summary=entry.summary, url=entry.url, language=source.language, outlet_host=outlet_host(source.url)
            )  # fmt: skip
            mentions += bool(self._matcher.match(document).mentions)
        self._counted[source.id] = dated, mentions, words
        return []

    def checked(self, source: Source) -> Checked:
        """Return what was found at a source."""
        dated, mentions, words = self._counted.get(source.id, (0, 0, False))
        return Checked(source=source, poll=self.polls.get(source.id), dated=dated, mentions=mentions if words else None)
