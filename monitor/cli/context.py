"""What every command starts from: the configuration, the store, the watchlist; each made when first asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from storage.errors import UsageError

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.editions import Desk
    from monitor.log import Log
    from monitor.matching import Matcher
    from monitor.watchlist import Watchlist
    from storage.errors import StorageDamaged
    from storage.items import Source
    from storage.store import Store


@dataclass
class Context:
    """Options that stand before the command, and what follows from them."""

    config_path: Path | None = None
    database: str | None = None
    verbose: int = 0
    log_json: bool = False  # set by the commands that have the option, before anything is logged
    _stores: list[Store] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        """The configuration: file, environment, defaults."""
        from monitor.config import load_config

        config = load_config(self.config_path, os.environ, Path.cwd())
        config = config.with_database(self.database) if self.database else config
        self.log.hide(config.secrets(os.environ))
        return config

    @cached_property
    def log(self) -> Log:
        """Where everything goes that is no data: stderr."""
        from monitor.log import JsonLines, Lines

        return JsonLines(sys.stderr, now) if self.log_json else Lines(sys.stderr)

    @cached_property
    def watchlist(self) -> Watchlist:
        """The topics that are watched."""
        return self.config.watchlist()

    @cached_property
    def matcher(self) -> Matcher:
        """The watchlist made ready to search text."""
        from monitor.matching import Matcher

        return Matcher(self.watchlist)

    @cached_property
    def sources(self) -> list[Source]:
        """All configured sources."""
        return self.config.sources(self.watchlist)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The reader's time zone."""
        return ZoneInfo(self.config.timezone)

    def store(self, *, create: bool = True) -> Store:
        """Open the store; it closes when the process ends."""
        from storage.store import Store

        store = Store.open(self.config.database, create=create)
        self._stores.append(store)
        return store

    def damage(self) -> StorageDamaged | None:
        """What is wrong with a database that this command opened; None where nothing is found."""
        if not self._stores:
            return None
        from storage.backup import damage_of

        return next(filter(None, map(damage_of, self._stores)), None)

    def has_store(self) -> bool:
        """Whether there is a database already, as far as can be told without asking it."""
        file = self.config.database_file
        return file is None or file.exists()

    def desk(self, *, digest: str | None = None, topics: Sequence[str] = (), language: str | None = None) -> Desk:
        """Return what a digest is made from.

        Args:
            digest: its name; the first configured one if None.
            topics: only these; those of the digest if none is given.
            language: of the digest's own words; the configured one if None.

        Raises:
            UsageError: no digest is called so, or it has no words in that language.
        """
        from monitor.config import LANGUAGES
        from monitor.desks import desk_of, digest_named

        if language is not None and language not in LANGUAGES:
            raise UsageError(f"--lang: there is no digest in {language!r}", hint=f"choose {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}")
        table = digest_named(self.config, digest)
        desk = desk_of(self.store(), self.config, table, now, watchlist=self.watchlist, sources=self.sources)
        if topics:
            desk = replace(desk, topics=tuple(topics), only=True)
        return replace(desk, language=language) if language else desk

    def child(self, *arguments: str) -> list[str]:
        """The command line of another command of ours with the same configuration, for a child process.

        The database travels in the environment: its URL may hold a password, and command lines are seen by everybody.
        """
        command = [sys.executable, "-m", "monitor"]
        if self.config_path:
            command += ["--config", str(self.config_path)]
        if self.database:
            os.environ["MONITOR_DATABASE_URL"] = self.database
        return [*command, *["-v"] * self.verbose, *arguments, *["--log-json"] * self.log_json]


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def moment(text: str, zone: ZoneInfo, option: str, *, end: bool = False) -> datetime:
    """Read `2026-11-23`, `2026-11-23T09:00`, `today`, `yesterday` or `24h`/`7d` (ago) in the reader's zone.

    Args:
        end: a day alone means its end, not its start.

    Raises:
        UsageError: it is none of these; names the option.
    """
    local_now = now().astimezone(zone)
    word = text.strip().lower()
    if word[:-1].isdecimal() and word[-1:] in {"h", "d"}:
        return now() - timedelta(**{"hours" if word[-1] == "h" else "days": int(word[:-1])})
    try:
        if word in {"today", "yesterday"} or len(word) == 10:
            day = calendar_day(word, zone, option)
            return datetime.combine(day + timedelta(days=int(end)), time(), zone).astimezone(UTC)
        parsed = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: {text!r} is no moment that I know",
            hint=f"write a day ({local_now:%Y-%m-%d}), a time ({local_now:%Y-%m-%dT%H:%M}), today, yesterday, 24h or 7d",
        ) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)


def calendar_day(text: str, zone: ZoneInfo, option: str) -> date:
    """Read a day: `2026-11-23`, `today` or `yesterday`.

    Raises:
        UsageError: it is no day; names the option.
    """
    today = now().astimezone(zone).date()
    word = text.strip().lower()
    if word in {"today", "yesterday"}:
        return today - timedelta(days=word == "yesterday")
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is no day", hint=f"write it as {today:%Y-%m-%d}, today or yesterday") from None


def context_of(context: Any) -> Context:
    """Return our context out of Typer's."""
    found = context.find_object(Context)
    return found if isinstance(found, Context) else Context()
