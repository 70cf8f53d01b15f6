"""Customers and the cards they keep."""

from typing import Any

from tests.payments.conftest import Answer, Api

PASSWORD = "correct horse"


async def customer_of(api: Api, email: str = "ada@example.com") -> Answer:
    return await api.create("customers", {"email": email, "password": PASSWORD})


async def kept_at_stripe(api: Api, card: str = "pm_card_visa", customer: str | None = None) -> tuple[str, str]:
    """A card that Stripe keeps for a customer: both their names."""
    owner = customer or (await api.stripe.v1.customers.create_async({})).id
    method = await api.stripe.v1.payment_methods.attach_async(card, {"customer": owner})
    return owner, method.id


async def imported(
    api: Api, customer: Answer, card: str = "pm_card_visa", tokens: tuple[str, str] | None = None, **related: Any
) -> Answer:
    owner, method = tokens or await kept_at_stripe(api, card)
    given = {"customer_token": owner, "payment_source_token": method}
    return await api.create("customer_payment_sources", given, customer=customer, **related)


async def names(api: Api, token: str | None = None) -> list[str]:
    found = (await api.get("customer_payment_sources", token=token)).data
    return sorted(one["attributes"]["name"] for one in found)


async def event_of(api: Api, type: str, about: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [one for one in await api.stripe.events(about) if one["type"] == type]
    return found[-1]
