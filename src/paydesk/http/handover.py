"""One server takes over from another without a refused connection: the listening sockets stay open all the time.

They come in by systemd's protocol (LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; the files from 3 on), from systemd where
it activates a socket, or from the server before. That one, told by SIGHUP to make room, becomes the new one: its
program is run anew in the same process (`exec`), so that the process id stays and whatever supervises it sees no end.

On PostgreSQL the former workers go on until the new ones are ready, then leave. An SQLite database belongs to one
process: its worker leaves first, and connections wait in the backlog until the next one is ready. The lock on the
database goes along, so that nothing else can take it in between.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from paydesk.store import schema

log = logging.getLogger("paydesk")

FIRST = 3
"""The first file that is handed over; those below are the standard streams."""
LOCK = "lock"
FORMER = "PAYDESK_FORMER_WORKERS"
"""The process ids of workers that are to leave once the new ones are ready."""
CHECK_SECONDS = 60.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class HandedWrongly(Exception):
    """What was handed over is no socket to serve on; the text is a sentence for a person."""


@dataclass
class Handed:
    """What this process was started with."""

    listeners: list[socket.socket] = field(default_factory=list)
    lock: int | None = None
    """The file that holds the lock on an SQLite database."""
    workers: list[int] = field(default_factory=list)
    """Workers of the server before, which are children of this process."""


def received() -> Handed:
    """Take what was handed over out of the environment, where no child finds it and takes it for its own.

    raises   HandedWrongly
    """
    process, count, names, former = (
        os.environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", FORMER)
    )
    handed = Handed()
    if process != str(os.getpid()) or not count.isdigit():
        return handed
    named = names.split(":")
    for index in range(int(count)):
        file = FIRST + index
        os.set_inheritable(file, False)
        if named[index : index + 1] == [LOCK]:
            handed.lock = file
        else:
            handed.listeners.append(_listener(file))
    handed.workers = [int(worker) for worker in former.split(",") if worker.isdigit()]
    return handed


def _listener(file: int) -> socket.socket:
    listener = socket.socket(fileno=file)
    if listener.family not in (socket.AF_INET, socket.AF_INET6) or listener.type != socket.SOCK_STREAM:
        raise HandedWrongly("The socket that was handed over is none of TCP (ListenStream= of a systemd socket).")
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise HandedWrongly("The socket that was handed over takes no connections (Accept=no of a systemd socket).")
    return listener


@dataclass(frozen=True)
class Successor:
    """The server that takes over at SIGHUP: the same command, as it is installed by then."""

    database_url: str
    lock: int | None = None
    """The file that holds the lock on an SQLite database."""

    @property
    def alone(self) -> bool:
        """No two may serve at a time."""
        return self.database_url.startswith("sqlite:")

    def is_due(self) -> bool:
        """Whether the database was migrated by a newer release, so that no worker of this one can start any more."""
        try:
            schema.check(self.database_url)
        except schema.SchemaTooNew:
            return True
        except (schema.NotMigrated, schema.DatabaseUnreachable):
            pass
        return False

    def fits(self) -> bool:
        """Whether it could serve, tried in a process of its own: where it could not, the present one stays."""
        try:
            check = [*_command(), "--check"]
            return subprocess.run(check, stdin=subprocess.DEVNULL, timeout=CHECK_SECONDS, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("the new server cannot be tried: %s", error)
            return False

    def run(self, listeners: Sequence[socket.socket], workers: Sequence[int]) -> None:
        """Become it. Does not return."""
        files = [listener.fileno() for listener in listeners] + ([] if self.lock is None else [self.lock])
        names = ["listener"] * len(listeners) + ([] if self.lock is None else [LOCK])
        # By way of high numbers, so that none is overwritten before it is moved.
        moved = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, FIRST + len(files)) for file in files]
        for index, file in enumerate(moved):
            os.dup2(file, FIRST + index)
        environment = os.environ | {
            "LISTEN_PID": str(os.getpid()),
            "LISTEN_FDS": str(len(files)),
            "LISTEN_FDNAMES": ":".join(names),
            FORMER: ",".join(map(str, workers)),
        }
        command = _command()
        os.execve(command[0], command, environment)  # noqa: S606


def _command() -> list[str]:
    """How this program was started: by its name, which may lead to another release by now, or by `python -m`."""
    program = sys.argv[0]
    if os.access(program, os.X_OK) and not program.endswith(".py"):
        return [os.path.abspath(program), *sys.argv[1:]]
    return [sys.executable, *sys.orig_argv[1:]]


class Relief:
    """Waits for this server's workers to be ready, says so, and has those of the server before leave.

    workers   how many of this server's there are
    former    the process ids of the others, children of this process
    """

    def __init__(self, workers: int, former: Sequence[int], grace_seconds: float) -> None:
        self._waits, self.ready = os.pipe()
        self._workers, self._former, self._grace_seconds = workers, list(former), grace_seconds

    def begin(self) -> None:
        threading.Thread(target=self._relieve, name="relief", daemon=True).start()

    def _relieve(self) -> None:
        ready = 0
        while ready < self._workers:
            ready += len(os.read(self._waits, self._workers))
        tell("READY=1")
        self.end()
        self.wait()

    def left(self) -> list[int]:
        """Those of the server before that still run."""
        for worker in tuple(self._former):
            with suppress(ChildProcessError):
                if os.waitpid(worker, os.WNOHANG) == (0, 0):
                    continue
            with suppress(ValueError):
                self._former.remove(worker)
        return list(self._former)

    def end(self) -> None:
        """Have them leave."""
        for worker in self.left():
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGTERM)

    def wait(self) -> None:
        """Until they have left; one that takes longer than its grace is killed."""
        deadline = time.monotonic() + self._grace_seconds
        while left := self.left():
            if time.monotonic() > deadline:
                for worker in left:
                    with suppress(ProcessLookupError):
                        os.kill(worker, signal.SIGKILL)
            time.sleep(0.05)


def block_signals() -> None:
    """Have signals wait for the next server, which takes them once it can."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def unblock_signals() -> None:
    """Take those that came while the server before became this one."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def tell(state: str) -> None:
    """Tell systemd how it stands, where it asked to be told (`Type=notify`)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notice:
        notice.sendto(state.encode(), address)
