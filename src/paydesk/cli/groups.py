"""What all groups of commands have in common."""

from enum import StrEnum
from typing import Annotated

import typer

from paydesk import __version__
from paydesk.cli.screen import out

EXIT_CODES = (
    "Exit status: 0 done, 1 failed, 2 wrong usage, settings or key file, 3 database not reachable or not migrated."
)


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


def group(help: str) -> typer.Typer:
    made = typer.Typer(
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
