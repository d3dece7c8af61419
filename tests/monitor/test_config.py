"""The configuration: what a file may say, what a wrong one gets told, and that commands change it as a person would."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from monitor import config_sources
from monitor.config import FORMATS, Config, Packs, add_source, load_config, redacted, remove_source, starter_text
from monitor.config_delivery import KINDS
from monitor.packs import GROUPS, MORE, SEARCHES, serving
from storage.errors import ConfigError
from storage.items import Kind, Ownership, Source

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Topic:
    """As much of a watched topic as sources are made from."""

    name: str
    queries: Mapping[str, str] = field(default_factory=dict)
    distinctive: tuple[str, ...] = ()
    units: tuple[Any, ...] = ()


def topics(*found: Topic) -> Any:
    return cast("Any", SimpleNamespace(topics=found, names=tuple(topic.name for topic in found)))


NO_TOPICS = topics()
FEEDS = [source for source in serving(GROUPS) if source.kind.value in config_sources.KINDS]
OWN_ONLY = "[packs]\n" + "\n".join(f"{group} = false" for group in (*GROUPS, SEARCHES)) + "\n"


def load(tmp_path: Path, text: str, env: Mapping[str, str] | None = None) -> Config:
    (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")
    return load_config(None, env or {}, tmp_path)


def refusal(tmp_path: Path, text: str) -> str:
    """Load a wrong file and return all that is said of it."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert caught.value.exit_code == 2
    return f"{caught.value}\n{caught.value.hint or ''}".strip()


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


# --- what is wrong is told with file, line, key, what was found, what would be right


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("crawl = 3", 'monitor.toml, line 1: crawl is 3, but should be a table, begun by [crawl]'),
        ("\n[crawl]\ndelay_seconds = 'fast'", 'line 3: crawl.delay_seconds is "fast", but should be a number of seconds from 0 to 60, such as 0.25'),
        ("[crawl]\ndelay_seconds = -1", "line 2: crawl.delay_seconds is -1, but should be a number of seconds from 0 to 60"),
        ("[crawl]\ndelay_seconds = nan", "line 2: crawl.delay_seconds is NaN, but should be a number"),
        ("[crawl]\ntimeout_seconds = inf", "line 2: crawl.timeout_seconds is Infinity, but should be a number of seconds"),
        ("[crawl]\ndeadline_minutes = 0", "line 2: crawl.deadline_minutes is 0, but should be a number of minutes above 0"),
        ("crawl.requests_per_host = 0", "line 1: crawl.requests_per_host is 0, but should be a whole number from 1 to 32"),
        ("[crawl]\nconcurrency = true", "line 2: crawl.concurrency is true, but should be a whole number from 1 to 512"),
        ("[crawl]\nprocesses = 0", "line 2: crawl.processes is 0, but should be a whole number from 1 to 64"),
        ("[crawl]\npages = 'yes'", 'line 2: crawl.pages is "yes", but should be true or false'),
        ("[crawl]\ncontact = \"me\\r\\nX: y@z.org\"", "line 2: crawl.contact is"),
        ("timezone = 'Hanoi'", 'line 1: timezone is "Hanoi", but should be a time zone'),
        ("timezone = 'Asia/Ho_Chi_Min'", "did you mean Asia/Ho_Chi_Minh?"),
        ("timezone = 'America'", 'timezone is "America"'),
        ("timezone = '../../etc/passwd'", "timezone is"),
        ("timezone = ''", 'timezone is ""'),
        ("language = 'de'", 'line 1: language is "de", but should be the language of the digest\'s own words: "en", "vi" or "fr"'),
        ("language = 5", 'line 1: language is 5, but should be "en", "vi" or "fr"'),
        ("[digest]\nformats = ['pdf']", 'line 2: digest.formats: "pdf" is no format; there are html, txt, md, json, atom'),
        ("[digest]\nformats = ['md', 'md']", 'digest.formats: "md" is twice in the list'),
        ("[digest]\nformats = 'html'", 'line 2: digest.formats is "html", but should be a list out of html, txt, md, json, atom'),
        ("[digest]\nfolder = ' '", 'digest.folder is " "'),
        ('[digest]\nlink = "press.example"', "digest.link"),
        ("[digest]\nbaseline_hours = 1.5", "digest.baseline_hours is 1.5, but should be a whole number of hours from 1 to 720"),
        ("[network]\nallow = ['intranet']", 'line 2: network.allow: "intranet" should be a host with its port'),
        ("[network]\nallow = ['a:99999']", 'network.allow: "a:99999" should be a host with its port'),
        ("[packs]\nvietnam = 1", "line 2: packs.vietnam is 1, but should be true or false"),
        ("[packs]\noff = 'vnexpress-latest'", "line 2: packs.off is"),
        ("database = ''", "line 1: the database is blank"),
        ("database = 7", "line 1: database is 7, but should be sqlite:///FILE or postgresql://USER@HOST/NAME"),
        ("[[crawl]]\npages = true", "line 1: crawl is a list of tables, but should be one table"),
        ("[source]\nurl = 'https://example.org'", "line 1: source is"),
        ("topic = 'FPT'", 'line 1: topic is "FPT", but should be tables, each begun by [[topic]]'),
    ],
)  # fmt: skip
def test_wrong_values(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


SOURCE = '[[source]]\nurl = "https://one.example/feed"\n\n[[source]]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outlet = 'X'", "line 4: [[source]] number 2 has no url; write url = "),
        ("url = ''", 'line 5: url of [[source]] number 2 is ""'),
        ("url = 'example.org/feed'", "line 5: url of [[source]] number 2: 'example.org/feed' is no address of the web"),
        ("url = 'file:///etc/passwd'", "'file:///etc/passwd' is no address of the web: it has to begin with https:// or http://"),
        ("url = 'https:///feed'", "names no host"),
        ("url = 'https://a b.example/'", "is no address"),
        ("url = 'https://[::1'", "is no address"),
        ("url = 'https://a.example:99999/'", "is no address"),
        ("url = 'http://www.one.example/feed/'", "line 5: url of [[source]] number 2 is 'http://www.one.example/feed/', as that of number 1"),
        ("url = 'https://two.example'\nkind = 'page'", 'line 6: kind of [[source]] number 2 is "page", but should be "feed", "search", "sitemap", "listing", "json" or "spider"'),
        ("url = 'https://two.example'\nownership = 'mine'", 'line 6: ownership of [[source]] number 2 is "mine"'),
        ("url = 'https://two.example'\nlanguage = 'Vietnamese'", 'is "Vietnamese", but should be a language in two or three letters'),
        ("url = 'https://two.example'\ncountry = 'Canada'", 'is "Canada", but should be a country in two letters, such as "VN"'),
        ("url = 'https://two.example'\ntimezone = 'Saigon/Asia'", 'line 6: timezone of [[source]] number 2 is "Saigon/Asia"'),
        ("url = 'https://two.example'\ninterval_minutes = 0", "line 6: interval_minutes of [[source]] number 2 is 0"),
        ("url = 'https://two.example'\nid = 'a b'", 'id of [[source]] number 2 is "a b", but should be letters'),
        ("url = 'https://two.example'\ngroups = ['a', ' b']", "groups of [[source]] number 2"),
        ("url = 'https://two.example'\nlang = 'vi'", "line 6: unknown key lang of [[source]] number 2; did you mean language?"),
        ("url = 'https://two.example'\nonly = '(x'", "line 6: only is no regular expression"),
        ("url = 'https://two.example'\nfields = { url = 'a' }", 'fields of [[source]] number 2 go with kind = "json"'),
        ("url = 'https://two.example'\nkind = 'json'\nfields = { url = 'a', datum = 'b' }", "datum"),
        ("url = 'https://two.example'\nkind = 'json'\nfields = { items = 'a' }", "fields of [[source]] number 2 has no url"),
        ("url = 'https://two.example/{yyyy}'", "is no address"),
        ("url = 'https://two.example'\nspider = 'my.py:Mine'", 'line 6: [[source]] number 2: spider goes with kind = "spider"'),
        ("url = 'https://two.example'\nkind = 'spider'\nspider = 'my.py'", "but should be a file and a class in it"),
        ("url = 'https://two.example'\nid = 'a'\n[[source]]\nurl = 'https://3.example'\nid = 'a'",
         "line 9: id of [[source]] number 3 is 'a', as that of number 2 is already"),
    ],
)  # fmt: skip
def test_wrong_sources(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, SOURCE + text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timezon = 'UTC'", "monitor.toml, line 1: unknown key timezon; did you mean timezone?"),
        ("[crawl]\n# a word\ndelay_secs = 1", "line 3: unknown key crawl.delay_secs; did you mean delay_seconds?"),
        ("delay_seconds = 1", "line 1: unknown key delay_seconds; it belongs under [crawl]"),
        ("[packs]\nquebec_canada = false", "line 2: unknown key packs.quebec_canada; did you mean quebec-canada?"),
        ("[[topics]]\nname = 'X'", "line 1: unknown key topics; did you mean topic?"),
        ("[mail]\nto = 'x'", "line 1: unknown key mail; there are database, timezone"),
        ("[network]\nzzz = 1", "line 2: unknown key network.zzz; [network] has allow"),
        ("path = '/x'", "unknown key path"),
    ],
)
def test_unknown_keys_are_refused_with_a_suggestion(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("language = 'en'\ntimezone = Asia/Ho_Chi_Minh\n", "monitor.toml, line 2: this is not TOML: "),
        ("language = 'en'\nlanguage = 'vi'\n", "line 2: this is not TOML: cannot overwrite a value"),
        ("language = 'en", "line 1: this is not TOML"),
        ("[crawl]\n\ndelay_seconds 3", 'in "delay_seconds 3"'),
        ("[" * 5_000, "monitor.toml"),
        ("formats = " + "[" * 5_000, "monitor.toml"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_broken_line_with_a_secret_is_not_repeated(tmp_path: Path) -> None:
    assert "hunter2" not in refusal(tmp_path, "password = hunter2")
    assert "hunter2" not in refusal(tmp_path, "database = postgresql://me:hunter2@db/news")


def test_what_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_bytes(b"language = 'en'\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"monitor\.toml, line 2: this is not UTF-8"):
        load_config(None, {}, tmp_path)


# --- sources


def test_the_groups_of_the_pack_have_a_switch_each() -> None:
    assert {*GROUPS, SEARCHES, MORE, "engines", "off"} == set(Packs.__struct_encode_fields__)
    assert {member.value for member in Ownership} == set(config_sources.OWNERSHIPS)


def test_formats_are_those_that_daily_writes() -> None:
    daily = pytest.importorskip("monitor.daily", exc_type=ImportError)
    assert set(daily.ENDINGS) == set(FORMATS)


def test_the_pack_serves_by_groups(tmp_path: Path) -> None:
    every = load(tmp_path, "").sources(NO_TOPICS)
    assert [source.id for source in every] == [feed.id for feed in FEEDS]
    fewer = load(tmp_path, "[packs]\nown = false\nvietnam = false").sources(NO_TOPICS)
    on = set(GROUPS) - {"own", "vietnam"}
    assert [source.id for source in fewer] == [feed.id for feed in FEEDS if on & set(feed.groups)]
    assert any("own" in source.groups for source in fewer)  # one that stands in another group, too
    assert load(tmp_path, OWN_ONLY).sources(NO_TOPICS) == []


def test_searches_are_made_for_each_topic_with_queries(tmp_path: Path) -> None:
    watched = topics(Topic("FPT", {"vi": '"FPT Software"', "en": '"FPT Corporation"'}), Topic("Quiet"))
    off = OWN_ONLY.replace("searches = false", "searches = true")
    found = load(tmp_path, off).sources(watched)
    assert [source.id for source in found] == ["google-fpt-vi", "bing-fpt-vi", "google-fpt-en", "bing-fpt-en"]
    assert {source.kind for source in found} == {Kind.SEARCH}
    assert load(tmp_path, OWN_ONLY).sources(watched) == []
    fewer = load(tmp_path, off + "off = ['bing-fpt-vi']").sources(watched)
    assert "bing-fpt-vi" not in [source.id for source in fewer]


def test_a_users_source_has_all_it_says(tmp_path: Path) -> None:
    text = """
        [[source]]
        url = "https://www.example.org/rss/công-nghệ.rss"
        [[source]]
        id = "mine"
        url = "http://example.org:8080/?feed=rss2&cat=ai"
        kind = "search"
        outlet = "Mine"
        language = "FR"
        country = "ca"
        timezone = "America/Montreal"
        ownership = "affiliated"
        groups = ["partners"]
        interval_minutes = 90
        robots = false
        pages = false
    """
    first, second = load(tmp_path, OWN_ONLY + text).sources(NO_TOPICS)
    assert first == Source(id="example-org-cong-nghe", url="https://www.example.org/rss/công-nghệ.rss", origin="config")
    assert second == Source(
        id="mine", url="http://example.org:8080/?feed=rss2&cat=ai", kind=Kind.SEARCH, outlet="Mine", language="fr", country="CA",
        timezone="America/Montreal", ownership=Ownership.AFFILIATED, groups=("partners",), interval=timedelta(minutes=90),
        robots=False, pages=False, origin="config",
    )  # fmt: skip


def test_made_ids_differ(tmp_path: Path) -> None:
    text = "".join(f'[[source]]\nurl = "https://example.org/{end}"\n' for end in ("news.rss", "news.xml", "feed", "rss", "?a=1"))
    ids = [source.id for source in load(tmp_path, OWN_ONLY + text).sources(NO_TOPICS)]
    assert ids == ["example-org-news", "example-org-news-2", "example-org", "example-org-2", "example-org-1"]
    assert len(config_sources.make_id("https://example.org/" + "x" * 500, ())) <= 60
    assert config_sources.make_id("https://例え.jp/", ()) != ""


def test_a_users_source_replaces_that_of_the_pack(tmp_path: Path) -> None:
    by_id, by_url = FEEDS[0], FEEDS[1]
    text = f"""
        [[source]]
        id = "{by_id.id}"
        url = "https://elsewhere.example/feed"
        [[source]]
        id = "renamed"
        url = "{by_url.url}"
    """
    found = {source.id: source for source in load(tmp_path, text).sources(NO_TOPICS)}
    assert found[by_id.id].url == "https://elsewhere.example/feed"
    assert by_url.id not in found
    assert found["renamed"].origin == "config"
    assert len(found) == len(FEEDS)


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

    sources = DemoWeb(NOW).sources()
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


# --- changed by command

WRITTEN = """\
# my configuration
language = "vi"  # for the boss

[[source]]
# the best of all
id = "first"
url = "https://one.example/feed"

[packs]  # less is more
asia = false
off = [
    "vnexpress-latest",  # too much
]

[[source]]
url = "https://two.example/feed"
"""


def test_a_source_is_added_as_a_person_would(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    new = Source(id="third", url="https://three.example/feed", outlet='Ba "3"', language="vi", ownership=Ownership.OWNED, origin="config")
    assert add_source(path, new) == f"added third (https://three.example/feed) to {path}"
    assert path.read_text(encoding="utf-8").startswith(WRITTEN)
    assert new in load_config(None, {}, tmp_path).sources(NO_TOPICS)
    assert [source.id for source in load_config(None, {}, tmp_path).sources(NO_TOPICS) if source.origin == "config"] == [
        "first", "two-example", "third",
    ]  # fmt: skip
    remove_source(path, new)
    left = path.read_text(encoding="utf-8")
    assert sorted(filter(None, left.splitlines())) == sorted(filter(None, WRITTEN.splitlines()))
    assert tomllib.loads(left) == tomllib.loads(WRITTEN)


def test_a_source_starts_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "monitor.toml"
    new = Source(id="a", url="https://a.example/feed", robots=False, interval=timedelta(hours=2), timezone="Asia/Tokyo", origin="config")
    assert add_source(path, new).endswith("a new file")
    assert load_config(path, {}, tmp_path).sources(NO_TOPICS)[-1] == new
    assert list(path.parent.iterdir()) == [path]  # no half-written neighbour
    path.write_text(starter_text(), encoding="utf-8")
    add_source(path, new)
    assert path.read_text(encoding="utf-8").startswith(starter_text().rstrip())
    assert load_config(path, {}, tmp_path).sources(NO_TOPICS)[-1] == new


def test_a_source_joins_an_inline_list(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text('source = [{ url = "https://one.example/feed" }]\n')
    add_source(path, Source(id="two", url="https://two.example/feed"))
    assert [table.id for table in load_config(path, {}, tmp_path).source] == ["one-example", "two"]


def test_sources_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    two = next(source for source in load_config(None, {}, tmp_path).sources(NO_TOPICS) if source.id == "two-example")
    assert remove_source(path, two) == f"removed two-example from {path}; what it found stays stored"
    assert "two.example" not in path.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="has no source 'two-example'"):
        remove_source(path, two)
    pack = FEEDS[5]
    assert "packs.off" in remove_source(path, pack)
    text = path.read_text(encoding="utf-8")
    assert "# too much" in text
    assert "# the best of all" in text
    assert tomllib.loads(text)["packs"]["off"] == ["vnexpress-latest", pack.id]
    assert "already" in remove_source(path, pack)
    assert pack.id not in [source.id for source in load_config(None, {}, tmp_path).sources(NO_TOPICS)]
    # Adding it by name switches it on again.
    add_source(path, Source(id=pack.id, url="https://new.example/feed"))
    assert pack.id in [source.id for source in load_config(None, {}, tmp_path).sources(NO_TOPICS)]


def test_removing_what_replaced_the_packs_says_so(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    mine = Source(id="mine", url=FEEDS[0].url, origin="config")
    add_source(path, mine)
    assert f"The built-in {FEEDS[0].id} serves again" in remove_source(path, mine)
    assert load_config(None, {}, tmp_path).sources(NO_TOPICS)[0] == FEEDS[0]


def test_switching_off_starts_a_file(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    remove_source(path, FEEDS[0])
    assert load_config(None, {}, tmp_path).packs.off == (FEEDS[0].id,)
    path.write_text("[packs]\nasia = false\n\n[crawl]\npages = false\n")
    remove_source(path, FEEDS[0])
    config = load_config(None, {}, tmp_path)
    assert (config.packs.off, config.packs.asia, config.crawl.pages) == ((FEEDS[0].id,), False, False)


def test_a_wrong_file_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text("langage = 'vi'\n")
    with pytest.raises(ConfigError, match="did you mean language"):
        add_source(path, Source(id="a", url="https://a.example/feed"))
    path.write_text(WRITTEN, encoding="utf-8")
    with pytest.raises(ConfigError, match="as that of number 1 is already"):
        add_source(path, Source(id="first", url="https://other.example/feed"))
    assert path.read_text(encoding="utf-8") == WRITTEN


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "monitor.toml"
    real.write_bytes(b"# mine\r\nlanguage = 'vi'\r\n")
    link.symlink_to(real)
    add_source(link, Source(id="a", url="https://a.example/feed"))
    assert link.is_symlink()
    assert b"# mine\r\nlanguage = 'vi'\r\n" in real.read_bytes()


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
