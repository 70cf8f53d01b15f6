"""What keeps an installation going: migrating, recovering, backups, which copy acts."""

from pathlib import Path
from typing import Annotated

import typer

from paydesk.cli.groups import Version
from paydesk.cli.running import finish, opened, settings_of, told_plainly
from paydesk.cli.screen import Exit, done, fail


def migrate(version: Version = False) -> None:
    """Bring the database to the newest schema.

    Safe to run again, and while processes of the release before serve.
    """
    settings = settings_of()

    from paydesk.store import migrate as migrations

    with told_plainly():
        revision = migrations.upgrade(settings.database_url)
    done(f"The database is at revision {revision}.")


def recover(version: Version = False) -> None:
    """Finish what was left open.

    That is gateway calls without an answer, events not worked yet, events that Stripe's own list has and no webhook
    brought, and payments whose time has come to be looked at. A server does so by itself, all the time. This is for a
    server that is down, and to see what is left. Ends with 1 while something is, or where a gateway did not answer.
    """
    settings = settings_of()

    from paydesk.cli.holding import InUse, hold_database
    from paydesk.cli.screens import recovery
    from paydesk.operations.recover import Recovered
    from paydesk.operations.recover import recover as recover_now

    async def recovered() -> Recovered:
        async with opened(settings) as parts:
            return await recover_now(parts)

    try:
        with told_plainly(), hold_database(settings):
            ended = finish(recovered())
    except InUse as error:
        fail(str(error), hint="That process recovers by itself.")
    recovery.show(ended)
    if ended.is_left:
        raise typer.Exit(Exit.FAILED)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; a file that is not there yet.")],
    version: Version = False,
) -> None:
    """Copy the SQLite database to a file, whole, also while it is served.

    It says which keys are to be kept with it. On PostgreSQL it says what to run instead, and ends with 1.
    """
    settings = settings_of()

    from paydesk.cli import backing_up

    with told_plainly():
        backing_up.save(settings, file)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `paydesk backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put the database aside that is there.")] = False,
    version: Version = False,
) -> None:
    """Put a backup in the SQLite database's place, while nobody serves it.

    The keys it was sealed with have to be there. It says what is to be done next.
    """
    settings = settings_of()

    from paydesk.cli import backing_up
    from paydesk.cli.holding import InUse, hold_database

    try:
        with told_plainly(), hold_database(settings):
            backing_up.restore(settings, file, replace=replace)
    except InUse as error:
        fail(str(error), hint="Stop that one first.")


def adopt_installation(version: Version = False) -> None:
    """Have this installation be the one that acts at its gateways.

    Where an installation is there twice with the same keys (a copy, a restored backup, a database that was moved), the
    one that finds a younger one at work asks Stripe for nothing that has an effect. This makes it the younger one: the
    other stops within minutes. Stop that one first.
    """
    settings = settings_of()

    async def adopted() -> int:
        async with opened(settings) as parts:
            return await parts.owner.adopt()

    with told_plainly():
        marked = finish(adopted())
    done(f"This installation acts from now on; it is written at {marked} webhook endpoints.")
