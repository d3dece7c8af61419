"""What becomes of a delivery: once for each recipient, whatever fails or dies in between; on both engines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.config import Config
from monitor.delivery.dispatch import DOUBTS, LONGEST_PAUSE, DeliveryReport, pause
from monitor.delivery.service import deliver_due, deliver_edition
from monitor.desks import desk_of
from monitor.editions import next_edition, preview_edition
from storage.deliveries import DeliveryRow
from storage.errors import StorageBusy, StorageError
from storage.store import Store
from tests.monitor.postroom import Clock, Hook, Inbox, block, config_of, mail_block, mail_server, web_server
from tests.patience import LONG_S
from tests.ports import free_port
from tests.storage.makers import NOW, add, mention

A, B = "a@example.org", "b@example.org"
ROOT = Path(__file__).parents[2]


@dataclass
class Room:
    """A store with a digest that goes by mail to two people."""

    store: Store
    folder: Path
    inbox: Inbox
    clock: Clock
    config: Config
    stories: int = 0

    def news(self, topic: str = "FPT") -> None:
        """Let a story come in."""
        self.stories += 1
        add(
            self.store,
            self.stories,
            first_seen=self.clock(),
            published=self.clock(),
            title=f"{topic} {self.stories}",
            mentions=(mention(topic),),
        )

    def edition(self, name: str | None = None) -> DeliveryReport:
        """Make the next edition and send."""
        return deliver_edition(self.store, self.config, self.clock, name, env={})[1]

    def due(self) -> DeliveryReport:
        """Send what is due."""
        return deliver_due(self.store, self.config, self.clock, env={})

    def rows(self) -> list[DeliveryRow]:
        """The outbox, oldest first."""
        with self.store.reading() as reading:
            return reading.deliveries.latest(1_000)[::-1]

    def texts(self, address: str) -> list[str]:
        """The plain texts that somebody got, each on one line."""
        bodies = [mail.get_body(("plain",)) for mail in self.inbox.mails(address)]
        return [" ".join(str(body.get_content()).split()) for body in bodies if body is not None]

    def configure(self, text: str) -> None:
        """Work by another configuration."""
        self.config = config_of(self.folder, text)


def daily(*deliver: str) -> str:
    return block("digest", name="daily", timezone="UTC", deliver=list(deliver))


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Iterator[Room]:
    with mail_server() as inbox:
        config = config_of(tmp_path, daily("mail") + mail_block(inbox.port, [A, B]))
        yield Room(store=store, folder=tmp_path, inbox=inbox, clock=Clock(), config=config)


def test_each_recipient_gets_each_edition_once(room: Room) -> None:
    room.news()
    report = room.edition()
    assert (report.sent, report.waiting, report.exit_code, report.lines) == (2, 0, 0, [])
    assert Counter(to for to, _ in room.inbox.taken) == {A: 1, B: 1}
    assert len(set(room.inbox.ids())) == 2
    assert room.due() == DeliveryReport()
    assert room.edition().sent == 0  # nothing new: a second edition of the day goes to nobody
    room.news()
    assert room.edition().sent == 2  # with news it does
    room.clock.pass_(days=1)
    assert room.edition().sent == 2  # and a day without news is told, too
    assert len(set(room.inbox.ids())) == len(room.inbox.taken) == 6
    assert [row.state for row in room.rows()] == ["sent"] * 6


def test_a_quiet_day_may_be_left_out(room: Room) -> None:
    room.configure(block("digest", name="daily", timezone="UTC", deliver=["mail"], empty=False) + mail_block(room.inbox.port, [A]))
    assert room.edition().sent == 0
    room.news()
    assert room.edition().sent == 1


def test_the_queue_is_written_with_the_edition_or_not_at_all(room: Room) -> None:
    room.news()
    desk = desk_of(room.store, room.config, room.config.digests[0], room.clock, env={})
    with pytest.raises(StorageError), room.store.transaction() as transaction:
        from monitor.editions import _queue  # the shell's own step, inside a transaction that fails

        _queue(desk, transaction, preview_edition(desk).digest, 10**9, room.clock())
    assert room.rows() == []
    next_edition(desk)
    assert [(row.recipient, row.state, row.period) for row in room.rows()] == [
        (A, "pending", "2026-11-23/1"),
        (B, "pending", "2026-11-23/1"),
    ]
    assert not room.inbox.taken
    assert room.due().sent == 2


def test_the_server_is_down_for_a_morning(room: Room) -> None:
    port = free_port()
    room.configure(daily("mail") + mail_block(port, [A, B]))
    room.news()
    report = room.edition()
    assert (report.sent, report.failed, report.waiting, report.exit_code) == (0, 2, 2, 1)
    assert report.next_due == NOW + pause(1)
    ids = {row.message_id for row in room.rows()}
    assert room.due().failed == 0  # not before its pause is over
    for _ in range(4):
        room.clock.now = min(row.due for row in room.rows())
        assert room.due().failed == 2
    room.news()
    room.configure(daily("mail") + mail_block(room.inbox.port, [A, B]))
    room.clock.pass_(hours=6)
    assert room.edition().sent == 4  # the late one, and the new one
    assert Counter(to for to, _ in room.inbox.taken) == {A: 2, B: 2}
    assert ids < set(room.inbox.ids())
    bodies = room.texts(A)
    assert [re.findall(r"─ (FPT \d)\b", body) for body in bodies] == [["FPT 1"], ["FPT 2"]]  # as headlines


def test_one_failed_recipient_neither_blocks_nor_repeats_another(room: Room) -> None:
    room.inbox.refused = {A: "451 greylisted"}
    room.news()
    assert (room.edition().sent, [row.state for row in room.rows()]) == (1, ["failed", "sent"])
    assert "451 greylisted" in room.rows()[0].error
    room.inbox.refused = {}
    room.clock.now = room.rows()[0].due
    report = room.due()
    assert (report.sent, report.exit_code) == (1, 0)
    assert [to for to, _ in room.inbox.taken] == [B, A]


def test_what_is_given_up_is_told_in_the_next_digest_without_its_address(room: Room) -> None:
    room.inbox.refused = {A: f"550 {A} unknown here"}
    room.news()
    next_edition(desk_of(room.store, room.config, room.config.digests[0], room.clock, env={}))
    room.clock.pass_(seconds=1)
    report = room.due()
    assert (report.sent, report.given_up, report.exit_code) == (1, 1, 3)
    assert f"550 {A} unknown here" in report.lines[0]
    room.clock.pass_(days=1)
    assert room.due().sent == 0  # no further try
    room.edition()
    told = room.texts(B)[-1]
    assert "A delivery was given up" in told
    assert "mail, daily 2026-11-23/1: 550" in told
    assert A not in told
    room.inbox.refused = {}
    with room.store.transaction() as transaction:
        assert transaction.deliveries.revive(room.clock()) == 2  # of two days by now
    assert room.due().sent == 2


def test_patience_has_an_end_and_sleep_does_not_count(room: Room) -> None:
    room.configure(daily("mail") + mail_block(free_port(), [A]))
    room.news()
    room.edition()
    room.clock.pass_(days=10)  # a laptop that was closed: the second try of four
    assert room.due().failed == 1
    tries = 2
    while not (row := room.rows()[0]).ended:
        room.clock.now = max(row.due, room.clock.now)
        room.due()
        tries += 1
    assert (row.state, row.attempts, tries) == ("given-up", 4, 4)


def test_a_server_that_dies_after_the_mail_gets_the_same_one_again(room: Room) -> None:
    room.inbox.dies = 1
    room.news()
    report = room.edition()
    assert (report.sent, report.unsure) == (1, 1)
    assert "without saying whether it took the mail" in report.lines[0]
    assert [(row.state, row.doubts) for row in room.rows()] == [("unsure", 1), ("sent", 0)]
    room.clock.now = room.rows()[0].due
    assert room.due().sent == 1
    assert len(room.inbox.ids(A)) == 2 and len(set(room.inbox.ids(A))) == 1
    first, second = (content for to, content in room.inbox.taken if to == A)
    assert first.split(b"Coverage of the watch")[0] == second.split(b"Coverage of the watch")[0]
    assert len(room.inbox.ids(B)) == 1


def test_a_doubt_that_stays_is_left_to_a_person(room: Room) -> None:
    room.configure(daily("mail") + mail_block(room.inbox.port, [A]))
    room.inbox.dies = 10
    room.news()
    room.edition()
    for _ in range(5):
        room.clock.pass_(hours=7)
        room.due()
    (row,) = room.rows()
    assert (row.state, row.doubts, row.ended is not None) == ("unsure", DOUBTS, True)
    assert len(room.inbox.taken) == DOUBTS
    assert len(set(room.inbox.ids())) == 1
    with room.store.reading() as reading:
        assert [one.kind for one in reading.incidents.between(None, room.clock())] == ["delivery-unsure"]


def test_who_left_the_configuration_gets_nothing_more(room: Room) -> None:
    room.configure(daily("mail") + mail_block(free_port(), [A, B]))
    room.news()
    room.edition()
    room.configure(daily("mail") + mail_block(room.inbox.port, [B]))
    room.clock.pass_(hours=1)
    report = room.due()
    assert (report.sent, report.dropped, report.exit_code) == (1, 1, 0)
    assert [to for to, _ in room.inbox.taken] == [B]
    assert [row.state for row in room.rows()] == ["dropped", "sent"]


def test_each_digest_tells_each_story_once(room: Room) -> None:
    digests = block("digest", name="daily", timezone="UTC", deliver=["mail"]) + block(
        "digest", name="Mila hebdo", timezone="UTC", topics=["mila"], language="fr", deliver=["mail"]
    )
    room.configure(digests + mail_block(room.inbox.port, [A]))
    room.news("FPT")
    room.news("Mila")
    room.edition()
    room.edition("Mila hebdo")
    room.clock.pass_(days=1)
    room.edition()
    room.edition("Mila hebdo")
    bodies = room.texts(A)
    assert [("FPT 1" in body, "Mila 2" in body) for body in bodies] == [(True, True), (False, True), (False, False), (False, False)]
    assert "Revue de presse" in bodies[1]
    assert len(set(room.inbox.ids())) == 4


def test_two_at_once_send_once(room: Room) -> None:
    room.news()
    next_edition(desk_of(room.store, room.config, room.config.digests[0], room.clock, env={}))
    with room.store.delivery_lock(now=room.clock()):
        from datetime import timedelta

        report = deliver_due(room.store, room.config, room.clock, env={}, wait=timedelta(0))
    assert (report.busy, report.sent, report.waiting) == (True, 0, 2)
    assert room.due().sent == 2


def test_a_store_that_fails_is_no_answer_of_a_receiver(room: Room) -> None:
    room.news()
    next_edition(desk_of(room.store, room.config, room.config.digests[0], room.clock, env={}))

    def fail(step: str) -> None:
        if step == "handing":
            raise StorageBusy("the database is held")

    with pytest.raises(StorageBusy):
        deliver_due(room.store, room.config, room.clock, env={}, step=fail)
    assert [row.state for row in room.rows()] == ["handing", "pending"]
    report = room.due()
    assert (report.sent, report.unsure) == (2, 1)  # in doubt for us, though nothing had left
    assert Counter(to for to, _ in room.inbox.taken) == {A: 1, B: 1}


def test_who_loses_the_lock_sends_nothing_more(room: Room) -> None:
    room.news()
    next_edition(desk_of(room.store, room.config, room.config.digests[0], room.clock, env={}))

    def lose(step: str) -> None:
        if step == "confirmed":
            for file in room.folder.glob("*.deliver.lock"):
                file.unlink()
            if room.store.dialect == "postgresql":
                with room.store.transaction() as transaction:
                    transaction.connection.execute(
                        text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7310423")
                    )

    report = deliver_due(room.store, room.config, room.clock, env={}, step=lose)
    assert (report.sent, report.waiting) == (1, 1)
    assert room.due().sent == 1
    assert Counter(to for to, _ in room.inbox.taken) == {A: 1, B: 1}


def test_told_to_stop_it_ends_between_two(room: Room) -> None:
    room.news()
    next_edition(desk_of(room.store, room.config, room.config.digests[0], room.clock, env={}))
    answers = iter((False, True))
    report = deliver_due(room.store, room.config, room.clock, env={}, stopping=lambda: next(answers))
    assert (report.sent, report.waiting) == (1, 1)
    assert room.due().sent == 1


def test_pauses_grow_to_a_limit() -> None:
    pauses = [pause(number) for number in range(1, 20)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert pauses[0].total_seconds() == 300


# ------------------------------------------------------------------ killed

CHILD = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from monitor.config import load_config
from monitor.delivery.service import deliver_edition
from storage.store import Store
folder, url, moment, left = *sys.argv[1:4], int(sys.argv[4])
def step(name):
    global left
    left -= 1
    print(name, flush=True)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with Store.open(url) as store:
    deliver_edition(store, load_config(None, {}, Path(folder)), lambda: datetime.fromisoformat(moment), env={}, step=step)
"""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_server() as running:
        yield running


def test_killed_at_each_step_nothing_is_lost_and_nothing_comes_twice(room: Room, hook: Hook, database_url: str) -> None:
    """Walk all steps: a child process is killed (SIGKILL) at the first one, the second one, ... until it lives to the end."""
    others = block("delivery", name="hook", kind="webhook", url=hook.url) + block(
        "delivery", name="archive", kind="folder", folder="archive"
    )
    room.configure(daily("mail", "hook", "archive") + mail_block(room.inbox.port, [A]) + others)
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | {"PYTHONPATH": str(ROOT)}
    killed: list[str] = []
    for number in range(1, 50):
        room.clock.pass_(days=1)
        room.news()
        mails, posts = len(room.inbox.taken), len(hook.posts)
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(room.folder), database_url, room.clock().isoformat(), str(number)],
            env=environment, capture_output=True, text=True, timeout=LONG_S, check=False,
        )  # fmt: skip
        steps = child.stdout.split()
        room.clock.pass_(minutes=1)
        report = room.edition()  # the same command once more, as cron would
        assert report.waiting == 0, report
        today = [row for row in room.rows() if row.period.startswith(room.clock().date().isoformat())]
        assert [(row.delivery, row.period[-2:], row.state) for row in today] == [
            ("mail", "/1", "sent"),
            ("hook", "/1", "sent"),
            ("archive", "/1", "sent"),
        ], steps
        # In doubt is sent again, with the same id; what was surely not sent, or surely sent, comes once.
        arrived, posted = room.inbox.ids()[mails:], [post[2]["id"] for post in hook.posts[posts:]]
        died = child.returncode == -9
        twice = died and steps[-1] == "delivered"
        assert set(arrived) == {today[0].message_id}
        assert len(arrived) == (2 if twice and steps.count("delivered") == 1 else 1), steps
        assert set(posted) == {today[1].message_id.strip("<>")}
        assert len(posted) == (2 if twice and steps.count("delivered") == 2 else 1), steps
        page = (room.folder / "archive" / "daily" / f"{room.clock().date()}.html").read_text(encoding="utf-8")
        assert f'id="s{room.stories}"' in page
        assert (room.folder / "archive" / "index.html").read_text(encoding="utf-8").count("<li>") == number
        if not died:
            assert child.returncode == 0, child.stderr
            break
        killed.append(steps[-1])
    assert killed == ["made", *["claimed", "handing", "delivered", "confirmed"] * 3]
    with room.store.reading() as reading:
        assert reading.articles.untold("daily") == []
        assert reading.incidents.between(None, room.clock()) == []
