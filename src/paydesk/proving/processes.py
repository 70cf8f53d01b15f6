"""The processes that a proof starts and kills: servers of the application, and a sandbox beside them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp

HOST = "127.0.0.1"
START_SECONDS = 60.0
DEATH_SECONDS = 60.0


class Failed(Exception):
    """A process of the proof did not do its part; the message ends with what it said last."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with these settings of paydesk and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")} | dict(given)


class Servers:
    """The process that servers are forked from; see `paydesk.proving.forking`."""

    def __init__(self, settings: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._births: asyncio.Queue[int] = asyncio.Queue()
        self._deaths: dict[int, asyncio.Future[int]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "paydesk.proving.forking", str(self.log)),
                env=environment(self._settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # dead already: its log says why, and whoever waits for it says so
                self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading

    async def fork(self, asked: Mapping[str, object]) -> tuple[int, asyncio.Future[int]]:
        """A new server: its process id, and its exit status once it is dead."""
        assert self._process is not None and self._process.stdin is not None, "start comes first"
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        born = await self._births.get()
        if not born:
            raise Failed(f"Servers cannot be started:\n{tail(self.log)}")
        return born, self._deaths[born]

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if "born" in told:
                self._deaths[told["born"]] = asyncio.get_running_loop().create_future()
                self._births.put_nowait(told["born"])
            else:
                self._deaths.pop(told["died"]).set_result(told["status"])
        self._births.put_nowait(0)


class Server:
    """One server at one port, again and again. It is only ever killed: it has to come through that."""

    def __init__(self, servers: Servers, port: int | None = None) -> None:
        self.port = port or free_port()
        self.base = f"http://{HOST}:{self.port}"
        self._servers = servers
        self._pid = 0
        self._death: asyncio.Future[int] | None = None

    async def start(self, *, crash_at: str = "", background: bool = True) -> None:
        """Until it answers. raises   Failed

        crash_at     where it is to die, as `paydesk.base.crash` says it
        background   whether it finishes what others left
        """
        assert self._death is None, "it runs already"
        asked = {"port": self.port, "crash_at": crash_at, "background": background}
        self._pid, death = await self._servers.fork(asked)
        self._death = death
        await until_it_answers(f"{self.base}/healthz", lambda: not death.done(), self._servers.log)

    @property
    def runs(self) -> bool:
        return self._death is not None and not self._death.done()

    async def death(self, seconds: float = DEATH_SECONDS) -> bool:
        """Whether it dies within `seconds`, of SIGKILL. What still runs then is killed."""
        assert self._death is not None, "it was started"
        done, _ = await asyncio.wait([self._death], timeout=seconds)
        if not done:
            with suppress(ProcessLookupError):  # dead by itself this moment; the word of it is on its way
                os.kill(self._pid, signal.SIGKILL)
        status = await self._death
        self._death = None
        return bool(done) and status == -signal.SIGKILL

    async def kill(self) -> None:
        """kill -9; of a server that is dead, nothing."""
        if self._death is not None:
            await self.death(0)


class Sandbox:
    """The Stripe sandbox, in a process of its own that outlives every kill."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.base = f"http://{HOST}:{port}"
        self._log = folder / "sandbox.log"
        command = [sys.executable, "-m", "paydesk.sandbox", "--port", str(port), "--data-dir", str(folder / "stripe")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, "--die-with-parent"], stdout=log, stderr=log)

    async def ready(self) -> None:
        """Until it answers. raises   Failed"""
        await until_it_answers(f"{self.base}/healthz", lambda: self._process.poll() is None, self._log)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


async def until_it_answers(url: str, runs: Callable[[], bool], log: Path) -> None:
    """raises   Failed when the process ends, or takes too long"""
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if not runs() or time.monotonic() > deadline:
                raise Failed(f"A process did not start:\n{tail(log)}")
            await asyncio.sleep(0.01)


def tail(log: Path) -> str:
    """The last that a process printed."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]) if log.exists() else ""
