"""Serving the application: granian, one process that watches and one worker process for each of `workers`.

The main process imports the application but never makes one: each worker does, and runs its lifespan. A worker that
dies is made anew; one that dies again within seconds ends the whole, with exit status 1. A worker never outlives the
main process, not even one killed by SIGKILL.
"""

import asyncio
import ctypes
import gc
import importlib
import logging
import logging.config
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import granian._signals
from granian._granian import WorkerSignal
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server as EmbeddedServer
from granian.server.mp import MPServer

from paydesk.base import files
from paydesk.http import listening
from paydesk.http.request_log import JsonLines
from paydesk.settings import Settings

APPLICATION = "paydesk.app:create_app"
GRACE_SECONDS = 30
"""How long requests in flight may take to finish after SIGTERM."""
BACKLOG = 4096
"""How many connections may wait to be taken up, where the system allows as many."""
GARBAGE_AFTER = 20_000
"""So many objects more than before are looked through for cycles; Python's own 700 would do so in every request."""
PR_SET_PDEATHSIG = 1


def serve(
    settings: Settings,
    *,
    started: Callable[[], None] | None = None,
    grace_seconds: int = GRACE_SECONDS,
    application: str = APPLICATION,
) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish.

    started       called once the first workers were started (they may not answer yet), in the main thread
    application   `module:function`; the function makes an ASGI application of `Settings`
    raises        CannotListen; SystemExit(1) when the workers keep dying
    """
    address = listening.require_free(settings.host, settings.port)
    files.raise_limit()
    module, _, function = application.partition(":")
    # Where workers are forked, this makes their start, and a restart after a crash, a matter of milliseconds; and a
    # mistake in the code is one traceback here, not a row of dying workers.
    importlib.import_module(module)
    server = _Server(
        target=application,
        address=address,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.auto,
        http=HTTPModes.http1,
        http1_settings=_headers_within(settings.header_timeout),
        websockets=False,
        backlog=BACKLOG,
        backpressure=files.connections(),
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=grace_seconds,
        log_level=LogLevels.info if settings.log_level == "debug" else LogLevels.warning,
        log_dictconfig=_logging(settings),
        ssl_cert=settings.tls_certificate,
        ssl_key=settings.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    server.started = started
    server.serve(target_loader=partial(_application, settings, module, function, os.getpid()), wrap_loader=False)


def serve_alone(application: Any, settings: Settings, port: int) -> None:
    """Serve an ASGI application in this very process, with nobody who makes it anew, until the process is ended."""
    files.raise_limit()

    async def serving() -> None:
        server = EmbeddedServer(
            application,
            address=settings.host,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            http1_settings=_headers_within(settings.header_timeout),
            websockets=False,
            backlog=BACKLOG,
            backpressure=files.connections(),
            log_enabled=False,
        )
        await server.serve()

    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, **_logging(settings)})
    asyncio.run(serving())


def _headers_within(seconds: float) -> HTTP1Settings:
    """Ends a connection on which no request's headers have arrived for so long, also one that had requests before."""
    return HTTP1Settings(header_read_timeout=round(seconds * 1000))


class _Server(MPServer):
    started: Callable[[], None] | None = None

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        if self.started is not None:
            self.started()

    def shutdown(self, exit_code: int = 0) -> None:
        if self.interrupt_signal:
            # Ctrl-C reaches the workers as well; one that was faster than us has not failed.
            self.interrupt_children.clear()
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def _application(settings: Settings, module: str, function: str, parent: int) -> Any:
    """Runs in a worker, before its event loop."""
    die_with_parent(parent)
    granian._signals.set_loop_signals = _stop_once
    made = getattr(importlib.import_module(module), function)(settings)
    # What was imported stays for good; and a request's objects end with it, by their counts of references.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    return made


def _stop_once(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """Set granian's event of a worker's stop at the first signal and at no later one.

    The event's channel holds one value: a third `set` waits for a reader that has left, and holds the interpreter's
    lock meanwhile, so the worker stands still until it is killed. Two presses of Ctrl-C, or the signal of a group
    beside the one of the main process, were enough for that.
    """
    stop = WorkerSignal()
    signals: list[int] = []

    def received(number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, received, number)
    return stop


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent, whose id is given, ends; nothing outside of Linux."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It ended before the kernel was asked.
        os._exit(1)


def _logging(settings: Settings) -> dict[str, Any]:
    """One line a record on the standard error, for granian's records and ours."""
    line = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    handler = {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
    return {
        "formatters": {"line": {"()": JsonLines} if settings.log_format == "json" else line},
        "handlers": {"console": handler},
        "loggers": {
            "_granian": {"handlers": ["console"], "propagate": False},
            # Tells at "info" which class it uses for which database.
            "alembic": {"level": "WARNING"},
        },
        "root": {"handlers": ["console"], "level": getattr(logging, settings.log_level.upper())},
    }
