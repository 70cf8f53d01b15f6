"""What the commands say, and what their exit status means.

Answers go to the standard output, everything else (progress, warnings, errors) to the standard error. rich is imported
when something is said: it would double the time that `paydesk --help` takes.
"""

import sys
from enum import IntEnum
from functools import cache
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    """What was asked could not be done."""
    USAGE = 2
    """The command line, a setting or what it names (a folder, a key file) is wrong; nothing was tried."""
    DATABASE = 3
    """The database cannot be reached, or `paydesk migrate` has not been run."""
    ATTENTION = 4
    """All was done, and something needs a person's attention."""


@cache
def out() -> "Console":
    return _console(stderr=False)


@cache
def err() -> "Console":
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    # Lines are left whole, so that what they say can be copied and searched for.
    return Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=True)


def safe(text: object) -> str:
    """Text of others' between our own markup."""
    from rich.markup import escape

    return escape(str(text))


def fail(message: str, *, hint: str | None = None, exit: Exit = Exit.FAILED) -> NoReturn:
    """Say what is wrong and end the command."""
    complain(message)
    if hint:
        err().print(f"  {safe(hint)}", style="dim")
    raise typer.Exit(exit)


def complain(message: str) -> None:
    err().print(f"[bold red]error:[/] {safe(message)}")


def done(message: str) -> None:
    err().print(f"[green]✓[/] {safe(message)}")


def own_name() -> str:
    """What a person on this machine types for `paydesk`."""
    if which("paydesk"):
        return "paydesk"
    beside = Path(sys.executable).with_name("paydesk")
    if not beside.exists():
        return "python -m paydesk"
    here = Path.cwd()
    return str(beside.relative_to(here)) if beside.is_relative_to(here) else str(beside)


def rows(pairs: list[tuple[str, object]]) -> None:
    """Names and values, one pair a line."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        out().print(f"[dim]{safe(name.ljust(width))}[/]  {safe(value)}")
