"""`paydesk dev` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes import group, until

PATIENCE = 120
"""Seconds that a busy machine may take over what takes two."""


@contextmanager
def dev(data_dir: Path, port: int, *options: str, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    # Nobody reads what it says before it ends: the lines of some hundred requests would fill the pipe and stop it.
    clean["PAYDESK_LOG_REQUESTS"] = "off"
    command = [sys.executable, "-m", "paydesk", "dev", "--port", str(port), "--data-dir", str(data_dir), *options]
    process = subprocess.Popen(
        command, env=clean | variables, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def credentials(
    process: "subprocess.Popen[bytes]", data_dir: Path, meanwhile: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        meanwhile()
        if process.poll() is not None:
            said = process.stdout.read().decode() if process.stdout is not None else ""
            pytest.fail(f"dev ended with {process.returncode}:\n{said}")
        found: dict[str, Any] = json.loads((data_dir / "credentials.json").read_text())
        return found

    return until(read, PATIENCE)


def end(process: "subprocess.Popen[bytes]", stop: signal.Signals = signal.SIGINT) -> str:
    process.send_signal(stop)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output.decode()
    assert group(process.pid) == []
    assert "Traceback" not in output.decode()
    return output.decode()
