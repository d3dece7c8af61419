"""The configuration: what a file may say, what is shown of it, and what commands start from it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from monitor.config import load_config, redacted, starter_text
from monitor.config_delivery import KINDS
from monitor.packs import GROUPS
from storage.errors import ConfigError
from tests.monitor.configured import NO_TOPICS, load, refusal

# --- loading


def test_without_a_file_the_defaults_serve(tmp_path: Path) -> None:
    config = load_config(None, {}, tmp_path)
    assert config.path is None
    assert config.database == f"sqlite:///{tmp_path}/monitor.db"
    assert config.database_file == tmp_path / "monitor.db"
    assert (config.timezone, config.language, config.builtin_topics) == ("Asia/Ho_Chi_Minh", "en", True)
    assert (config.crawl.delay_seconds, config.crawl.requests_per_host, config.crawl.concurrency) == (0.25, 1, 64)
    assert (config.crawl.timeout_seconds, config.crawl.deadline_minutes, config.crawl.processes) == (30, 30, None)
    assert (config.crawl.pages, config.crawl.pages_per_source, config.crawl.contact) == (True, 300, "")
    assert (config.digests[0].folder, config.digests[0].formats, config.digests[0].baseline_hours) == (
        "digests",
        ("html", "txt", "json"),
        48,
    )
    assert list(config.network.allow) == []
    assert config.packs.groups == set(GROUPS)


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"my\.toml: there is no such file") as caught:
        load_config(Path("my.toml"), {}, tmp_path)
    assert "monitor init my.toml" in str(caught.value.hint)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, {}, tmp_path)


def test_a_file_in_the_folder_is_taken_and_a_named_one_before_it(tmp_path: Path) -> None:
    assert load(tmp_path, 'language = "fr"').path == tmp_path / "monitor.toml"
    (tmp_path / "other.toml").write_text('language = "vi"')
    assert load_config(None, {}, tmp_path).language == "fr"
    assert load_config(Path("other.toml"), {}, tmp_path).language == "vi"


def test_a_byte_order_mark_and_foreign_line_ends_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_bytes(b'\xef\xbb\xbflanguage = "vi"\r\n[crawl]\r\ncontact = "press@example.org"\r\n')
    config = load_config(None, {}, tmp_path)
    assert (config.language, config.crawl.contact) == ("vi", "press@example.org")


def test_whole_numbers_serve_where_parts_are_allowed(tmp_path: Path) -> None:
    assert load(tmp_path, "[crawl]\ndelay_seconds = 1\ntimeout_seconds = 20").crawl.delay_seconds == 1.0


def test_what_does_not_crawl_starts_fast(tmp_path: Path) -> None:
    script = (
        "import sys, time; start = time.process_time()\n"
        "from pathlib import Path; from monitor.config import load_config\n"
        "load_config(None, {}, Path.cwd())\n"
        "print(time.process_time() - start, *(name for name in ('scrapy', 'sqlalchemy', 'tomlkit', 'typer') if name in sys.modules))"
    )
    path = f"{Path(__file__).parents[2]}"
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    ]
    assert all(len(run.split()) == 1 for run in runs), runs
    assert min(float(run) for run in runs) < 0.2  # of CPU; 0.03 on a quiet machine


# --- the database


def test_the_environment_names_the_database_before_the_file(tmp_path: Path) -> None:
    text = 'database = "sqlite:///of-the-file.db"'
    assert load(tmp_path, text).database_file == tmp_path / "of-the-file.db"
    assert load(tmp_path, text, {"MONITOR_DATABASE_URL": "sqlite:///data/env.db"}).database_file == tmp_path / "data/env.db"
    assert load(tmp_path, text, {"MONITOR_DATABASE_URL": " "}).database_file == tmp_path / "of-the-file.db"
    absolute = load(tmp_path, text, {"MONITOR_DATABASE_URL": "sqlite:////srv/monitor.db"})
    assert (absolute.database, absolute.database_file) == ("sqlite:////srv/monitor.db", Path("/srv/monitor.db"))


def test_an_option_names_the_database_before_all(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config.with_database("here.db").database == f"sqlite:///{tmp_path}/here.db"
    assert config.with_database(str(tmp_path / "x" / "there.db")).database_file == tmp_path / "x" / "there.db"
    postgres = config.with_database("postgresql://me@localhost/news")
    assert (postgres.database, postgres.database_file) == ("postgresql://me@localhost/news", None)
    assert config.database_file == tmp_path / "monitor.db"  # the copy is a copy
    with pytest.raises(ConfigError, match=r'--database: databases of kind "mysql" are not supported'):
        config.with_database("mysql://localhost/news")
    with pytest.raises(ConfigError, match="names no file"):
        config.with_database("sqlite://monitor.db")


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    config = load(tmp_path, "", {"MONITOR_DATABASE_URL": "postgresql://me:hunter2@db.example/news"})
    assert config.database == "postgresql://me:hunter2@db.example/news"
    assert config.as_dict()["database"] == "postgresql://me:***@db.example/news"
    assert "hunter2" not in config.as_toml()
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "", {"MONITOR_DATABASE_URL": "mysql://me:hunter2@db.example/news"})
    assert "MONITOR_DATABASE_URL" in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:p@ss:w/ord@h:5432/d", "postgresql+psycopg://u:***@h:5432/d"),
        ("postgresql://u@h/d?sslpassword=p&x=1", "postgresql://u@h/d?sslpassword=***&x=1"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("sqlite:////a:b@c.db", "sqlite:////a:b@c.db"),
    ],
)
def test_redaction(url: str, shown: str) -> None:
    assert redacted(url) == shown


@pytest.mark.parametrize("key", ["password", "token", "secret", "smtp_password", "api_key", '"Secret"'])
@pytest.mark.parametrize("table", ["", "[crawl]\n", '[[source]]\nurl = "https://example.org/feed"\n', '[[topic]]\nname = "X"\n'])
def test_secrets_do_not_belong_into_the_file(tmp_path: Path, table: str, key: str) -> None:
    said = refusal(tmp_path, f'{table}{key} = "hunter2"')
    assert "secret" in said
    assert "MONITOR_DATABASE_URL" in said
    assert "hunter2" not in said
    assert f"monitor.toml, line {table.count(chr(10)) + 1}: " in said


def test_a_password_in_the_files_database_or_in_a_sources_address_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'language = "en"\ndatabase = "postgresql://me:hunter2@db.example/news"')
    assert "line 2" in said
    assert "MONITOR_DATABASE_URL" in said
    assert "hunter2" not in said
    said = refusal(tmp_path, '[[source]]\nurl = "https://me:hunter2@example.org/feed"')
    assert "line 2" in said
    assert "hunter2" not in said


# --- shown, and loaded again


def test_what_is_shown_can_be_loaded_again(tmp_path: Path) -> None:
    text = """
        language = "vi"
        [crawl]
        contact = "https://example.org/about"
        [packs]
        asia = false
        off = ["x"]
        [[topic]]
        name = "Đại học \\"Example\\""
        units = [{ name = "A", aliases = ["a", "b"] }]
        [[source]]
        url = "https://example.org/feed"
    """
    config = load(tmp_path, text)
    again = load(tmp_path, config.as_toml())
    assert again.as_dict() == config.as_dict()
    assert again.packs.asia is False
    assert again.topic == ({"name": 'Đại học "Example"', "units": [{"name": "A", "aliases": ["a", "b"]}]},)
    assert tomllib.loads(load_config(None, {}, tmp_path / "nowhere").as_toml())["crawl"]["delay_seconds"] == 0.25


def test_the_starter_shows_every_key_with_its_default(tmp_path: Path) -> None:
    defaults = load_config(None, {}, tmp_path)
    assert load(tmp_path, starter_text()).as_dict() == defaults.as_dict()
    uncommented = re.sub(r"(?m)^#(?=\[\[|[a-z-]+ ?(?:_|=)|[a-z_]+ = )", "", starter_text())
    config = load(tmp_path, uncommented)
    shown, right = config.as_dict(), defaults.as_dict()
    assert (shown["crawl"].pop("processes"), right["crawl"].pop("processes")) == (2, None)
    assert [topic["name"] for topic in shown.pop("topic")] == ["Example University"]
    (source,) = shown.pop("source")
    assert source["id"] == "example"
    assert [table["kind"] for table in shown.pop("delivery")] == list(KINDS)
    assert [table["name"] for table in shown.pop("alert")] == ["urgent", "burst"]
    assert shown["digest"].pop("folder") == "digests"  # the default follows the digest's name
    assert right["digest"].pop("folder") == ""
    assert (shown["backup"].pop("folder"), right["backup"].pop("folder")) == ("backups", "")  # shown as one would write it
    assert shown == {key: value for key, value in right.items() if key not in {"topic", "source", "delivery", "alert"}}
    written = tomllib.loads(uncommented)
    assert set(written) == set(defaults.as_dict())
    for name in ("crawl", "digest", "network", "packs", "run", "keep", "backup", "alive", "metrics"):
        struct = getattr(config, name)
        assert set(written[name]) == set(struct.__struct_encode_fields__), name
    # What goes with other kinds stands in the text, and is not for a feed.
    assert {*written["source"][0], "fields", "spider"} == set(config.source[0].__struct_encode_fields__)
    assert {key for table in written["alert"] for key in table} == set(config.alert[0].__struct_encode_fields__)
    for table in written["delivery"]:
        assert set(table) == {"kind", *KINDS[table["kind"]].__struct_encode_fields__}, table["name"]


def test_the_demos_configuration_is_accepted(tmp_path: Path) -> None:
    from monitor.demo.run import _configuration
    from monitor.demo.web import DemoWeb

    sources = DemoWeb(datetime(2026, 11, 23, 6, 0, tzinfo=UTC)).sources()
    found = {source.id: source for source in load(tmp_path, _configuration(sources)).sources(NO_TOPICS)}
    for source in sources:
        mine = found[source.id]
        assert (mine.url, mine.outlet, mine.timezone, mine.ownership) == (source.url, source.outlet, source.timezone, source.ownership)


def test_the_benchmarks_configuration_is_accepted(tmp_path: Path) -> None:
    polls = pytest.importorskip("benchmarks.polls", exc_type=ImportError)
    config = load(tmp_path, polls.configuration("http://127.0.0.1:8123"))
    assert sum(source.origin == "config" for source in config.sources(NO_TOPICS)) == polls.FEEDS
    assert list(config.network.allow) == ["127.0.0.1:8123"]
    assert (config.crawl.requests_per_host, config.crawl.pages) == (16, False)


def test_topics_go_to_the_watchlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    stub = ModuleType("monitor.watchlist")
    stub.builtin_watchlist = lambda: "built-in"  # type: ignore[attr-defined]
    stub.watchlist_from_tables = lambda tables, *, builtin, where: asked.append((list(tables), builtin, where))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "monitor.watchlist", stub)
    assert cast("Any", load(tmp_path, "").watchlist()) == "built-in"
    load(tmp_path, "builtin_topics = false\n[[topic]]\nname = 'X'").watchlist()
    assert asked == [([{"name": "X"}], False, str(tmp_path / "monitor.toml"))]


# --- what commands start from


def test_the_context_follows_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = pytest.importorskip("monitor.cli.context", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONITOR_DATABASE_URL", raising=False)
    ours = context.Context(database="mine.db")
    assert ours.config.database_file == tmp_path / "mine.db"
    assert not ours.has_store()
    (tmp_path / "mine.db").touch()
    assert ours.has_store()
    assert context.Context(database="postgresql://h/d").has_store()
