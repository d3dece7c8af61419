"""The files in deploy/ and beside it name what is really there: folders, commands, options, variables, exit codes."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from tests.patience import LONG_S

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deploy/systemd").glob("*.*"))

yaml = pytest.importorskip("yaml")


def known(command: list[str]) -> bool:
    """Whether `monitor ARGUMENTS...` exists and takes these options; nothing is run."""
    result = CliRunner().invoke(app, [*command, "--help"])
    options = [word for word in command[1:] if word.startswith("-")]
    return result.exit_code == 0 and all(option in result.output for option in options)


def unit(path: Path) -> dict[str, dict[str, str]]:
    """A unit file; of a key that stands in it twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {name: dict(parser[name]) for name in parser.sections()}


def test_the_image_holds_the_packages_and_runs_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    copied = {word for line in re.findall(r"(?m)^COPY (?!--)(.*)$", text) for word in shlex.split(line)[:-1]}
    assert packages <= copied and {"pyproject.toml", "constraints.txt", project["project"]["readme"]} <= copied
    for name in copied:
        assert (ROOT / name).exists() and f"!{name}" in ignored and ignored[1] == "*", name
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"(?m)^USER 10001:10001$", last) and "\nVOLUME /data\n" in last
    run, health = (re.findall(rf"(?m){word} (\[.*\])$", last) for word in ("^CMD", "^HEALTHCHECK .* CMD"))
    assert known(["run"]) and run == ['["run"]'] and known(["status"]) and health == ['["monitor", "status", "--alive"]']


def test_compose_and_actions_name_variables_that_mean_something() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    service: dict[str, Any] = compose["services"]["monitor"]
    workflow = (ROOT / "deploy/github-actions.yml").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in [*(ROOT / "monitor").rglob("*.py"), ROOT / "monitor/starter.toml"])
    for name in {*service["environment"], *re.findall(r"MONITOR_[A-Z_]+", workflow)}:
        assert name in code, name
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["init"] and service["stop_grace_period"] == "20s"
    assert compose["services"]["db"]["profiles"] == ["postgres"] and not service["depends_on"]["db"]["required"]
    assert service["configs"][0]["target"] == "/data/monitor.toml"  # where the image looks for it
    jobs = yaml.safe_load(workflow)["jobs"]["digest"]["steps"]
    restore, save = (step["with"] for step in jobs if "actions/cache/" in step.get("uses", ""))
    assert restore["path"] == save["path"] and restore["key"] == save["key"] and save["key"].startswith(restore["restore-keys"])


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_units_run_commands_that_exist(path: Path) -> None:
    service = unit(path)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == "/opt/media-monitor/.venv/bin/monitor" and known(arguments)
    assert "@resources" not in service["SystemCallFilter"]  # readers of hostile documents limit their own memory
    assert service.get("ProcSubset") is None  # a crawl is weighed by /proc
    if "--once" in arguments:
        assert (service["Type"], service["SuccessExitStatus"]) == ("oneshot", "3")
        assert path.with_suffix(".timer") in UNITS and unit(path.with_suffix(".timer"))["Timer"]["Persistent"] == "true"
    else:
        assert service["ExecReload"].endswith("-HUP $MAINPID") and service["RestartPreventExitStatus"] == "2"


def test_the_lines_for_cron_are_commands() -> None:
    lines = [line for line in (ROOT / "deploy/crontab").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line.split("./run.sh ", 1)[1].partition(" >")[0])
        assert known(words) and len(line.split()[:5]) == 5, line


def test_systemd_itself_takes_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze")
    for path in UNITS:  # the program itself is not installed where tests run
        text = (
            path.read_text(encoding="utf-8")
            .replace("/opt/media-monitor/.venv/bin/monitor", "/bin/true")
            .replace("User=media-monitor\n", "")
        )
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))], capture_output=True, text=True, timeout=LONG_S
    )
    said = [line for line in done.stderr.splitlines() if "media-monitor" in line]
    assert not said, said
