"""Payments whose methods Stripe chooses."""

from typing import Any

from tests.acts.methods import SEPA
from tests.acts.orders import ready
from tests.payments.conftest import Answer, Api

URL = "https://shop.example/done"


async def opened(api: Api, **flags: Any) -> tuple[Answer, Answer]:
    await api.update(api.gateway, {"auto_payments": True})
    method = await api.method_of(api.gateway, **flags)
    order = await ready(api, method=method)
    return order, await api.payment(order)


async def shopper_pays(api: Api, payment: Answer, kind: str) -> Any:
    """The shopper chooses a method, and goes to its page and comes back where it has one."""
    intents = api.stripe.v1.payment_intents
    data = SEPA if kind == "sepa_debit" else {"type": kind, "billing_details": SEPA["billing_details"]}
    given: dict[str, Any] = {"return_url": URL}
    if kind == "card":
        given["payment_method"] = "pm_card_visa"
    else:
        given["payment_method_data"] = data
    if kind == "sepa_debit":
        online = {"ip_address": "192.0.2.1", "user_agent": "a browser"}
        given["mandate_data"] = {"customer_acceptance": {"type": "online", "online": online}}
    intent = await intents.confirm_async(payment["stripe_id"], given)
    if intent.status == "requires_action":
        page = intent.next_action.redirect_to_url.url
        sent = await api.stripe.http.post(page, data={"decision": "complete"})
        assert sent.status_code == 303
    return await intents.retrieve_async(payment["stripe_id"])
