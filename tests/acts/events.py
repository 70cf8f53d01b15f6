"""Events that no webhook told of."""

from typing import Any

from tests.payments.conftest import Api


async def confirmed(api: Api) -> tuple[Any, list[str]]:
    """A payment that the bank authorized, and the ids of Stripe's events about it; no webhook came."""
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"])
    return payment, sorted(one["id"] for one in await api.stripe.events(payment["stripe_id"]))
