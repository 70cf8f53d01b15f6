"""Serving the application: granian, one process that watches and one worker process for each of `workers`.

The main process imports the application but never makes one: each worker does, and runs its lifespan. A worker that
dies is made anew; one that dies again within seconds ends the whole, with exit status 1. A worker never outlives the
main process, not even one killed by SIGKILL. `leaving.py` says how a worker ends, `handover.py` how a server takes over
from another.
"""

import asyncio
import ctypes
import gc
import importlib
import logging
import logging.config
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import granian._signals
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server as EmbeddedServer
from granian.server.mp import MPServer

from paydesk.base import files
from paydesk.http import handover, listening
from paydesk.http.handover import Handed, Relief, Successor
from paydesk.http.leaving import Serving, stop_by_signals
from paydesk.http.request_log import JsonLines, TextLines
from paydesk.settings import Settings

log = logging.getLogger("paydesk")

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
    handed: Handed | None = None,
    successor: Successor | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish.

    started       called once the first workers were started (they may not answer yet), in the main thread
    application   `module:function`; the function makes an ASGI application of `Settings`
    handed        what the server before, or systemd, leaves to this one
    successor     what takes over at SIGHUP; without one, SIGHUP is an end like SIGTERM
    raises        CannotListen; SystemExit(1) when the workers keep dying
    """
    handed = handed or Handed()
    listeners = _listeners(settings, handed)
    files.raise_limit()
    module, _, function = application.partition(":")
    # Where workers are forked, this makes their start, and a restart after a crash, a matter of milliseconds; and a
    # mistake in the code is one traceback here, not a row of dying workers.
    importlib.import_module(module)
    if sys.platform == "linux":
        # As Python does there before 3.14.
        multiprocessing.set_start_method("fork", force=True)
    server = _Server(
        target=application,
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
    server.started, server.successor, server.listeners = started, successor, listeners
    server.relief = relief = Relief(settings.workers, handed.workers, grace_seconds)
    loader = partial(
        _application,
        settings,
        module,
        function,
        os.getpid(),
        [listener.fileno() for listener in listeners],
        relief.ready if multiprocessing.get_start_method() == "fork" else None,
    )
    server.serve(target_loader=loader, wrap_loader=False)


def _listeners(settings: Settings, handed: Handed) -> list[socket.socket]:
    """One socket for each worker, or one that all share."""
    listeners = handed.listeners or listening.listen(settings.host, settings.port, settings.workers)
    if len(listeners) not in (1, settings.workers):
        raise listening.CannotListen(
            listening.Reason.OTHER, f"{len(listeners)} sockets were handed over; there is to be one."
        )
    return listening.prepared(listeners, BACKLOG)


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
    """granian's, on sockets of ours, with a way to make room for another server."""

    started: Callable[[], None] | None = None
    successor: Successor | None = None
    listeners: Sequence[socket.socket]
    relief: Relief
    had_terminal = False
    """Whether it was started from a terminal: SIGHUP says when that is closed, too."""

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        # A program that `nohup` started is to outlive its terminal.
        outlives = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        self.had_terminal = not outlives and _has_terminal()
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        if outlives and self.successor is None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.relief.begin()
        if self.started is not None:
            self.started()

    def _init_shared_socket(self) -> None:
        """They are open already; and the handlers of signals stand by now."""
        self._sso = None
        handover.unblock_signals()

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:  # type: ignore[override]
        # Where workers are not forked, the socket itself goes along under the same number.
        self._sso = self.listeners[idx % len(self.listeners)]
        holder: Any = SocketHolder
        self._shd = holder(self._sso.fileno(), False, BACKLOG)
        return super()._spawn_worker(idx, target, callback_loader)

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """At SIGHUP: let the successor take over, or else go on as before."""
        self.reload_signal = False
        if self.successor is None or (self.had_terminal and not _has_terminal()):
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
            return
        self.main_loop_interrupt.clear()
        if self.interrupt_children:
            self.main_loop_interrupt.set()
        handover.tell("RELOADING=1")
        log.warning("told to make room for a new server")
        if self.successor.fits():
            self._make_room(self.successor)
        else:
            log.error("the new server would not start: this one goes on")
        handover.tell("READY=1")

    def _make_room(self, successor: Successor) -> None:
        if successor.alone and not self.interrupt_signal:
            self._stop_workers()  # type: ignore[no-untyped-call]
        handover.block_signals()
        if self.interrupt_signal:
            handover.unblock_signals()
            return
        successor.run(self.listeners, [worker.inner.pid for worker in self.wrks] + self.relief.left())

    def shutdown(self, exit_code: int = 0) -> None:
        successor = self.successor
        if self.interrupt_children and not self.interrupt_signal and successor and successor.is_due():
            log.warning("the database was migrated by a newer paydesk, so a worker that died cannot be made anew")
            if successor.fits():
                self._make_room(successor)
        handover.tell("STOPPING=1")
        if self.interrupt_signal:
            # Ctrl-C reaches the workers as well; one that was faster than us has not failed.
            self.interrupt_children.clear()
        self.relief.end()
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]
        finally:
            self.relief.wait()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _application(
    settings: Settings, module: str, function: str, parent: int, listeners: Sequence[int], ready: int | None
) -> Any:
    """Runs in a worker, before its event loop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # Until the loop listens to them; the main process's own handlers were inherited.
        signal.signal(number, signal.SIG_DFL)
    # It is for the main process, and may come to the whole group.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    die_with_parent(parent)
    serving = Serving(getattr(importlib.import_module(module), function)(settings), ready)
    granian._signals.set_loop_signals = partial(stop_by_signals, serving, listeners)
    # What was imported stays for good; and a request's objects end with it, by their counts of references.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    return serving


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
    line = {"()": TextLines, "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
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
