"""What goes to stderr: lines for a person, JSON for a program, and no secret in either."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.log import Journal, JsonLines, LibraryHandler, Lines
from tests.monitor.postroom import NO_SOURCES, block, config_of
from tests.patience import LONG_S
from tests.storage.makers import NOW

ROOT = Path(__file__).parents[2]
SECRET = 'pa$$w"rd/1é'


def clock():  # type: ignore[no-untyped-def]
    return NOW


def test_a_line_of_json_is_one_object() -> None:
    out = StringIO()
    JsonLines(out, clock).say("crawl", "two\nlines\x1b[31m “và”", level="warning", read=3, failing=["a\nb"])
    assert out.getvalue().count("\n") == 1
    assert json.loads(out.getvalue()) == {
        "time": "2026-11-23T06:00:00.000Z", "level": "warning", "event": "crawl", "message": "two lines[31m “và”", "read": 3,
        "failing": ["a\nb"],
    }  # fmt: skip


def test_a_persons_line_has_local_time_and_drives_no_terminal() -> None:
    out = StringIO()
    Journal(out, clock, ZoneInfo("Asia/Ho_Chi_Minh")).say("crawl", "two\nlines\x1b[31m", read=3)
    assert out.getvalue() == "2026-11-23 13:00:00  crawl     two lines[31m\n"


def test_a_commands_line_drives_no_terminal_either() -> None:
    out = StringIO()
    Lines(out).say("crawl", "  two\nlines\x1b[31m\x9b2J\u202e\u2028")
    assert out.getvalue() == "  two lines[31m2J\n"


def test_secrets_are_blacked_out_in_every_shape() -> None:
    for log_of in (Lines, lambda out: JsonLines(out, clock), lambda out: Journal(out, clock, ZoneInfo("UTC"))):
        out = StringIO()
        log = log_of(out)
        log.hide([SECRET, "ab"])
        log.say("delivery", f"server said: {SECRET} is wrong, about", url=f"https://x.example/?key={SECRET}", more=[{"said": SECRET}])
        log.say("source", "https://bob:hunter2@x.example/feed and https://x.example:8080/a@b")
        assert SECRET not in out.getvalue() and json.dumps(SECRET)[1:-1] not in out.getvalue() and "hunter2" not in out.getvalue()
        assert "about" in out.getvalue()  # what is too short to be a secret blacks nothing out
        assert "https://bob:***@x.example/feed and https://x.example:8080/a@b" in out.getvalue()
        log.hide(["another one"])
        log.say("delivery", SECRET)
        assert SECRET not in out.getvalue()


def test_what_the_configuration_calls_secret(tmp_path: Path) -> None:
    text = '[alive]\nurl_env = "ALIVE"\n'
    text += block("delivery", name="chat", kind="apprise", url_env="CHAT")
    text += block("delivery", name="hook", kind="webhook", url="https://x.example/", token_env="TOKEN")
    config = config_of(tmp_path, text).with_database("postgresql://me:p%40ssword@db.example/news")
    env = {
        "ALIVE": "https://hc.example/uuid",
        "CHAT": "tgram://a  slack://b",
        "TOKEN": "t0ken",
        "MONITOR_WEB_TOKEN": "web-t0ken",
        "HOME": "/root",
    }
    assert sorted(config.secrets(env)) == sorted(["https://hc.example/uuid", "tgram://a", "slack://b", "t0ken", "web-t0ken", "p@ssword"])


def test_libraries_log_through_it() -> None:
    out = StringIO()
    logger = logging.getLogger("tests.log")
    logger.propagate = False
    logger.addHandler(LibraryHandler(JsonLines(out, clock)))
    try:
        raise ValueError("odd")
    except ValueError:
        logger.exception("failed on %s", "https://me:secret@x.example/")
    record = json.loads(out.getvalue())
    assert (record["level"], record["event"], record["logger"]) == ("error", "library", "tests.log")
    assert record["message"] == "failed on https://me:***@x.example/" and "ValueError: odd" in record["traceback"]


def monitor(folder: Path, *arguments: str, database: str = "monitor.db") -> tuple[int, str, list[dict[str, object]]]:
    command = [sys.executable, "-m", "monitor", *arguments]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "MONITOR_DATABASE_URL": database}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=LONG_S)
    return done.returncode, done.stdout, [json.loads(line) for line in done.stderr.splitlines()]


def test_commands_write_nothing_but_json_to_stderr(tmp_path: Path) -> None:
    source = block("source", id="dead", url="http://127.0.0.1:9/feed")
    (tmp_path / "monitor.toml").write_text('[network]\nallow = ["127.0.0.1:9"]\n' + NO_SOURCES + source, encoding="utf-8")
    code, out, lines = monitor(tmp_path, "daily", "--log-json")
    assert code == 3 and "Coverage of the watch" in out
    events = [line["event"] for line in lines]
    assert events[:2] == ["source", "crawl"] and events.count("digest") == 3
    assert lines[0]["source"] == "dead" and lines[1]["asked"] == 1
    code, out, lines = monitor(tmp_path, "-vv", "crawl", "dead", "--log-json")
    assert code == 1 and "0 of 1 sources read" in out and {"library", "source", "crawl"} <= {line["event"] for line in lines}
    code, _, lines = monitor(tmp_path, "run", "--once", "--log-json")
    assert code == 0 and lines[0]["event"] == "run"
    code, _, lines = monitor(tmp_path, "crawl", "--log-json", database="postgresql://me:hidden-word@127.0.0.1:9/news")
    assert code == 1 and lines[-1]["event"] == "failed" and "hidden-word" not in json.dumps(lines)
    code, _, lines = monitor(tmp_path, "--config", "absent.toml", "daily", "--log-json")
    assert code == 2 and "absent.toml" in str(lines[0]["message"]) and lines[0]["hint"]
