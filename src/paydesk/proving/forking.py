"""A process that has imported paydesk and forks servers on demand: `python -m paydesk.proving.forking LOG`.

A server's start costs a tenth of a second this way, as that of a worker of `paydesk serve` does. Reads one line of JSON
for each server from its standard input, `{"port": 8000, "crash_at": "", "background": true}`, and tells of each birth
`{"born": 4711}` and each death `{"died": 4711, "status": -9}` on its standard output. The settings come from the
environment. When it ends, the servers end.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any

import paydesk.app
import paydesk.gateways.stripe
import paydesk.store.engines.postgres
import paydesk.store.engines.sqlite
from paydesk import commerce
from paydesk.base import crash
from paydesk.http import serving
from paydesk.settings import Settings, read


def main(log: str) -> None:
    settings = read()
    commerce.registry()
    commerce.plans()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _bury)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        parent = os.getpid()
        # Its death must not be told before its birth.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        child = os.fork()
        if not child:
            _serve(settings, asked, log, parent)
        _tell(born=child)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _serve(settings: Settings, asked: dict[str, Any], log: str, parent: int) -> None:
    """Be a server; does not return."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        serving.die_with_parent(parent)
        with open(log, "ab", buffering=0) as stream, open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        crash.arm(asked["crash_at"])
        application = paydesk.app.Application(settings, background=asked["background"])
        serving.serve_alone(application, settings, asked["port"])
    finally:
        os._exit(1)


def _bury(*_: Any) -> None:
    with suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            _tell(died=child, status=os.waitstatus_to_exitcode(status))


def _tell(**what: int) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
