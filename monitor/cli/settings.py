"""Commands about the configuration: `init`, `config`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import context_of
from storage.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(init)
    app.command()(config)


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("monitor.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented configuration to start from. Every key is optional."""
    from monitor.config import starter_text
    from monitor.files import write_text

    if path.exists() and not force:
        raise UsageError(f"{path} is there already", hint="edit it, name another file, or replace it with --force")
    write_text(path, starter_text())
    print(f"written: {path}", file=sys.stderr)


def config(context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False) -> None:
    """Show the configuration in force, defaults included; secrets are never shown."""
    ours = context_of(context)
    if as_json:
        import json

        print(json.dumps(ours.config.as_dict(), ensure_ascii=False, indent=2))
    else:
        print(ours.config.as_toml(), end="")
