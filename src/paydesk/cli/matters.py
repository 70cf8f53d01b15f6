"""`paydesk matters`."""

from typing import TYPE_CHECKING, Annotated

import typer

from paydesk.cli.groups import Mode, Version, number
from paydesk.cli.running import finish, opened, settings_of
from paydesk.cli.screen import Exit

if TYPE_CHECKING:
    from paydesk.operations.told.attending import Attending


def matters(
    organization: Annotated[
        str | None, typer.Option("--organization", "-o", metavar="SLUG", help="Only this organization's, by its slug.")
    ] = None,
    mode: Annotated[Mode | None, typer.Option(help="Only test or live.")] = None,
    limit: Annotated[
        int, typer.Option(parser=number(1), metavar="NUMBER", help="How many to show; --json tells all.")
    ] = 100,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """List what needs a person's attention, and what to do about it.

    Money held or taken for an order that is not placed, or beside what it costs; an authorization that is gone or ends
    soon; a refund that failed; a payment whose order is not here; a dispute that waits for an answer. The longest
    first. It only reads, asks no gateway, and may be run beside a server. Ends with 4 while there is any.
    """
    from paydesk.base.instants import instant
    from paydesk.cli.screens import attending as screen
    from paydesk.operations.told.attending import attending

    async def found() -> "Attending":
        async with opened(settings_of(), reading=True) as parts:
            return await attending(parts, organization, mode and mode.value, instant(parts.clock()))

    told = finish(found())
    if json:
        screen.as_json(told)
    else:
        screen.show(told, limit)
    if told.matters:
        raise typer.Exit(Exit.ATTENTION)
