"""What the commands say, and what their exit status means.

Answers go to the standard output, everything else (progress, warnings, errors) to the standard error. rich is imported
when something is said: it would double the time that `paydesk --help` takes.

Names, messages and metadata were written by shoppers and by gateways. So nothing reaches the terminal but by a console
made here, which spells out whatever a terminal would obey.
"""

import errno
import json
import os
import sys
from enum import IntEnum
from functools import cache
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from paydesk.base.printable import one_line, printable

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
    return console(stderr=False)


@cache
def err() -> "Console":
    return console(stderr=True)


def console(*, stderr: bool = False, folds: bool = False, width: int | None = None) -> "Console":
    """A console that shows only what is printable. Lines are left whole, so that what they say can be copied and
    searched for, unless it `folds` them, as a table needs it.
    """
    from rich.console import Console

    class Printable(Console):
        def print(self, *objects: Any, **options: Any) -> None:
            try:
                super().print(*(printable(one) if isinstance(one, str) else one for one in objects), **options)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                # The terminal was closed. Nobody reads what is said, and that is no reason to leave anything half done.
                with open(os.devnull, "wb") as nobody:
                    os.dup2(nobody.fileno(), self.file.fileno())

    return Printable(stderr=stderr, width=width, highlight=False, emoji=False, soft_wrap=not folds)


def safe(text: object) -> str:
    """Text of others' between our own markup, in one line."""
    from rich.markup import escape

    return escape(one_line(str(text)))


def say(text: str) -> None:
    """A line of an answer, as it stands."""
    out().print(one_line(text), markup=False)


def write_json(what: Any) -> None:
    """An answer in JSON, for a program."""
    out().print(json.dumps(what, indent=2, ensure_ascii=False), markup=False)


def fail(message: str, *, hint: str | None = None, exit: Exit = Exit.FAILED) -> NoReturn:
    """Say what is wrong and end the command."""
    complain(message)
    if hint:
        err().print(f"  {safe(hint)}", style="dim")
    raise typer.Exit(exit)


def complain(message: str) -> None:
    """Say what is wrong; the further lines of a message are what a process said last."""
    first, *further = message.splitlines() or [""]
    err().print(f"[bold red]error:[/] {safe(first)}")
    for one in further:
        err().print(safe(one))


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
