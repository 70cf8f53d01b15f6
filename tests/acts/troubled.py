"""Each kind of call, prepared for what goes wrong."""

from typing import Any

from tests.acts.orders import approved, at_stripe, moved, only, ready, stands
from tests.payments.conftest import Answer, Api

KINDS = ("place_order", "capture_payment", "void_payment", "refund_payment")


async def prepared(api: Api, kind: str) -> tuple[Answer, Answer, dict[str, str], dict[str, Any], str]:
    """An order before an operation: the order, its payment, what is changed, how, and the path at Stripe."""
    if kind == "place_order":
        order = await ready(api)
        payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
        return order, payment, order.link, {"_place": True}, f"/v1/payment_intents/{payment['stripe_id']}/confirm"
    order, payment, subject = await approved(api)
    path = f"/v1/payment_intents/{payment['stripe_id']}"
    if kind == "capture_payment":
        return order, payment, subject, {"_capture": True, "_capture_amount_cents": 15400}, f"{path}/capture"
    if kind == "void_payment":
        return order, payment, subject, {"_void": True}, f"{path}/cancel"
    await api.update(order, {"_capture": True})
    subject = await only(api, order, "captures")
    return order, payment, subject, {"_refund": True, "_refund_amount_cents": 5000}, "/v1/refunds"


ENDED = {
    "place_order": (("requires_capture", 0, 0), ("placed", "authorized"), [("authorizations", 15400, True)]),
    "capture_payment": (
        ("succeeded", 15400, 0),
        ("approved", "paid"),
        [("authorizations", 15400, True), ("captures", 15400, True)],
    ),
    "void_payment": (
        ("canceled", 0, 0),
        ("approved", "voided"),
        [("authorizations", 15400, True), ("voids", 15400, True)],
    ),
    "refund_payment": (
        ("succeeded", 15400, 5000),
        ("approved", "partially_refunded"),
        [("authorizations", 15400, True), ("captures", 15400, True), ("refunds", 5000, True)],
    ),
}


async def ended_once(api: Api, kind: str, order: Answer, payment: Answer) -> None:
    stripe_has, order_is, transactions = ENDED[kind]
    assert await at_stripe(api, payment) == stripe_has
    assert (await stands(api, order))[:2] == order_is
    assert await moved(api, order) == transactions
    assert await api.open_calls() == []
