"""Connections that say nothing, or never end what they say: what anybody without a token can open by the thousand."""

from __future__ import annotations

import resource
import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

HOST = "127.0.0.1"
KEPT_FOR_US = 200
"""Files that the client needs beside the connections."""


def requests(port: int, *, token: str, consent: str | None = None) -> dict[str, bytes]:
    """What a connection of each kind sends before it falls silent.

    token    of an API client: without one, a body is not waited for
    consent  the path of a consent page, with its query; None: none of those
    """
    head = f"host: {HOST}:{port}\r\n"
    slow = f"{head}content-length: 500\r\n"
    json, form = "content-type: application/json\r\n", "content-type: application/x-www-form-urlencoded\r\n"
    api = f"content-type: application/vnd.api+json\r\nauthorization: Bearer {token}\r\n"
    made = {
        "silent": b"",
        "kept alive": f"GET /healthz HTTP/1.1\r\n{head}\r\n".encode(),
        "slow headers": f"GET /healthz HTTP/1.1\r\n{head}x-slow: ".encode(),
        "slow body, API": f"POST /api/orders HTTP/1.1\r\n{slow}{api}\r\n{{".encode(),
        "slow body, webhook": f"POST /webhook_callbacks/stripe_gateways/x HTTP/1.1\r\n{slow}{json}\r\n{{".encode(),
        "slow body, token": f"POST /oauth/token HTTP/1.1\r\n{slow}{json}\r\n{{".encode(),
    }
    if consent is not None:
        made["slow body, consent"] = f"POST {consent} HTTP/1.1\r\n{slow}{form}\r\nemail".encode()
    return made


def room(wanted: int) -> int:
    """How many connections this process can hold, at most `wanted`; its limit is raised as far as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard - KEPT_FOR_US)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + KEPT_FOR_US:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + KEPT_FOR_US, hard))
    return wanted


@dataclass
class Held:
    """Open connections, by what they sent."""

    connections: dict[str, list[socket.socket]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(each) for each in self.connections.values())

    def open(self, port: int, count: int, kinds: Mapping[str, bytes]) -> None:
        """So many more, as many of each kind; where one is to be kept alive, its answer is read."""
        for kind, sent in kinds.items():
            made = self.connections.setdefault(kind, [])
            fresh = [socket.create_connection((HOST, port), timeout=60) for _ in range(count // len(kinds))]
            for one in fresh:
                one.sendall(sent)
            if kind == "kept alive":
                for one in fresh:
                    _read_answer(one)
            made += fresh

    def ended(self) -> dict[str, int]:
        """Of how many of each kind the server said something, or closed them."""
        found = {}
        for kind, each in self.connections.items():
            poll = select.poll()
            for one in each:
                poll.register(one, select.POLLIN | select.POLLHUP)
            found[kind] = len(poll.poll(0))
        return {kind: count for kind, count in found.items() if count}

    def close(self) -> None:
        for each in self.connections.values():
            for one in each:
                one.close()


def _read_answer(connection: socket.socket) -> None:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(4096)
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(4096)
