"""The two parties that a proof asks: paydesk as a client sees it, and Stripe as its API tells."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

MEDIA_TYPE = "application/vnd.api+json"
PATIENCE_SECONDS = 60.0
PUBLISHED = "pi_1234XXX"
"""The intent that every account of the sandbox is born with."""

Link = Mapping[str, str]


class NoAnswer(Exception):
    """The connection ended before a whole answer came."""


class Unexpected(Exception):
    """An answer that the proof cannot go on with."""


@dataclass(frozen=True)
class Answer:
    """What paydesk said."""

    status: int
    document: Any

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def link(self) -> dict[str, str]:
        return {"type": self.data["type"], "id": self.data["id"]}

    @property
    def id(self) -> str:
        return str(self.data["id"])

    def __getitem__(self, attribute: str) -> Any:
        return self.data["attributes"][attribute]


@dataclass(frozen=True)
class Request:
    """One request to paydesk, so that it can be sent again as it was."""

    method: str
    path: str
    body: Any = None
    key: str | None = None


def creating(type: str, attributes: Mapping[str, Any] | None = None, **related: Link | None) -> Request:
    links = {name: {"data": link} for name, link in related.items()}
    data = {"type": type.partition("?")[0], "attributes": attributes or {}, "relationships": links}
    return Request("POST", type, {"data": data})


def changing(link: Link, attributes: Mapping[str, Any] | None = None, **related: Link | None) -> Request:
    links = {name: {"data": one} for name, one in related.items()}
    body = {"data": {**link, "attributes": attributes or {}, "relationships": links}}
    return Request("PATCH", f"{link['type']}/{link['id']}", body)


class Api:
    """Requests to paydesk. The Host they name stays the same, whichever process they are sent to."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, base
        self.host = base.partition("://")[2]
        self.token = ""

    async def send(self, request: Request, *, base: str | None = None) -> Answer:
        """raises   NoAnswer"""
        headers = {
            "accept": MEDIA_TYPE,
            "content-type": MEDIA_TYPE,
            "host": self.host,
            "authorization": f"Bearer {self.token}",
        }
        if request.key is not None:
            headers["idempotency-key"] = request.key
        content = json.dumps(request.body).encode() if request.body is not None else None
        url = f"{base or self.base}/api/{request.path}"
        try:
            async with self.http.request(request.method, url, data=content, headers=headers) as answer:
                body = await answer.read()
                return Answer(answer.status, json.loads(body) if body else None)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise NoAnswer(f"{request.method} {request.path}: {problem}") from problem

    async def do(self, request: Request) -> Answer:
        """The answer of what has to succeed. raises   Unexpected"""
        answer = await self.send(request)
        if answer.status not in (200, 201, 204):
            told = json.dumps(answer.document)[:400]
            raise Unexpected(f"{request.method} {request.path} answered {answer.status}: {told}")
        return answer

    async def get(self, path: str) -> Answer:
        return await self.do(Request("GET", path))

    async def log_in(self, client_id: str, client_secret: str) -> None:
        grant = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        async with self.http.post(f"{self.base}/oauth/token", json=grant, headers={"host": self.host}) as answer:
            self.token = (await answer.json())["access_token"]


class Stripe:
    """One account of the sandbox, by its API and its controls."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, base
        self.key = f"sk_test_{secrets.token_hex(16)}"
        self._account: str | None = None

    async def call(self, method: str, path: str, **form: str | int) -> Any:
        """raises   Unexpected, NoAnswer"""
        headers = {"authorization": f"Bearer {self.key}"}
        sent = {name: str(value) for name, value in form.items()}
        if method == "GET":
            asked = self.http.get(f"{self.base}{path}", params=sent, headers=headers)
        else:
            asked = self.http.request(method, f"{self.base}{path}", data=sent, headers=headers)
        try:
            async with asked as answer:
                body = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise NoAnswer(f"{method} {path}: {problem}") from problem
        if answer.status != 200:
            raise Unexpected(f"Stripe answered {answer.status} to {method} {path}: {json.dumps(body)[:300]}")
        return body

    async def every(self, path: str) -> list[Any]:
        """All objects of a list, newest first."""
        found: list[Any] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = await self.call("GET", path, limit=100, **after)
            found += page["data"]
            if not page["has_more"]:
                return found

    async def fault(self, do: Mapping[str, Any], times: int = 1, **on: str) -> None:
        """Have calls or webhooks of this account go wrong; `times=0`: from now on."""
        if self._account is None:
            self._account = (await self.call("GET", "/v1/account"))["id"]
        given = {"on": {"account": self._account, **on}, "do": do, "times": times}
        async with self.http.post(f"{self.base}/_control/faults", json=given) as answer:
            if answer.status != 200:
                raise Unexpected(await answer.text())

    async def pass_time(self, seconds: int) -> None:
        """Move the sandbox's clock on; what is due by then happens."""
        async with self.http.post(f"{self.base}/_control/clock", json={"advance_seconds": seconds}) as answer:
            if answer.status != 200:
                raise Unexpected(await answer.text())

    async def mend(self) -> None:
        """Take all faults back."""
        async with self.http.delete(f"{self.base}/_control/faults"):
            pass
