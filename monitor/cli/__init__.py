"""The command line: parse, call, print. Data goes to stdout, everything else to stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 partly done.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Annotated

import typer

import monitor
from monitor.cli import deliver, gather, judge, read, report, run, settings, sources, stories, tools, upkeep, web
from monitor.cli.context import Context
from storage.errors import NO_MEMORY, MediaMonitorError, out_of_memory

_PATIENCE_S = 3.0  # for threads to end when a command has failed
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

app = typer.Typer(
    name="monitor",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Watch the news for FPT, Mila and FUNiX (or any names) and make one daily digest of new coverage.",
    epilog="Start with `monitor demo` (no internet needed) or `monitor daily`. Settings: `monitor init`, `monitor config`.",
)
for module in (gather, run, read, stories, report, deliver, sources, settings, tools, judge, upkeep, web):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"media-monitor {monitor.__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="MONITOR_CONFIG", help="Configuration file (default: monitor.toml here, if any)."),
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", help="Database URL or SQLite file; also MONITOR_DATABASE_URL.", show_default=False)
    ] = None,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="More on stderr; twice for Scrapy's own log.")] = 0,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Options that stand before every command."""
    ours = context.ensure_object(Context)
    ours.config_path, ours.database, ours.verbose = config, database, verbose


def complain(ours: Context, message: str, hint: str | None = None) -> None:
    """Tell on stderr what went wrong and what to do next."""
    if ours.log_json:
        ours.log.say("failed", message, level="error", hint=hint)
        return
    ours.log.say("failed", f"monitor: {message}")
    if hint:
        ours.log.say("failed", f"  -> {hint}")


def _settle() -> None:
    """Keep the interpreter from complaining at exit of what stdout cannot take: the reader of a pipe (head, less) has gone, a disk is full."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _hush_lack_of_memory() -> None:
    """Keep Python from showing where memory ran out in what nobody can catch (a thread, an object's end, a log line): the command says that it did."""
    logging.raiseExceptions = False
    of_objects, of_threads = sys.unraisablehook, threading.excepthook

    def unraisable(found: sys.UnraisableHookArgs) -> None:
        if found.exc_value is None or not out_of_memory(found.exc_value):
            of_objects(found)

    def in_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is None or not out_of_memory(found.exc_value):
            of_threads(found)

    sys.unraisablehook, threading.excepthook = unraisable, in_thread


def main() -> None:
    """Run the command line; ends the process."""
    try:
        _main()
    except SystemExit as end:
        if end.code not in {0, None}:
            _wait_no_longer(end.code)
        raise
    except Exception as error:  # what was to be said could not be: without memory words fail, too
        if not out_of_memory(error):
            raise
        os.write(2, b"monitor: " + "\n  -> ".join(NO_MEMORY).encode() + b"\n")
        os._exit(1)


def _wait_no_longer(code: object) -> None:
    """End the process where a thread would keep it for ever: Twisted's go on waiting for work if there was no memory to end them in order."""
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    until = time.monotonic() + _PATIENCE_S
    for one in others:
        one.join(max(until - time.monotonic(), 0.0))
    if any(one.is_alive() for one in others):
        _settle()
        os._exit(code if isinstance(code, int) else 1)


def _main() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that says it is ASCII must not stop a Vietnamese headline.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="replace")
    _hush_lack_of_memory()
    ours = Context()
    try:
        _run(ours)
    except MediaMonitorError as error:
        complain(ours, str(error), error.hint)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain(ours, "interrupted")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)  # the reader has gone: that is its right
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # click saw it first, and ends with 1
            sys.exit(0)
        raise
    except Exception as error:  # a fault of ours: Python shows it, except where a program reads stderr
        _explain(ours, error)
        if not ours.log_json:
            raise
        told = "".join(traceback.format_exception(error))
        ours.log.say("failed", f"{type(error).__name__}: {error}", level="error", traceback=told)
        sys.exit(1)
    finally:
        _settle()


def _run(ours: Context) -> None:
    try:
        app(prog_name="monitor", obj=ours)
    except SystemExit:
        sys.stdout.flush()  # while it can still be told what goes wrong with it
        raise


def _explain(ours: Context, error: Exception) -> None:
    """End with a sentence where an error that nobody expected has its reason in the machine: memory, stdout, or the file we read from."""
    if out_of_memory(error):
        complain(ours, *NO_MEMORY)
        sys.exit(1)
    if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
        complain(ours, f"the output cannot be written: {error.strerror}", "make room where it goes, and give the command again")
        sys.exit(1)
    try:
        damaged = ours.damage()
    except MemoryError:  # so that was it: libraries do not always say so
        complain(ours, *NO_MEMORY)
        sys.exit(1)
    if damaged:
        complain(ours, str(damaged), damaged.hint)
        sys.exit(damaged.exit_code)
