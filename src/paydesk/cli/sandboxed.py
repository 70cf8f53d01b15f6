"""The Stripe sandbox beside `paydesk dev`: a process of its own, in the same process group."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 5.0
PORT_SECONDS = 1.0
RESTART_PAUSE_SECONDS = 0.5
TAIL_LINES = 12


class SandboxFailed(Exception):
    """The sandbox did not come up; the message ends with the last lines it logged."""


class Sandbox:
    """Started in `start`, made anew whenever it dies, ended in `stop`.

    Its port is remembered, since the address of a sandbox is known to more than this process: a restart takes the same
    one when it is free.
    """

    def __init__(self, data_dir: Path, remembered: Path, port: int | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._log = self._data_dir.with_name("sandbox.log")
        self._remembered = remembered
        self.port = port or self._choose_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, environment: dict[str, str] | None = None) -> None:
        """Begin; `wait` tells when it answers. In the main thread: the sandbox ends when its starter's thread does."""
        self._environment = os.environ | (environment or {})
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remembered.write_text(json.dumps({"sandbox_port": self.port}) + "\n", encoding="utf-8")
        self._process = self._spawn()

    def wait(self) -> None:
        """Until it answers.

        raises   SandboxFailed when it ends instead, or takes too long
        """
        assert self._process is not None, "start comes first"
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
                raise SandboxFailed("\n".join(["The Stripe sandbox did not start.", *lines]))
            time.sleep(0.02)
        threading.Thread(target=self._keep, name="sandbox", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _keep(self) -> None:
        """Make it anew when it dies. This thread lives as long as the process, which is what the sandbox watches."""
        while True:
            assert self._process is not None, "started before it is kept"
            self._process.wait()
            if self._stopping.wait(RESTART_PAUSE_SECONDS):
                return
            self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        arguments = ["--host", "127.0.0.1", "--port", str(self.port), "--data-dir", str(self._data_dir)]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "paydesk.sandbox", *arguments, "--die-with-parent"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )

    def _choose_port(self) -> int:
        """The remembered port if it is or soon becomes free, else one that the kernel gives."""
        port = _port_in(self._remembered)
        # The sandbox of a killed `dev` is being ended by the kernel, and gives its port back within milliseconds.
        deadline = time.monotonic() + PORT_SECONDS
        while port and not _is_free(port):
            if time.monotonic() > deadline:
                port = 0
            time.sleep(0.05)
        if port:
            return port
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def _answers(self) -> bool:
        return _answers(self.port)


def running(remembered: Path) -> str | None:
    """The base address of the sandbox that a `paydesk dev` of this folder has running, or None."""
    port = _port_in(remembered)
    return f"http://127.0.0.1:{port}" if port and _answers(port) else None


def _port_in(remembered: Path) -> int:
    """The port a sandbox had, 0 where none is remembered."""
    try:
        return int(json.loads(remembered.read_text(encoding="utf-8"))["sandbox_port"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
