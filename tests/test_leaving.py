"""A worker that is told to stop answers whoever it has taken up, and says that it is ready and that it ends."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paydesk.cli import certificates
from paydesk.http import handover
from tests.processes import group, until

LAUNCH = """
from paydesk.http import leaving
from paydesk.http.serving import serve
from paydesk.settings import read
leaving.QUIET_SECONDS = leaving.FRESH_SECONDS = leaving.MOST_SECONDS = 60
serve(read(), application="tests.processes:create_app")
"""
"""With more patience than usual, so that a test on a busy machine is never too late."""
ASKING = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def server(*before: str, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [*before, sys.executable, "-c", LAUNCH], env=os.environ | variables, start_new_session=True
    )
    try:
        yield process
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def connection(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def answered(one: socket.socket, rest: bytes = b"\r\n") -> bytes:
    """The answer to what is sent; empty where the connection was closed without one."""
    one.sendall(rest)
    told = b""
    while b'{"ok": true}' not in told and (piece := one.recv(4096)):
        told += piece
    return told


def serves(port: int) -> bool:
    """Its connection is taken up after those that were opened before."""
    with connection(port) as one:
        return b"200 OK" in answered(one, ASKING + b"\r\n")


def leaves(port: int) -> bool:
    """Whether nobody takes up connections any more."""
    try:
        with connection(port):
            return False
    except ConnectionRefusedError:
        return True


def test_a_connection_that_was_taken_up_is_answered_though_its_request_comes_later(port):
    with server(PAYDESK_PORT=str(port)) as process:
        until(lambda: serves(port))
        with connection(port) as silent, connection(port) as begun, connection(port) as kept:
            assert b"connection: close" not in answered(kept, ASKING + b"\r\n")
            begun.sendall(ASKING)
            assert serves(port)
            process.terminate()
            until(lambda: leaves(port))
            assert b"200 OK" in answered(silent, ASKING + b"\r\n")
            assert b"200 OK" in answered(begun)
            assert b"connection: close" in answered(kept, ASKING + b"\r\n")
        assert process.wait(60) == 0


def test_so_is_one_whose_handshake_has_only_begun(port, tmp_path):
    made = certificates.ensure(tmp_path, "demo")
    trust = ssl.create_default_context(cafile=str(made.authority))
    tls = {"PAYDESK_TLS_CERTIFICATE": str(made.certificate), "PAYDESK_TLS_KEY": str(made.key)}

    def shaken(plain: socket.socket) -> bool:
        with trust.wrap_socket(plain, server_hostname="localhost") as one:
            return b"200 OK" in answered(one, ASKING + b"\r\n")

    def taken() -> bool:
        with connection(port) as plain:
            return shaken(plain)

    with server(PAYDESK_PORT=str(port), **tls) as process:
        until(taken)
        with connection(port) as late:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            half = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                half.do_handshake()
            late.sendall(outgoing.read())
            incoming.write(late.recv(65536))
            assert taken()
            process.terminate()
            until(lambda: leaves(port))
            while True:
                try:
                    half.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    incoming.write(late.recv(65536))
            half.write(ASKING + b"\r\n")
            late.sendall(outgoing.read())
            told = b""
            while b"200 OK" not in told:
                try:
                    told += half.read()
                except ssl.SSLWantReadError:
                    piece = late.recv(65536)
                    assert piece, "closed without an answer"
                    incoming.write(piece)
        assert process.wait(60) == 0


def test_whoever_started_it_is_told_when_it_is_ready_and_when_it_ends(port, tmp_path):
    """As systemd wants it of `Type=notify`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(tmp_path / "notices"))
        notices.settimeout(60)
        with server(PAYDESK_PORT=str(port), NOTIFY_SOCKET=str(tmp_path / "notices")) as process:
            assert notices.recv(1000) == b"READY=1"
            assert serves(port)
            process.send_signal(signal.SIGHUP)  # which is an end where there is nothing to take over
            assert notices.recv(1000) == b"STOPPING=1"
            assert process.wait(60) == 0


def test_a_server_that_is_to_outlive_its_terminal_goes_on_where_nothing_takes_over(port):
    """As `nohup paydesk dev` does."""
    with server("nohup", PAYDESK_PORT=str(port)) as process:
        until(lambda: serves(port))
        ignored = next(one for one in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "SigIgn" in one)
        assert int(ignored.split()[1], 16) >> (signal.SIGHUP - 1) & 1
        process.send_signal(signal.SIGHUP)
        assert serves(port)
        process.terminate()
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("family", "kind", "told"),
    [
        (socket.AF_UNIX, socket.SOCK_STREAM, "is none of TCP"),
        (socket.AF_INET, socket.SOCK_DGRAM, "is none of TCP"),
        (socket.AF_INET, socket.SOCK_STREAM, "takes no connections"),
    ],
    ids=["unix", "udp", "not-listening"],
)
def test_what_cannot_be_served_on_is_refused_in_a_sentence(monkeypatch, family, kind, told):
    with socket.socket(family, kind) as handed:
        monkeypatch.setattr(handover, "FIRST", os.dup(handed.fileno()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        with pytest.raises(handover.HandedWrongly, match=told):
            handover.received()


def test_what_was_handed_to_another_process_is_left_alone(monkeypatch):
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getppid()))
    assert handover.received() == handover.Handed()
    assert "LISTEN_FDS" not in os.environ
