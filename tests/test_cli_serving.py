"""Serving: answers soon, finishes what it began, comes back after a crash, and leaves no process behind."""

import ctypes
import http.client
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paydesk.base import files
from paydesk.cli import certificates
from paydesk.http import listening
from paydesk.settings import Settings
from tests.forked import paydesk
from tests.processes import group, until

PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE = 24, 10

LAUNCH = """
import sys
from pathlib import Path
from paydesk.http.listening import CannotListen
from paydesk.http.serving import serve
from paydesk.settings import read
try:
    serve(read(), application="tests.processes:create_app", started=lambda: print("started", flush=True))
except CannotListen as error:
    sys.exit(str(error))
"""


@contextmanager
def server(**variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH], env=os.environ | variables, start_new_session=True, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ask(port: int, path: str = "/") -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer: dict[str, object] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def test_it_answers_once_it_is_started(port: int) -> None:
    with server(PAYDESK_PORT=str(port)):
        assert until(lambda: ask(port)) == {"ok": True}


def test_a_request_in_flight_is_finished_before_the_end(port: int) -> None:
    with server(PAYDESK_PORT=str(port)) as process:
        until(lambda: ask(port))
        answers: list[dict[str, object]] = []
        request = threading.Thread(target=lambda: answers.append(ask(port, "/slow")))
        request.start()
        until(lambda: ask(port, "/begun") == {"slow": 1})
        process.terminate()
        assert process.wait(60) == 0
        request.join()
        assert answers == [{"slow": True, "lifespan": True}]
        assert group(process.pid) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_is_a_clean_end(port: int, stop: signal.Signals) -> None:
    with server(PAYDESK_PORT=str(port)) as process:
        until(lambda: ask(port))
        os.killpg(process.pid, stop)
        assert process.wait(25) == 0


def test_signals_again_and_again_do_not_keep_a_worker_from_its_end(port: int) -> None:
    with server(PAYDESK_PORT=str(port)) as process:
        until(lambda: ask(port))
        request = threading.Thread(target=lambda: ask(port, "/slow"))
        request.start()
        for stop in (signal.SIGINT, signal.SIGTERM) * 4:
            time.sleep(0.05)
            os.killpg(process.pid, stop)
        # The server itself would end a worker that stands still after 30 seconds, by SIGKILL.
        assert process.wait(25) == 0
        request.join()


def test_a_worker_that_was_killed_comes_back(port: int) -> None:
    with server(PAYDESK_PORT=str(port)) as process:
        first = until(lambda: ask(port, "/pid"))["pid"]
        assert isinstance(first, int)
        assert first != process.pid
        os.kill(first, signal.SIGKILL)
        second = until(lambda: ask(port, "/pid"))["pid"]
        assert second not in {first, process.pid}


def test_no_worker_outlives_a_killed_server(port: int) -> None:
    with server(PAYDESK_PORT=str(port)) as process:
        until(lambda: ask(port))
        process.kill()
        process.wait()
        until(lambda: not group(process.pid))


def test_a_port_in_use_is_said_in_a_sentence(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), server(PAYDESK_PORT=str(port)) as process:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert err.decode().strip() == f"Port {port} of 127.0.0.1 is in use by another process."


def test_a_host_name_is_listened_on_by_its_address(port: int) -> None:
    with server(PAYDESK_PORT=str(port), PAYDESK_HOST="localhost"):
        assert until(lambda: ask(port)) == {"ok": True}


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("192.0.2.1", "192.0.2.1 is no address of this machine."),
        ("nowhere.invalid", "There is no host named nowhere.invalid."),
    ],
)
def test_an_address_that_is_not_there_is_told_apart_from_one_in_use(port: int, host: str, told: str) -> None:
    with pytest.raises(listening.CannotListen) as refused:
        listening.require_free(host, port)
    assert (refused.value.reason, str(refused.value)) == (listening.Reason.NO_ADDRESS, told)


@pytest.mark.parametrize(("command", "option"), [("serve", "PAYDESK_PORT"), ("dev", "--port"), ("sandbox", "--port")])
def test_a_port_that_takes_rights_is_told_apart_from_one_in_use(command: str, option: str, tmp_path: Path) -> None:
    here = {"PAYDESK_DATA_DIR": str(tmp_path), "PAYDESK_PORT": "443"}
    if command == "serve":
        assert paydesk("migrate", **here).returncode == 0
    arguments = {"serve": [], "dev": ["--port", "443"], "sandbox": ["--port", "443", "--data-dir", str(tmp_path)]}
    ended = subprocess.run(
        [sys.executable, "-m", "paydesk", command, *arguments[command]],
        env=os.environ | here,
        preexec_fn=_without_rights_to_ports,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = ended.stderr.replace("The sandbox cannot start. ", "error: ").splitlines()
    assert (ended.returncode, ended.stdout) == (1, "")
    if command == "sandbox":
        assert said == [f"error: Port 443 takes root's rights. Choose a higher one with {option}."]
    else:
        assert said[0] == "error: Port 443 is not yours to listen on: below 1024 it takes root's rights."
        assert said[1].startswith(f"  Choose a higher port with {option}. ")


def _without_rights_to_ports() -> None:
    """Be refused low ports as ordinary users are, also where root runs the tests."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0)


def test_https_is_served_with_a_certificate_of_our_own_authority(port: int, tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, "demo")
    trust = ssl.create_default_context(cafile=str(files.authority))
    tls = {"PAYDESK_TLS_CERTIFICATE": str(files.certificate), "PAYDESK_TLS_KEY": str(files.key)}

    def shaken(name: str) -> bool:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
            trust.wrap_socket(plain, server_hostname=name) as secured,
        ):
            secured.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"200" in secured.recv(100)

    with server(PAYDESK_PORT=str(port), **tls):
        assert until(lambda: shaken("localhost"))
        assert all(shaken(name) for name in ("127.0.0.1", "auth.localhost", "demo.localhost"))


def test_settings_reach_the_worker(port: int) -> None:
    with server(PAYDESK_PORT=str(port), PAYDESK_STRIPE_TIMEOUT="3.5"):
        assert until(lambda: ask(port, "/settings")) == {"stripe_timeout": 3.5}
    assert Settings().stripe_timeout == 8


def test_a_connection_on_which_no_headers_arrive_is_closed(port: int) -> None:
    with server(PAYDESK_PORT=str(port), PAYDESK_HEADER_TIMEOUT="1"):
        until(lambda: ask(port))
        with (
            socket.create_connection(("127.0.0.1", port), timeout=60) as silent,
            socket.create_connection(("127.0.0.1", port), timeout=60) as slow,
        ):
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            assert silent.recv(100) == b""
            while slow.recv(1000):
                pass  # It may be told before.


def test_so_many_connections_are_taken_as_files_are_allowed(port: int) -> None:
    with server(PAYDESK_PORT=str(port)):
        worker = until(lambda: ask(port, "/pid"))["pid"]
        assert isinstance(worker, int)
        soft, hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        assert soft == min(files.MOST, hard) if hard != resource.RLIM_INFINITY else files.MOST
