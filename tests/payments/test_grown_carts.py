"""A cart that changed since its payment was asked for: what is finished later looks at it as it is now."""

from typing import Any

import pytest

from tests.acts.orders import moved, ready, stands
from tests.payments.conftest import Answer, Api

SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def unanswered(api: Api, change: dict[str, Any]) -> tuple[Answer, Answer, str]:
    """An order whose payment was to be confirmed when Stripe was not there, its payment, and where it is confirmed."""
    order = await ready(api)
    payment = await api.payment(order, SAVED)
    path = f"/v1/payment_intents/{payment['stripe_id']}"
    await api.stripe.faults("GET", path, times=0, status=500)
    await api.update(order, change, expect=503)
    return order, payment, f"{path}/confirm"


@pytest.mark.parametrize("change", ["grown", "shrunk", "quietly"])
async def test_recovery_confirms_nothing_for_a_cart_that_costs_something_else_by_now(api: Api, change: str) -> None:
    order, payment, confirming = await unanswered(api, {"_place": True})
    if change == "quietly":
        await api.update(order, {"autorefresh": False})
    if change == "shrunk":
        (line,) = (await api.get(f"orders/{order.id}/line_items")).data
        await api.update({"type": "line_items", "id": line["id"]}, {"unit_amount_cents": 1000})
    else:
        await api.line(order, 100)
    await api.stripe.mend()
    await api.recover(after=30)
    assert await api.open_calls() == []
    assert await api.stripe.requests("POST", confirming) == []
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert await moved(api, order) == []
    assert (await api.get(payment))["mismatched_amounts"] is True


async def test_recovery_confirms_what_the_cart_still_costs(api: Api) -> None:
    order, _, confirming = await unanswered(api, {"_place": True})
    await api.stripe.mend()
    await api.recover(after=30)
    assert len(await api.stripe.requests("POST", confirming)) == 1
    assert await stands(api, order) == ("placed", "authorized", "not_required")


async def test_recovery_authorizes_no_more_than_the_cart_costs(api: Api) -> None:
    order, payment, confirming = await unanswered(api, {"_authorize": True})
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    await api.update({"type": "line_items", "id": line["id"]}, {"unit_amount_cents": 1000})
    await api.stripe.mend()
    await api.recover(after=30)
    assert await api.stripe.requests("POST", confirming) == []
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert (await api.get(payment))["mismatched_amounts"] is True
