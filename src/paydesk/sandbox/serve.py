"""Serving the sandbox: one process, one event loop, ended by a signal or, if wished, with its parent."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from granian.constants import Interfaces
from granian.errors import FatalError
from granian.log import LogLevels
from granian.server.embed import Server

from paydesk.sandbox.http.app import Application, create_app

DEFAULT_PORT = 8001
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends. Only Linux knows how; elsewhere nothing changes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def announce(host: str, port: int, data_dir: Path) -> None:
    """Say where the sandbox listens."""
    print(f"Stripe sandbox on http://{host}:{port}, state in {data_dir}", flush=True)


def serve(host: str, port: int, data_dir: Path) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished.

    raises   SystemExit, saying why, where it cannot start
    """
    gc.collect()
    gc.freeze()  # the modules live as long as the process
    gc.set_threshold(20_000, 20, 50)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    application = create_app(data_dir)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run_server(host, port, application))
    except FatalError:
        if application.failure is None:
            raise
        raise SystemExit(f"The sandbox cannot start in {data_dir}: {application.failure}") from None
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        if "(os error " not in reason:
            raise
        raise SystemExit(f"The sandbox cannot listen on {host}:{port}: {reason}") from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop that costs least; None for Python's own, where there is no other."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def run_server(host: str, port: int, application: Application) -> None:
    """Listen and answer until a signal comes."""
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.warning,
        websockets=False,
        backlog=1024,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, server.stop)
    await server.serve()
