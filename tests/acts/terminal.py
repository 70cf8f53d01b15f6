"""A command with a terminal of its own, which can be closed."""

import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from tests.processes import group


class Terminal:
    """What a command has been started from, and what it wrote there."""

    def __init__(self) -> None:
        self._ours, self.its = os.openpty()
        self._written = b""

    @property
    def said(self) -> str:
        return self._written.decode().replace("\r\n", "\n")

    def read(self) -> None:
        """Take what was written up to now: a terminal that nobody reads keeps whoever writes to it waiting."""
        while select.select([self._ours], [], [], 0)[0]:
            try:
                self._written += os.read(self._ours, 65536)
            except OSError:
                return  # nobody has it open any more

    def close(self) -> None:
        """As a window is closed: whoever was started from it is sent SIGHUP, and nothing can be written to it."""
        self.read()
        os.close(self._ours)


@contextmanager
def on_terminal(
    *arguments: str, errors: BinaryIO | None = None, **variables: str
) -> Iterator[tuple["subprocess.Popen[bytes]", Terminal]]:
    """`paydesk` with these arguments, in the foreground of a terminal.

    errors   where its standard error goes instead
    """
    terminal = Terminal()

    def take() -> None:
        fcntl.ioctl(terminal.its, termios.TIOCSCTTY, 0)

    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "paydesk", *arguments],
        env=clean | variables,
        start_new_session=True,
        stdin=terminal.its,
        stdout=terminal.its,
        stderr=errors or terminal.its,
        preexec_fn=take,
    )
    os.close(terminal.its)
    try:
        yield process, terminal
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
