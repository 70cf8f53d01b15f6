"""What is done when the process dies: every request that makes Stripe move or hold money, or promise it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from paydesk.proving.asking import Answer, Request, changing, creating
from paydesk.proving.judging import Money
from paydesk.proving.shop import CARD, CENTS, Shop

PART = 5000


@dataclass(frozen=True)
class Act:
    """One kind of request.

    name      for people
    kind      of the gateway call that it makes: crash points bear its name
    prepare   brings an order to where the request can be sent; returns the order and the request
    before    what Stripe and paydesk both have before, and `after`
    ends      the order's status afterwards
    repeats   sent again once it is done it is another one, unless it bears the same Idempotency-Key
    """

    name: str
    kind: str
    prepare: Callable[[Shop], Awaitable[tuple[Answer, Request]]]
    before: Money
    after: Money
    ends: str
    repeats: bool = False


async def _create(shop: Shop) -> tuple[Answer, Request]:
    order = await shop.order()
    return order, creating("stripe_payments", order=order.link)


async def _adopt(shop: Shop) -> tuple[Answer, Request]:
    order = await shop.order()
    intent = await shop.intent()
    return order, creating(
        "stripe_payments", {"stripe_id": intent["id"], "client_secret": intent["client_secret"]}, order=order.link
    )


async def _amend(shop: Shop) -> tuple[Answer, Request]:
    order = await shop.order()
    payment = await shop.payment(order)
    await shop.line(order, PART)
    return order, changing(payment.link, {"_update": True})


async def _discard(shop: Shop) -> tuple[Answer, Request]:
    order = await shop.order()
    payment = await shop.payment(order)
    return order, Request("DELETE", f"stripe_payments/{payment.id}")


async def _place(shop: Shop) -> tuple[Answer, Request]:
    order = await shop.order()
    await shop.payment(order, payment_method=CARD)
    return order, changing(order.link, {"_place": True})


async def _wallet(shop: Shop) -> tuple[Answer, Request]:
    order = await shop.with_saved_card()
    return order, changing(order.link, {"_place": True})


async def _capture(shop: Shop) -> tuple[Answer, Request]:
    order, _ = await shop.placed()
    return order, changing(await shop.only(order, "authorizations"), {"_capture": True})


async def _approve_and_capture(shop: Shop) -> tuple[Answer, Request]:
    order, _ = await shop.placed()
    return order, changing(order.link, {"_approve_and_capture": True})


async def _void(shop: Shop) -> tuple[Answer, Request]:
    order, _ = await shop.placed()
    return order, changing(await shop.only(order, "authorizations"), {"_void": True})


async def _cancel(shop: Shop) -> tuple[Answer, Request]:
    order, _ = await shop.placed()
    return order, changing(order.link, {"_cancel": True})


async def _refund(shop: Shop) -> tuple[Answer, Request]:
    order, _, capture = await shop.captured()
    return order, changing(capture, {"_refund": True, "_refund_amount_cents": PART})


async def _refund_all(shop: Shop) -> tuple[Answer, Request]:
    order, _, _ = await shop.captured()
    return order, changing(order.link, {"_refund": True})


_NOTHING = Money()
_OPEN = Money(open=CENTS)
_HELD = Money(held=CENTS)
_TAKEN = Money(captured=CENTS)
_VOIDED = Money(voided=CENTS)

ACTS = (
    Act("create a payment", "open_payment", _create, _NOTHING, _OPEN, "pending"),
    Act("adopt a payment", "adopt_payment", _adopt, _NOTHING, _OPEN, "pending"),
    Act("update its amount", "amend_payment", _amend, _OPEN, Money(open=CENTS + PART), "pending"),
    Act("delete it", "discard_payment", _discard, _OPEN, _NOTHING, "pending"),
    Act("place", "place_order", _place, _OPEN, _HELD, "placed"),
    Act("charge a saved card", "place_order", _wallet, _OPEN, _HELD, "placed"),
    Act("capture", "capture_payment", _capture, _HELD, _TAKEN, "placed"),
    Act("approve and capture", "capture_payment", _approve_and_capture, _HELD, _TAKEN, "approved"),
    Act("void", "void_payment", _void, _HELD, _VOIDED, "placed"),
    Act("cancel", "void_payment", _cancel, _HELD, _VOIDED, "cancelled"),
    Act("refund a part", "refund_payment", _refund, _TAKEN, Money(captured=CENTS, refunded=PART), "approved", True),
    Act("refund all", "refund_payment", _refund_all, _TAKEN, Money(captured=CENTS, refunded=CENTS), "cancelled"),
)
