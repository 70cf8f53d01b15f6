"""What is kept of the merchant's balance."""

from typing import Any

from tests.payments.conftest import Answer, Api

KEPT = ("kind", "paid_cents", "amount_cents", "fee_cents", "net_cents")


async def fees(api: Api, *names: str) -> list[Any]:
    """The rows that are kept, in the order of their kinds and amounts."""
    return sorted(await api.rows("balance_transactions", *(names or KEPT)))


async def told_by(api: Api, payment: Answer, *types: str) -> None:
    """Stripe's events of these types about a payment come, and are worked."""
    for event in await api.stripe.events():
        about = event["data"]["object"]
        if event["type"] in types and payment["stripe_id"] in (about["id"], about.get("payment_intent")):
            assert (await api.deliver(event)).status_code == 200
    await api.recover()
