"""One process at a time: for a data directory, and for an SQLite database that is served."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from paydesk.base import private
from paydesk.settings import Settings

PATIENCE_SECONDS = 2.0
"""A worker left by a killed process holds the lock until the kernel ends it, within milliseconds."""


class InUse(Exception):
    """Another process holds what was asked for."""


@contextmanager
def hold(lock: Path, what: str, held: int | None = None) -> Iterator[int]:
    """Hold a lock file, in which this process's id is written, to the end of the block; the open file.

    The kernel gives the lock back when this process and the workers it forked are gone, however they went.
    held     the open file of a server before, which holds it already in this very process
    raises   InUse, naming `what` and the process that holds it
    """
    private.make_folder(lock.parent)
    if held is not None:
        with open(held, "r+", encoding="ascii"):
            if os.path.samestat(os.fstat(held), lock.stat()):
                yield held
                return
    with open(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as stream:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    holder = stream.read().strip()
                    raise InUse(
                        f"{what} is in use by another paydesk" + f" (process {holder})" * bool(holder)
                    ) from None
                time.sleep(0.05)
        stream.seek(0)
        stream.truncate()
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield stream.fileno()


@contextmanager
def hold_database(settings: Settings, held: int | None = None) -> Iterator[int | None]:
    """Hold the SQLite database to be served, as `hold` does; PostgreSQL needs no such thing."""
    with ExitStack() as stack:
        lock = None
        if settings.on_sqlite:
            file = settings.sqlite_file
            lock = stack.enter_context(hold(file.with_name(file.name + ".lock"), f"The database {file}", held))
        yield lock
