"""Intents that a client opened itself."""

from typing import Any

from tests.payments.conftest import Api, Stripe


async def intent_of(stripe: Stripe, amount: int = 15400, currency: str = "eur", **more: Any) -> Any:
    given = {"amount": amount, "currency": currency, "capture_method": "manual", **more}
    return await stripe.v1.payment_intents.create_async({"allowed_payment_method_types": ["card"], **given})


def ids(intent: Any) -> dict[str, Any]:
    return {"stripe_id": intent.id, "client_secret": intent.client_secret}


async def untouched(api: Api, order: Any, *, open_calls: list[str] | None = None) -> None:
    assert await api.source_of(order) is None
    assert (await api.get("stripe_payments")).document["data"] == []
    assert await api.open_calls() == (open_calls or [])
