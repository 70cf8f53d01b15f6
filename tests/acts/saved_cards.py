"""Cards saved with one order and used for another."""

import hashlib
from typing import Any

from tests.acts.wallet import PASSWORD
from tests.payments.conftest import ADDRESS, Answer, Api

SAVE = "_save_payment_source_to_customer_wallet"
REUSE = "_customer_payment_source_id"
BACK = "https://shop.example.com/back"


async def ready(api: Api, email: str = "ada@example.com", cents: int = 15400) -> Answer:
    """A customer's order that only wants paying."""
    order = await api.order(cents, attributes={"customer_email": email, "customer_password": PASSWORD, "guest": False})
    address = await api.create("addresses", ADDRESS)
    return await api.update(order, {"_shipping_address_same_as_billing": True}, billing_address=address)


async def paid(api: Api, order: Answer, card: str = "pm_card_visa", token: str | None = None) -> Answer:
    """Its payment, confirmed by the shopper, through 3-D Secure where the bank asks for it."""
    payment = await api.payment(order, token=token)
    await shopper_confirms(api, payment, card)
    return payment


async def shopper_confirms(api: Api, payment: Answer, card: str) -> None:
    """What Stripe.js does with the client secret, and the shopper with the bank's page."""
    at = f"{api.stripe.base}/v1/payment_intents/{payment['stripe_id']}"
    shop = {"authorization": f"Bearer pk_test_{hashlib.sha256(api.stripe.key.encode()).hexdigest()[:32]}"}
    secret = {"client_secret": payment["client_secret"]}
    form = {"payment_method": card, "return_url": BACK, **secret}
    intent = (await api.stripe.http.post(f"{at}/confirm", data=form, headers=shop)).json()
    if intent["status"] == "requires_action":
        page = intent["next_action"]["redirect_to_url"]["url"]
        sent = await api.stripe.http.post(page, data={"decision": "complete"})
        assert sent.status_code == 303
        intent = (await api.stripe.http.get(at, params=secret, headers=shop)).json()
    assert intent["status"] == "requires_capture", intent


async def entries(api: Api) -> list[Any]:
    return [one["id"] for one in (await api.get("customer_payment_sources")).data]


async def saved(api: Api, card: str = "pm_card_visa") -> str:
    """The id of a card that a first order was paid with and kept from; it ends placed."""
    order = await ready(api)
    await paid(api, order, card)
    await api.update(order, {"_place": True})
    await api.update(order, {SAVE: True})
    return str((await entries(api))[0])


async def source_of(api: Api, order: Answer) -> Answer:
    return await api.get(f"stripe_payments/{await api.source_of(order)}")
