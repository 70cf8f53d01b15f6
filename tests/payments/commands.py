"""The command line, run in this process against a test's database, beside its application."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from paydesk.cli.commands import cli
from tests.acts.crashes import environment_of
from tests.payments.conftest import Running


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def paydesk(running: Running, *arguments: str, given: str = "", **variables: str) -> Said:
    """Run `paydesk` with these arguments in a thread of its own, since a command has an event loop of its own.

    given       what its standard input has
    variables   of its environment, beside those of the test's settings
    """
    environment = {**environment_of(running.settings), "COLUMNS": "80", **variables}
    ended = await asyncio.to_thread(CliRunner().invoke, cli, arguments, input=given, env=environment)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Said(ended.exit_code, ended.stdout, ended.stderr)
