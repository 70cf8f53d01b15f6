"""Processes that begin where the imports end: forked from one that has imported all of paydesk once.

Each has an environment and an end of its own and may be killed like any other; it only spares the second of processor
time that importing costs, of which a test needs nothing. What is started as users start it stands in the tests of
`dev`, `serve` and the README.
"""

import importlib
import multiprocessing
import multiprocessing.process
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.imported"])


def run(
    what: Callable[..., None], *arguments: Any, env: Mapping[str, str], given: str = "", seconds: float = 150
) -> "subprocess.CompletedProcess[str]":
    """Call a module's function in a process of its own, with this environment and standard input.

    raises   subprocess.TimeoutExpired, the process being killed, when it takes longer than `seconds`
    """
    with tempfile.TemporaryDirectory(prefix="paydesk-forked-") as name:
        folder = Path(name)
        (folder / "0").write_text(given)
        process = _started(folder, env, what, arguments)
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(
                what.__name__, seconds, (folder / "1").read_text(), (folder / "2").read_text()
            )
        code = process.exitcode
        process.close()
        return subprocess.CompletedProcess(arguments, code, (folder / "1").read_text(), (folder / "2").read_text())


@contextmanager
def running(what: Callable[..., None], *arguments: Any, env: Mapping[str, str]) -> Iterator[int]:
    """Such a process until the end of the block, which kills it; gives its process id."""
    with tempfile.TemporaryDirectory(prefix="paydesk-forked-") as name:
        folder = Path(name)
        (folder / "0").write_text("")
        process = _started(folder, env, what, arguments)
        assert process.pid is not None, "it was started"
        try:
            yield process.pid
        finally:
            process.kill()  # which also ends one that is stopped
            process.join()
            process.close()


def _started(
    folder: Path, env: Mapping[str, str], what: Callable[..., None], arguments: tuple[Any, ...]
) -> multiprocessing.process.BaseProcess:
    process = _context.Process(target=_begin, args=(folder, dict(env), what, arguments))
    process.start()
    return process


def paydesk(*arguments: str, typed: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    """The command `paydesk`, without the settings of whoever runs the tests. `typed` is what its standard input has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    return run(_command, *arguments, env=kept | variables, given=typed)


def _command(*arguments: str) -> None:
    from paydesk.cli import main

    sys.argv = ["paydesk", *arguments]
    main()


def _begin(folder: Path, environment: dict[str, str], what: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    from paydesk.base import crash

    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)):
        stream = os.open(folder / str(number), mode)
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, closefd=False)  # multiprocessing has put /dev/null in its place
    os.environ.clear()
    os.environ.update(environment)
    importlib.reload(crash)  # it reads the environment once
    what(*arguments)
