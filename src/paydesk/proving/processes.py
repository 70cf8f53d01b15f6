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
        """raises   Failed when it was dead already: nothing but this may end it"""
        if self._process is None or self._reading is None:
            return
        if died := self._reading.done():
            await self._process.wait()
        else:
            with suppress(ProcessLookupError):  # it is dying, and its end was not read yet
                self._process.kill()
            await self._process.wait()
            await self._reading
        if died or self._process.returncode != -signal.SIGKILL:
            raise self._failure()

    def _failure(self) -> Failed:
        return Failed(f"The process that servers are forked from ended by itself:\n{tail(self.log)}")

    async def fork(self, asked: Mapping[str, object]) -> tuple[int, asyncio.Future[int]]:
        """A new server: its process id, and its exit status once it is dead."""
        assert self._process is not None and self._process.stdin is not None and self._reading, "start comes first"
        if self._reading.done():
            raise self._failure()
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
        # Its servers end with it, and nobody is there to tell of that: whoever waits for one is told why.
        for death in self._deaths.values():
            death.set_exception(self._failure())
            death.exception()  # whether anybody waits or not


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

    async def runs(self) -> bool:
        """Whether it takes connections. One that is dying takes none, though its death was not told yet.

        raises   Failed when the process is gone that would tell
        """
        if self._death is None or self._death.done():
            return False
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            await asyncio.wait([self._death], timeout=DEATH_SECONDS)
            return not self._death.done()
        writer.close()
        return True

    async def death(self, seconds: float = DEATH_SECONDS) -> bool:
        """Whether it dies within `seconds`, of SIGKILL. What still runs then is killed.

        raises   Failed when the process is gone that would tell
        """
        in_time, status = await self._end(seconds)
        return in_time and status == -signal.SIGKILL

    async def kill(self) -> None:
        """kill -9; of a server that was killed already, nothing.

        raises   Failed when it ended by itself before: that is no death of the proof's, and not to be counted as one
        """
        if self._death is not None:
            _, status = await self._end(0)
            if status != -signal.SIGKILL:
                raise Failed(f"A server ended by itself, with status {status}:\n{tail(self._servers.log)}")

    async def _end(self, seconds: float) -> tuple[bool, int]:
        """Whether it ended within `seconds`, and its status once it has."""
        assert self._death is not None, "it was started"
        done, _ = await asyncio.wait([self._death], timeout=seconds)
        if not done:
            with suppress(ProcessLookupError):  # it died this moment; the word of it is on its way
                os.kill(self._pid, signal.SIGKILL)
        death, self._death = self._death, None
        return bool(done), await death


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
