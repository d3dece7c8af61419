"""What is wrong in a configuration is told with file, line, key, what was found, what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import load_config
from storage.errors import ConfigError
from tests.monitor.configured import refusal


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
