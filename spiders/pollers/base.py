"""The steps that polls of all kinds share: ask for what changed, read, hand over what is new, and only then remember the validators.

state -> fetch -> (304 or same body: done) -> read -> sift -> pages -> take -> polled
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrapy.http import Response

from spiders.fetching import Answer
from spiders.hosts import fresh_for, retry_after
from spiders.intake import intake_failure
from spiders.readers.engines import Notice, notice_of
from spiders.readers.mapped import NoAddress
from spiders.settings import LARGEST_FEED
from spiders.workers import WorkerFailed, what_failed
from storage.errors import ReadError
from storage.identity import canonical_url
from storage.items import Entry, Kind, Poll, PollOutcome, Source, SourceState, Validators
from storage.text import clean_text

if TYPE_CHECKING:
    from spiders.base import MonitorSpider

FULL_READ = timedelta(hours=23)  # so long a server's "unchanged" is believed; a crawl a day that begins a little early reads all, too
SAMPLE = timedelta(
    hours=8
)  # between two pages of a source that are read to the end though they can name nobody, to know whether that works
_CHALLENGE = (b"just a moment", b"cf-chl", b"challenge-platform", b"captcha", b"access denied", b"attention required")
_LONGEST_HEADER = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LOGIN = re.compile(rb"<input[^<>]{1,400}type\s*=\s*[\"']?password", re.I)


class EngineSays(ReadError):
    """A search engine gave no results, and says in words of its own why not."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.said)
        self.kind = notice.kind


class Poller:
    """Polls sources of one kind for a spider.

    Subclasses say in `taken` what a changed document brings, and in `NOUN` what they look for.
    """

    NOUN = "feed"
    LARGEST = LARGEST_FEED  # bytes of a document, decompressed
    DRAWN = False  # the document is a page, which a browser may have to draw

    def __init__(self, spider: MonitorSpider) -> None:
        self.spider = spider

    async def read(self, source: Source) -> Poll:
        """Read one source and hand over what it brings.

        Raises:
            IntakeFailed: nothing else; whatever the source does is told in the poll.
        """
        started = self.spider.now()
        state = self.spider.intake.state(source)
        self._plan_sample(source, state, started)
        if state.url and not canonical_url(state.url):
            self.spider.result.notes.append(
                f"{source.id}: the database held {clean_text(repr(state.url), 80)} as the address to which it has moved, which is none; it is forgotten, "
                f"and {source.url} was asked. Who did not write it there looks at the disk, and restores a backup if more is wrong"
            )
            state = replace(state, url=None)
        # A moved source that fails is looked for where it used to be, every other time.
        url = self.address(source, started) if not state.url or state.error_streak % 2 else state.url
        # The page of a site that scripts draw is a shell, and stays the same whatever they draw into it.
        conditions = {} if self.DRAWN and source.browser else self.conditions(state, started)
        answer = await self.fetch(source, url, headers=conditions)
        # One that answers at its old address again has moved back.
        moved_to = answer.moved_to or (url if state.url and url != state.url else None)
        poll = Poll(
            source_id=source.id,
            started=started,
            finished=started,
            outcome=PollOutcome.FAILED,
            url=url,
            status=answer.status,
            moved_to=moved_to,
            retry_after=answer.until,
            latency=answer.latency,
        )
        try:
            poll = await self._read(source, state, answer, poll, asked_for_changes=bool(conditions))
        except ReadError as error:
            poll = replace(poll, **self.unreadable(answer, error))
        except Exception as error:
            if intake_failure(error):
                raise
            poll = replace(poll, error_kind="unreadable", error=what_failed(error), moved_to=None)
        pages, bare = self.spider.pages_read.pop(source.id, (0, 0))
        return replace(poll, finished=self.spider.now(), pages=pages, bare=bare)

    def _plan_sample(self, source: Source, state: SourceState, now: datetime) -> None:
        """Have one page of the source read to its end now and then; at the first poll of all there is enough to do."""
        known = state.last_full is not None and source.kind is not Kind.SEARCH
        if known and (state.sampled is None or not timedelta(0) <= now - state.sampled < SAMPLE):
            self.spider.to_sample.add(source.id)

    def address(self, source: Source, now: datetime) -> str:
        """The address to ask for today."""
        return source.url

    async def fetch(self, source: Source, url: str, *, headers: dict[str, str] | None = None) -> Answer:
        """Ask for a document of a source."""
        return await self.spider.ask(source, url, most=self.LARGEST, headers=headers, drawn=self.DRAWN)

    def conditions(self, state: SourceState, now: datetime) -> dict[str, str]:
        """The headers that ask "changed since?", left out now and then: some servers say "unchanged" for good."""
        validators = state.validators
        if state.last_full is None or not timedelta(0) <= now - state.last_full <= FULL_READ or state.error_streak:
            return {}
        headers = {}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        return headers

    async def _read(self, source: Source, state: SourceState, answer: Answer, poll: Poll, *, asked_for_changes: bool) -> Poll:
        response = answer.response
        if response is None:
            outcome = PollOutcome.BLOCKED if answer.error_kind == "robots" else PollOutcome.FAILED
            return replace(poll, outcome=outcome, error_kind=answer.error_kind, error=answer.error, moved_to=None)
        poll = replace(poll, retry_after=retry_after(response, poll.started), ttl=fresh_for(response))
        if response.status == 304 and asked_for_changes:
            return replace(poll, outcome=PollOutcome.UNCHANGED)
        if response.status != 200:
            return replace(poll, moved_to=None, **refusal(response, self.NOUN))
        body_hash = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        validators = Validators(etag=header(response, "ETag"), last_modified=header(response, "Last-Modified"), body_hash=body_hash)
        if body_hash == state.validators.body_hash:
            return replace(poll, outcome=PollOutcome.UNCHANGED, validators=validators)
        return await self.taken(source, state, response, replace(poll, validators=validators))

    async def taken(self, source: Source, state: SourceState, response: Response, poll: Poll) -> Poll:
        """Read a document and hand over what is new; returns the poll with what it came to.

        Args:
            poll: holds the validators to be remembered.

        Raises:
            ReadError: the document is not what it should be; says what it is.
        """
        raise NotImplementedError

    async def hand_over(self, source: Source, state: SourceState, poll: Poll, entries: Sequence[Entry]) -> Poll:
        """Hand over the new ones of a document's entries, with their pages, and return the poll with the counts."""
        fresh = self.spider.intake.sift(source, entries)
        kept = await self.spider.take_entries(source, fresh)
        known_before = state.last_ok is not None and state.entries_total > 0
        return replace(
            poll,
            outcome=PollOutcome.CHANGED,
            entries=len(entries),
            new=len(fresh),
            kept=kept,
            shared=not (known_before and entries and len(fresh) == len(entries)),
            newest=max((entry.published for entry in entries if entry.published), default=None),
            oldest=min((entry.published for entry in entries if entry.published), default=None),
        )

    def unreadable(self, answer: Answer, error: ReadError) -> dict[str, Any]:
        """What a poll says of a document that could not be read."""
        response = answer.response
        assert response is not None
        if isinstance(error, EngineSays):
            return {"outcome": PollOutcome.FAILED, "error_kind": error.kind, "error": str(error), "moved_to": None}
        if challenged(response):
            return {
                "outcome": PollOutcome.BLOCKED,
                "error_kind": "challenge",
                "error": f"a check for humans stands before the {self.NOUN}",
                "moved_to": None,
            }
        if _LOGIN.search(response.body[:200_000]):
            return {
                "outcome": PollOutcome.BLOCKED,
                "error_kind": "login",
                "error": f"a login stands before the {self.NOUN}",
                "moved_to": None,
            }
        kind = "unreadable" if isinstance(error, WorkerFailed) else "no-address" if isinstance(error, NoAddress) else f"not-a-{self.NOUN}"
        return {"outcome": PollOutcome.FAILED, "error_kind": kind, "error": str(error), "moved_to": None}


def header(response: Response, name: str) -> str | None:
    """A header of an answer, None where it is absent, empty, longer than anybody needs, or holds what no header and no database may."""
    value = (response.headers.get(name) or b"").decode("latin-1").strip()
    return value if value and len(value) <= _LONGEST_HEADER and not _CONTROL.search(value) else None


def challenged(response: Response) -> bool:
    """Whether a page that should hold something else is a check for humans."""
    head = response.body[:20_000].lower()
    return any(sign in head for sign in _CHALLENGE) and b"<html" in head


def refusal(response: Response, noun: str) -> dict[str, Any]:
    """What an error status says of a source."""
    status = response.status
    if status in {404, 410}:
        return {
            "outcome": PollOutcome.GONE,
            "error_kind": f"http-{status}",
            "error": f"the address answers {status}: there is no {noun} any more",
        }
    if status in {401, 403, 407, 451}:
        return {"outcome": PollOutcome.BLOCKED, "error_kind": f"http-{status}", "error": f"the host refuses to answer us ({status})"}
    head = response.body[:20_000].lower()
    if status in {429, 503} and any(sign in head for sign in _CHALLENGE):
        return {
            "outcome": PollOutcome.BLOCKED,
            "error_kind": "challenge",
            "error": f"a check for humans stands before the {noun} ({status})",
        }
    notice = notice_of(response.url, response.body)
    said = notice.said if notice else "the host asks for fewer requests (429)" if status == 429 else f"the host answers {status}"
    return {"outcome": PollOutcome.FAILED, "error_kind": f"http-{status}", "error": said}
