"""Processes that the benchmark starts: until they answer, what they used, and their end."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 15.0
MEBIBYTE = 1024 * 1024


class Failed(Exception):
    """A process of the benchmark did not do its part; the message ends with what it said last."""


@dataclass(frozen=True)
class Memory:
    """Of the largest process of a server, in bytes."""

    now: int
    most: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its paydesk settings, and with `given`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    path = os.pathsep.join(part for part in (str(ROOT), clean.get("PYTHONPATH")) if part)
    return clean | {"PYTHONPATH": path} | dict(given)


class Server:
    """A server in a process group of its own. Its processor time is that of all its processes and threads.

    started_seconds   from the start of the process until it answered
    """

    def __init__(self, name: str, arguments: Sequence[str], settings: Mapping[str, str], port: int, path: str) -> None:
        self.name, self.port = name, port
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait(path)
        except BaseException:
            self.stop()
            raise
        self.started_seconds = time.perf_counter() - begun
        self.pids = _family(self._process.pid)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _wait(self, path: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self._process.poll() is not None:
                raise Failed(f"{self.name} ended with status {self._process.returncode}:\n{self.said()}")
            try:
                if ask(self.port, "GET", path)[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} did not answer within {START_SECONDS:g} s:\n{self.said()}")
            time.sleep(0.01)

    def said(self) -> str:
        """The last of what it printed."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-4000:]

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        return sum(cpu_seconds(pid) for pid in self.pids)

    def memory(self) -> Memory:
        each = [_memory(pid) for pid in self.pids]
        return max(each, key=lambda one: one.most)

    def stop(self) -> None:
        """End it cleanly, or by force after a while."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT if self.name == "sandbox" else signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._log.close()


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def child(module: str, *arguments: str) -> Any:
    """Run a module of the benchmark to its end; returns the JSON that it prints."""
    import json

    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], env=environment({}), capture_output=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise Failed(f"{module} ended with status {done.returncode}:\n{done.stderr.decode()[-4000:]}")
    return json.loads(done.stdout)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process with all its threads: by its own clock on Linux, to the nanosecond."""
    try:
        # The clock of another process, as clock_getcpuclockid(3) makes its number.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> Memory:
    found = {"VmRSS": 0, "VmHWM": 0}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) * 1024
    return Memory(found["VmRSS"], found["VmHWM"])


def _family(pid: int) -> list[int]:
    """A process and all that came of it."""
    found = [pid]
    for one in found:
        try:
            found.extend(int(each) for each in Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
    return found
