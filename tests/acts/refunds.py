"""Captured orders, and refunds of a part that are asked for."""

from typing import Any

from tests.acts.orders import approved, moved, only
from tests.payments.conftest import Answer, Api, Link, document_of, link_of

PART = {"_refund": True, "_refund_amount_cents": 900}


async def captured(api: Api) -> tuple[Answer, Answer, dict[str, str]]:
    """An order that is paid, its payment, and the capture."""
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    return order, payment, await only(api, order, "captures")


async def ask(api: Api, of: Link, change: dict[str, Any], **headers: str) -> tuple[int, bool]:
    """The status, and whether it is said that an earlier request was answered."""
    link = link_of(of)
    assert link is not None, "there is something to change"
    path = f"{link['type']}/{link['id']}"
    answer = await api.send("PATCH", path, document_of(link["type"], link["id"], change, {}), **headers)
    return answer.status, answer.headers.get("idempotent-replayed") == "true"


async def refunds(api: Api, order: Answer) -> list[int]:
    return [cents for kind, cents, done in await moved(api, order) if kind == "refunds" and done]
