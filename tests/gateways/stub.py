"""A small HTTP server that answers by script, down to the byte: what a real Stripe does only on its worst days."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """One request as it came in. `fields`: the query's or the form's, by their names on the wire."""

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]
    body: bytes = b""


Answering = Callable[[Request, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class Stub:
    """Plays `script` one entry a request, the last one for ever. `requests` holds all that came."""

    script: list[Answering]
    requests: list[Request] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0
    base: str = ""
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Stub:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("idempotency-key") for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split()
                headers: dict[str, str] = {}
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                url = urlsplit(target)
                fields = dict(parse_qsl(body.decode() or url.query, keep_blank_values=True))
                request = Request(method, url.path, headers, fields, body)
                self.requests.append(request)
                self.first.set()
                answering = self.script[min(len(self.requests), len(self.script)) - 1]
                self.inside += 1
                self.most_inside = max(self.most_inside, self.inside)
                try:
                    if not await answering(request, writer):
                        return
                finally:
                    self.inside -= 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the caller has hung up, or the test is over
        finally:
            writer.close()


def raw(data: bytes, *, then: bool = True) -> Answering:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        await writer.drain()
        return then

    return answer


def says(status: int, value: Any, *, after: float = 0.0, **headers: str) -> Answering:
    """An answer with a JSON body; header names with `_` for `-`."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = {"Request-Id": "req_1", "Content-Type": "application/json", "Content-Length": str(len(body))}
    head |= {name.replace("_", "-"): text for name, text in headers.items()}
    lines = "".join(f"{name}: {text}\r\n" for name, text in head.items())
    data = f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body

    async def answer(request: Request, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(after)
        writer.write(data)
        await writer.drain()
        return True

    return answer


def error(
    status: int, kind: str = "invalid_request_error", *, after: float = 0.0, headers: Any = None, **more: Any
) -> Answering:
    return says(status, {"error": {"type": kind, "message": "No.", **more}}, after=after, **(headers or {}))


def together(calls: int, answering: Answering) -> Answering:
    """The same answer, of which nobody is told anything before so many requests wait for it."""
    inside = 0
    complete = asyncio.Event()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> bool:
        nonlocal inside
        inside += 1
        if inside >= calls:
            complete.set()
        await complete.wait()
        return await answering(request, writer)

    return answer


def cut(value: Any) -> Answering:
    """Half of an answer, then the end of the connection."""
    body = json.dumps(value).encode()
    return raw(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body[: len(body) // 2],
        then=False,
    )


async def hang(request: Request, writer: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(60)
    return False


async def drop(request: Request, writer: asyncio.StreamWriter) -> bool:
    return False


def intent(**more: Any) -> dict[str, Any]:
    """A PaymentIntent with every key of Stripe's, nulls where nothing is set. Source: Stripe's OpenAPI fixtures."""
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 5000,
        "amount_capturable": 0,
        "amount_received": 0,
        "amount_details": {"tip": {}},
        "allowed_payment_method_types": None,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "manual",
        "client_secret": "pi_1_secret_x",
        "confirmation_method": "automatic",
        "created": 1790000000,
        "currency": "eur",
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {"order_id": "o1"},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    } | more


CARD = {
    "brand": "visa",
    "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
    "country": "US",
    "display_brand": "visa",
    "exp_month": 8,
    "exp_year": 2030,
    "fingerprint": "f1",
    "funding": "credit",
    "generated_from": None,
    "last4": "4242",
    "networks": {"available": ["visa"], "preferred": None},
    "regulated_status": None,
    "three_d_secure_usage": {"supported": True},
    "wallet": None,
}


def method(**more: Any) -> dict[str, Any]:
    return {
        "id": "pm_1",
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": "a@b.example", "name": None, "phone": None},
        "created": 1790000000,
        "customer": None,
        "livemode": False,
        "metadata": {"private": "yes"},
        "type": "card",
        "card": dict(CARD),
    } | more


def charge(**more: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 5000,
        "amount_captured": 0,
        "amount_refunded": 0,
        "captured": False,
        "created": 1790000001,
        "currency": "eur",
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": "pi_1",
        "payment_method": "pm_1",
        "payment_method_details": {
            "type": "card",
            "card": {
                "amount_authorized": 5000,
                "brand": "visa",
                "capture_before": 1790604801,
                "checks": {"address_line1_check": "pass", "address_postal_code_check": "fail", "cvc_check": "pass"},
                "country": "US",
                "exp_month": 8,
                "exp_year": 2030,
                "funding": "credit",
                "last4": "4242",
                "multicapture": {"status": "unavailable"},
                "network": "visa",
                "wallet": None,
            },
        },
        "refunded": False,
        "review": None,
        "status": "succeeded",
    } | more


def refund(**more: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 1000,
        "balance_transaction": "txn_1",
        "charge": "ch_1",
        "created": 1790000100,
        "currency": "eur",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": None,
        "status": "succeeded",
    } | more


def listing(*data: Any, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/x", "has_more": more, "data": list(data)}
