"""Serving the sandbox: one process, one event loop, ended by a signal or, if wished, with its parent."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.errors import FatalError
from granian.log import LogLevels
from granian.server.embed import Server

from paydesk.sandbox.http.app import Application, create_app
from paydesk.sandbox.listening import BACKLOG, CannotListen, listen

DEFAULT_PORT = 8010
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends. Only Linux knows how; elsewhere nothing changes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(host: str, port: int, data_dir: Path) -> None:
    """Say where, and serve until SIGINT or SIGTERM; requests in flight are finished.

    raises   SystemExit, saying why, where it cannot start
    """
    gc.collect()
    gc.freeze()  # the modules live as long as the process
    gc.set_threshold(20_000, 20, 50)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    application = create_app(data_dir)
    try:
        listener = listen(host, port)
    except CannotListen as error:
        raise SystemExit(f"The sandbox cannot start. {error}") from None
    shown = f"[{host}]" if ":" in host else host
    print(f"Stripe sandbox at http://{shown}:{port}, its data in {data_dir}. Ctrl-C ends it.", flush=True)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(listener, application))
    except FatalError:
        if application.failure is None:
            raise
        raise SystemExit(f"The sandbox cannot start in {data_dir}: {application.failure}") from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop that costs least; None for Python's own, where there is no other."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def run_server(host: str, port: int, application: Application) -> None:
    """Listen and answer until a signal comes. raises CannotListen"""
    await _run(listen(host, port), application)


async def _run(listener: socket.socket, application: Application) -> None:
    server = _Server(
        application,
        interface=Interfaces.ASGI,
        log_level=LogLevels.warning,
        websockets=False,
        backlog=BACKLOG,
    )
    server.listener = listener
    # It warns of itself; the proof kills and restarts it for hours.
    logging.getLogger("_granian").addFilter(lambda record: "experimental" not in record.getMessage())
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, server.stop)
    await server.serve()


class _Server(Server):
    """granian in this process, on a socket of ours: its own would share the port with whoever listens there."""

    listener: socket.socket

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self.listener.fileno(), False, BACKLOG)  # type: ignore[assignment, call-arg]
        self._sfd = self.listener.fileno()  # type: ignore[assignment]
