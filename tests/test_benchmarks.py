"""The list of benchmarks is true: each name is a module that can be run, and each module that can be run has a name."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES, ON_REQUEST, description, main

FOLDER = Path(__file__).parents[1] / "benchmarks"


def test_the_names_are_the_modules_with_a_main() -> None:
    found = set()
    for path in FOLDER.glob("*.py"):
        functions = [node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        if "main" in functions and path.stem != "__main__":
            found.add(path.stem)
    assert found == set(NAMES) | set(ON_REQUEST)


@pytest.mark.parametrize("name", (*NAMES, *ON_REQUEST))
def test_a_benchmark_can_be_loaded_and_its_settings_are_told(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    asked = {
        node.args[0].value
        for node in calls
        if ast.unparse(node.func) in {"os.environ.get", "folders"} and isinstance(node.args[0], ast.Constant)
    }
    assert {one for one in asked if one not in description(name)} == set()


def test_help_shows_each_and_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--help"])
    assert main() == 0
    said = capsys.readouterr().out.splitlines()
    assert set(NAMES) | set(ON_REQUEST) <= set(said)
    monkeypatch.setattr("sys.argv", ["benchmarks", "poll"])
    assert main() == 2
    assert "poll" in capsys.readouterr().err
