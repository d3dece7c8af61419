"""The configuration: one TOML file, all keys optional, with the environment above it.

    load_config(path, env, cwd) -> Config -> .watchlist(), .sources(watchlist)

Every value is checked when it is loaded. Secrets come from the environment alone and are never shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from monitor.config_database import VARIABLE, check_database, redacted
from monitor.config_delivery import AlertTable, Delivery, check_alerts, check_deliveries
from monitor.config_digests import FORMATS, LANGUAGES, DigestTable, check_digests, resolve
from monitor.config_errors import Document, Keys, check_keys, parse, refused, shown
from monitor.config_tables import Crawl, Flag, Network, Packs, Run, SourceTable
from monitor.config_upkeep import TABLES as UPKEEP
from monitor.config_upkeep import Alive, Backup, Keep, Metrics, check_upkeep
from monitor.config_web import TOKEN_VARIABLE, Web, check_web
from storage.errors import ConfigError

if TYPE_CHECKING:
    from monitor.watchlist import Watchlist
    from storage.items import Source

FILE = "monitor.toml"
ENGINES = ("google", "bing", "gdelt", "hackernews", "reddit")


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as a whole."""

    database: Annotated[str, Meta(description="sqlite:///FILE or postgresql://USER@HOST/NAME")] = "sqlite:///monitor.db"
    timezone: Annotated[str, Meta(description='a time zone, such as "Asia/Ho_Chi_Minh"')] = "Asia/Ho_Chi_Minh"
    language: Annotated[str, Meta(description='"en", "vi" or "fr"')] = "en"
    builtin_topics: Flag = True
    crawl: Crawl = Crawl()
    digest: Annotated[DigestTable | tuple[DigestTable, ...], Meta(description="[digest], or tables, each begun by [[digest]]")] = (
        DigestTable()
    )
    run: Run = Run()
    keep: Keep = Keep()
    backup: Backup = Backup()
    alive: Alive = Alive()
    metrics: Metrics = Metrics()
    web: Web = Web()
    network: Network = Network()
    packs: Packs = Packs()
    topic: Annotated[tuple[dict[str, Any], ...], Meta(description="tables, each begun by [[topic]]")] = ()
    source: Annotated[tuple[SourceTable, ...], Meta(description="tables, each begun by [[source]]")] = ()
    delivery: Annotated[tuple[dict[str, Any], ...], Meta(description="tables, each begun by [[delivery]]")] = ()
    alert: Annotated[tuple[AlertTable, ...], Meta(description="tables, each begun by [[alert]]")] = ()


class Config(_File, frozen=True, kw_only=True):
    """The configuration in force."""

    path: Path | None = None  # the file that was read
    base: Path = Path()  # what relative SQLite files are relative to
    digests: tuple[DigestTable, ...] = ()  # at least one once loaded; language, time zone and folder filled in
    deliveries: tuple[Delivery, ...] = ()

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, None for another kind of database."""
        prefix, _, rest = self.database.partition(":///")
        return Path(rest.partition("?")[0]) if prefix.partition("+")[0] == "sqlite" else None

    def watchlist(self) -> Watchlist:
        """Make the watchlist: the built-in topics and the user's.

        Raises:
            ConfigError: a topic of the file is wrong.
        """
        from monitor.watchlist import builtin_watchlist, watchlist_from_tables

        if not self.topic and self.builtin_topics:
            return builtin_watchlist()
        return watchlist_from_tables(self.topic, builtin=self.builtin_topics, where=str(self.path or FILE))

    def sources(self, watchlist: Watchlist) -> list[Source]:
        """Return the sources: the pack's feeds and searches that are switched on, then the user's, which replace the pack's."""
        from monitor.config_sources import assemble

        return assemble(self, watchlist)

    def secrets(self, env: Mapping[str, str]) -> list[str]:
        """Return what no log may show: the database's password, and what the environment holds under names that the file gives."""
        from urllib.parse import unquote, urlsplit

        named = [
            TOKEN_VARIABLE,
            self.alive.url_env,
            *(getattr(one, key, "") for one in self.deliveries for key in ("password_env", "url_env", "token_env")),
        ]
        found = [word for name in named if name for word in env.get(name, "").split()]
        if self.database_file is None and (password := urlsplit(self.database).password):
            found.append(unquote(password))
        return found

    def with_database(self, url: str, *, where: str = "--database") -> Config:
        """Return a copy with another database: a URL, or the name of an SQLite file.

        Raises:
            ConfigError: it is neither.
        """
        return msgspec.structs.replace(self, database=check_database(url, self.base, Document(where), ()))

    def as_dict(self) -> dict[str, Any]:
        """Return all keys as they stand in the file, defaults included; a database password is not shown."""
        found: dict[str, Any] = msgspec.to_builtins({name: getattr(self, name) for name in _File.__struct_fields__})
        return found | {"database": redacted(self.database)}

    def as_toml(self) -> str:
        """Return `as_dict` as a file that could be loaded again; a key without a value is left out."""
        import tomlkit

        head = f"# {self.path}, and defaults\n" if self.path else "# no file: these are the defaults\n"
        known = {key: value for key, value in self.as_dict().items() if value or key not in {"topic", "source", "delivery", "alert"}}
        return head + tomlkit.dumps(_without_none(known))


def load_config(path: Path | None, env: Mapping[str, str], cwd: Path) -> Config:
    """Load the configuration.

    Args:
        path: the file; if None, `monitor.toml` in `cwd` is taken where there is one.
        env: the environment; its MONITOR_DATABASE_URL wins over the file.
        cwd: what relative paths are relative to.

    Raises:
        ConfigError: the file cannot be read or says something wrong: names file, line and key, what was found, what would be right.
    """
    name = str(path or FILE)
    file = cwd / (path or FILE)
    if path is None and not file.exists():
        loaded, document, found = _File(), Document("the built-in configuration"), None
    else:
        document = Document(name, read_file(file, name))
        loaded, found = read_text(document), file
    database = check_database(loaded.database, cwd, document, ("database",))
    if from_env := env.get(VARIABLE, "").strip():
        database = check_database(from_env, cwd, Document(VARIABLE), ())
    values = {field: getattr(loaded, field) for field in _File.__struct_fields__}
    return Config(
        **(values | {"database": database}),
        path=found,
        base=cwd,
        digests=resolve(loaded.digest, language=loaded.language, timezone=loaded.timezone),
        deliveries=check_deliveries(document, loaded.delivery, {}),
    )


def read_text(document: Document) -> _File:
    """Read and check the text of a configuration file.

    Raises:
        ConfigError: as `load_config`.
    """
    data = parse(document)
    tables: dict[str, type[msgspec.Struct]] = {
        "crawl": Crawl,
        "digest": DigestTable,
        "run": Run,
        "network": Network,
        "packs": Packs,
        "source": SourceTable,
        "alert": AlertTable,
        "web": Web,
        **UPKEEP,
    }
    check_keys(document, data, _File, tables)
    try:
        loaded = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise _blame(document, data, tables, error) from None
    _check(document, loaded)
    check_web(document, loaded.web)
    check_upkeep(document, backup=loaded.backup, alive=loaded.alive, metrics=loaded.metrics)
    deliveries = check_deliveries(document, loaded.delivery, tables)
    check_digests(document, loaded.digest, [one.name for one in deliveries])
    check_alerts(document, loaded.alert, deliveries)
    if loaded.source:
        from monitor.config_sources import check_tables

        return msgspec.structs.replace(loaded, source=check_tables(document, loaded.source))
    return loaded


def starter_text() -> str:
    """Return a commented configuration to start from: every key, each with its default."""
    from importlib.resources import files

    return files("monitor").joinpath("starter.toml").read_text(encoding="utf-8")


def add_source(path: Path, source: Source) -> str:
    """Write a source into a configuration file, which is made if there is none; returns a sentence for the person.

    Raises:
        ConfigError: the file is wrong already, or has such a source.
        monitor.files.FileError: it cannot be written.
    """
    from monitor.config_edit import with_source

    return with_source(path, source)


def remove_source(path: Path, source: Source) -> str:
    """Take a source out of a configuration file, or switch one of the pack off in it; returns a sentence for the person.

    Raises:
        ConfigError: the file is wrong already, or does not have this source.
        monitor.files.FileError: it cannot be written.
    """
    from monitor.config_edit import without_source

    return without_source(path, source)


def read_file(file: Path, name: str) -> str:
    """Return the text of a file, called `name` in errors.

    Raises:
        ConfigError: there is none, it may not be read, or it is not UTF-8.
    """
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{name}: there is no such file", hint=f"write one with `monitor init {name}`, or leave --config out") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror or error}", hint="name a file that you may read") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}, line {line}: this is not UTF-8", hint="save the file as UTF-8") from None


def _blame(
    document: Document, data: Mapping[str, Any], tables: Mapping[str, type[msgspec.Struct]], error: msgspec.ValidationError
) -> ConfigError:
    """Find the table that msgspec refused: it names keys, but not which of many tables."""
    for name, struct in tables.items():
        found = data.get(name)
        each: list[tuple[Keys, Any]] = []
        if isinstance(found, list):
            each = [((name, number), one) for number, one in enumerate(found)]
        elif found is not None:
            each = [((name,), found)]
        for keys, one in each:
            if name in {"source", "alert"} and len(keys) == 1:
                continue  # no list at all: said of the file as a whole
            if name not in {"source", "alert", "digest"} and len(keys) > 1:
                return document.error(
                    keys, f"{name} is a list of tables, but should be one table", hint=f"write [{name}], in single brackets"
                )
            try:
                msgspec.convert(one, struct)
            except msgspec.ValidationError as inner:
                return refused(document, keys, inner, one, struct)
    return refused(document, (), error, data, _File)


def _check(document: Document, loaded: _File) -> None:
    if loaded.timezone != _File().timezone:
        from monitor.config_sources import check_timezone

        check_timezone(document, ("timezone",), loaded.timezone)
    if loaded.language not in LANGUAGES:
        raise document.wrong(("language",), loaded.language, 'the language of the digest\'s own words: "en", "vi" or "fr"')
    for name in ("delay_seconds", "timeout_seconds", "deadline_minutes", "document_seconds"):
        if not math.isfinite(getattr(loaded.crawl, name)):
            raise document.wrong(("crawl", name), getattr(loaded.crawl, name), "a number")
    contact = loaded.crawl.contact
    # It becomes part of a request header.
    if contact and not re.fullmatch(r"https?://[!-~]+\.[!-~]+|[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+", contact):
        raise document.wrong(("crawl", "contact"), contact, 'an e-mail address or a web address, such as "press@example.org"')
    for engine in loaded.packs.engines:
        if engine not in ENGINES:
            raise document.wrong(("packs", "engines"), engine, "one of " + ", ".join(ENGINES))
    for one in loaded.network.allow:
        host, _, port = one.rpartition(":")
        if not re.fullmatch(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]", host) or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
            raise document.error(
                ("network", "allow"), f'network.allow: {shown(one)} should be a host with its port, such as "intranet.example:8080"'
            )


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


__all__ = [
    "FORMATS",
    "LANGUAGES",
    "Config",
    "ConfigError",
    "Crawl",
    "DigestTable",
    "Network",
    "Packs",
    "Run",
    "SourceTable",
    "add_source",
    "load_config",
    "redacted",
    "remove_source",
    "starter_text",
]
