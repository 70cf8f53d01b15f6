"""How a command is run: with which settings, and what is said where it cannot be."""

from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from paydesk.cli.screen import Exit, complain, err, fail

if TYPE_CHECKING:
    from paydesk.app import Parts
    from paydesk.http.listening import CannotListen
    from paydesk.settings import Settings


T = TypeVar("T")


def settings_of(**given: Any) -> "Settings":
    """The settings; ends the command where they are wrong."""
    from paydesk.settings import SettingsError, read

    try:
        return read(**given)
    except SettingsError as error:
        for variable, problem in error.mistakes.items():
            complain(f"{variable} {problem}")
        err().print("  All settings are listed by `paydesk serve --help`.", style="dim")
        raise typer.Exit(Exit.USAGE) from None


def beside_dev(settings: "Settings") -> "Settings":
    """With the sandbox for Stripe that a `paydesk dev` of this data directory has started, if one runs."""
    from json import loads

    from paydesk.cli.sandboxed import running

    if settings.stripe_api_base is not None:
        return settings
    # Where it is not there or cannot be read, no `dev` of ours runs there.
    with suppress(OSError, ValueError, KeyError, TypeError):
        file = settings.data_dir / "credentials.json"
        return replace(settings, stripe_api_base=loads(file.read_text(encoding="utf-8"))["stripe"]["api_base"])
    # Its credentials may be elsewhere; the sandbox that it started is not.
    return replace(settings, stripe_api_base=running(settings.data_dir / "dev.json"))


@asynccontextmanager
async def opened(settings: "Settings", **options: Any) -> AsyncIterator["Parts"]:
    """The parts of a process, for the length of a command. Options are those of `Parts.open`, which raises."""
    from paydesk.app import Parts

    parts = await Parts.open(settings, **options)
    try:
        yield parts
    finally:
        await parts.recovery.stop()
        await parts.close()


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run what changes the database, and say what went wrong in a sentence."""
    import asyncio

    from paydesk.base.errors import Refusal, Unavailable, reason_of
    from paydesk.operations.names import Unknown
    from paydesk.operations.undone import Undone

    with told_plainly():
        try:
            return asyncio.run(work)
        except Unavailable as error:
            fail(reason_of(error))
        except Refusal as error:
            fail(str(error))
        except Undone as error:
            fail(str(error), hint=error.hint, exit=Exit.USAGE if error.usage else Exit.FAILED)
        except Unknown as error:
            fail(str(error))


@contextmanager
def told_plainly() -> Iterator[None]:
    """Say in a sentence what stands against a command that nobody could have carried out: a database that is not there,
    a key file that is not the database's, a folder that cannot be read or written.
    """
    from paydesk.store import schema

    try:
        yield
    except schema.DatabaseUnreachable as error:
        fail(f"The database cannot be reached: {error}", hint="PAYDESK_DATABASE_URL says where.", exit=Exit.DATABASE)
    except schema.NotMigrated as error:
        fail(str(error), exit=Exit.DATABASE)
    except schema.SchemaTooNew as error:
        fail(str(error), hint="Install the paydesk that migrated it, or a newer one.", exit=Exit.DATABASE)
    except OSError as error:
        if error.filename is None:
            raise
        hint = "PAYDESK_DATA_DIR, PAYDESK_DATABASE_URL and PAYDESK_KEY_FILE say where everything is kept."
        fail(f"{error.filename} cannot be used: {error.strerror}", hint=hint, exit=Exit.USAGE)
    except Exception as error:
        # Imported by now, where one of these was raised.
        from paydesk.vault import KeyMissing, NoFolder, SealBroken

        if isinstance(error, NoFolder):
            hint = "PAYDESK_KEY_FILE, or else PAYDESK_DATA_DIR, says where the key file is kept."
            fail(str(error), hint=hint, exit=Exit.USAGE)
        if not isinstance(error, KeyMissing | SealBroken):
            raise
        hint = "PAYDESK_KEY_FILE or PAYDESK_KEYS has to name the keys that this database was sealed with."
        fail(f"The database's secrets cannot be opened: {error}", hint=hint, exit=Exit.USAGE)


def fail_to_listen(error: "CannotListen", *, host: str, port: str) -> NoReturn:
    """End a command that cannot listen on its address, with what to do. `host` and `port` are what sets them."""
    from paydesk.http.listening import Reason

    hints = {
        Reason.IN_USE: f"Choose another port with {port}, or end the process that listens there.",
        Reason.FORBIDDEN: f"Choose a higher port with {port}. For one like this in production put a proxy in front, "
        "or give the service the capability CAP_NET_BIND_SERVICE.",
        Reason.NO_ADDRESS: f"Choose another address with {host}: 127.0.0.1 is for this machine alone, 0.0.0.0 for all "
        "its addresses.",
        Reason.OTHER: f"Choose others with {host} and {port}.",
    }
    fail(str(error), hint=hints[error.reason])
