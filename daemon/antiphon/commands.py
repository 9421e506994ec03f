"""From errors to exit codes: the one door through which both command lines run.

0 done, 1 failed while working, 2 bad usage or bad input, 130 stopped with Ctrl-C; what went wrong in one line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from antiphon.errors import DEBUG, UserError
from antiphon.streams import bear_any_letter, say


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and leave the process with its exit code.

    Args:
        app: the commands; its name stands before every message.
        arguments: what was typed; by default `sys.argv[1:]`.
    """
    name = app.info.name or "antiphon"
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    bear_any_letter()
    sys.exit(_exit_code(app, name, arguments))


def _exit_code(app: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    try:
        code = app(arguments, prog_name=name, standalone_mode=False)
    except UserError as error:
        return _say(name, str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:  # the last door: whatever comes here ends the program
        if hasattr(error, "format_message"):
            return _usage(name, error)
        if os.environ.get(DEBUG):
            raise
        return _say(name, f"{_in_words(error)} ({DEBUG}=1 shows where)", 1)
    return code if isinstance(code, int) else 0


def _say(name: str, message: str, code: int) -> int:
    say(f"{name}: {' '.join(message.split())}", err=True)
    return code


def _usage(name: str, error: Any) -> int:
    """Say what the command line's parser found wrong. Its errors are Typer's own or click's, by Typer's version."""
    message = error.format_message().strip()
    if type(error).__name__ == "NoArgsIsHelpError":  # a command was typed without anything: its whole help
        for line in message.splitlines():
            say(line, err=True)
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else name
    message = message.replace("Value error, ", "").rstrip(".")
    end = "" if message.endswith("?") else "."
    return _say(command, f"{message}{end} '{command} --help' shows what there is", int(error.exit_code))


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"
