"""An order that was given back while it was edited is cancelled, and its newest payment can be paid no more."""

import pytest

from tests.acts.orders import at_stripe, authorized, only, stands
from tests.payments.conftest import Api


@pytest.mark.parametrize("by", ["the order", "the capture", "the dashboard"])
async def test_what_is_given_back_while_an_order_is_edited_leaves_no_payment_open(api: Api, by: str) -> None:
    order, first = await authorized(api)
    await api.update(order, {"_place": True})
    await api.update(order, {"_start_editing": True})
    second = await api.payment(order)
    await api.update(await only(api, order, "authorizations"), {"_capture": True})
    if by == "the dashboard":
        await api.stripe.v1.refunds.create_async({"payment_intent": first["stripe_id"]})
        await api.update(first, {"_refresh": True})
    else:
        await api.update(order if by == "the order" else await only(api, order, "captures"), {"_refund": True})
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")
    await api.recover()
    assert await at_stripe(api, second) == ("canceled", 0, 0)
    assert await at_stripe(api, first) == ("succeeded", 15400, 15400)
    assert await api.open_calls() == []
