"""What payment methods lead to."""

from typing import Any

from tests.acts.orders import ready
from tests.payments.conftest import Answer, Api

SEPA = {
    "type": "sepa_debit",
    "sepa_debit": {"iban": "DE08370400440532013003"},
    "billing_details": {"name": "Ada Rossi", "email": "ada@example.com"},
}


async def confirmed(api: Api, **flags: Any) -> tuple[Answer, Answer]:
    """An order of a method with these flags, and its payment, which the shopper confirmed; nothing came back yet."""
    method = await api.method_of(api.gateway, **flags)
    order = await ready(api, method=method)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    return order, payment


async def told(api: Api, payment: Answer) -> None:
    """Stripe's events of a payment come in and are worked, and then what they bring about."""
    for event in await api.stripe.events(payment["stripe_id"]):
        await api.deliver(event)
    await api.recover()
    await api.recover()
