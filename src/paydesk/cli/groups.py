"""What all groups of commands have in common."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from paydesk import __version__
from paydesk.cli.screen import out

EXIT_CODES = (
    "Exit status: 0 done, 1 failed, 2 wrong usage, settings or key file, 3 database not reachable or not migrated, "
    "4 something needs a person's attention."
)


LONGEST_SENTENCE = 400


def _show_version(asked: bool) -> None:
    if asked:
        out().print(f"paydesk {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
]


class Mode(StrEnum):
    TEST = "test"
    LIVE = "live"


def number(least: int, most: int | None = None) -> Callable[[str], int]:
    """What reads an option that is a whole number. typer's own ranges would write `[1<=x<=65535]` into the help."""

    def read(text: str) -> int:
        try:
            given = int(text)
        except ValueError:
            raise typer.BadParameter(f"{text} is no whole number.") from None
        if given < least or (most is not None and given > most):
            limits = f"at least {least}" if most is None else f"from {least} to {most}"
            raise typer.BadParameter(f"{given} is not {limits}.")
        return given

    return read


PORT = number(1, 65_535)


class Group(TyperGroup):
    """A group whose help tells of each command in a whole sentence: typer cuts what is longer than a line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(LONGEST_SENTENCE)) for name, one in commands if one])


def group(help: str) -> typer.Typer:
    made = typer.Typer(
        cls=Group,
        help=help,
        epilog=EXIT_CODES,
        no_args_is_help=True,
        rich_markup_mode=None,  # typer's help by rich takes 0.3 s to import
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    made.callback()(_root)
    return made


def _root(version: Version = False) -> None:
    pass
