"""Configurations written for a test, loaded or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from monitor import config_sources
from monitor.config import Config, load_config
from monitor.packs import GROUPS, SEARCHES, serving
from storage.errors import ConfigError


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
