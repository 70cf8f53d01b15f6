"""gateway_customers: who a customer is at a gateway. On no wire; a wallet's entries show it as `customer_token`."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.owning import shows_entry
from paydesk.declare import Rule, both, eq, hidden, to_one
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class GatewayCustomer(
    Resource,
    type="gateway_customers",
    singular="gateway_customer",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("customer_id", "payment_gateway_id"), ("payment_gateway_id", "token")),
):
    """One customer of ours at one gateway: there is never a second one.

    token   the gateway's name for the customer, null until it has answered
    """

    recorded = False

    token = hidden("string")
    customer = to_one("customers", required=True, hidden=True)
    payment_gateway = to_one("payment_gateways", required=True, hidden=True)


def known_at(gateway_id: str, customer_id: str) -> Rule:
    """Who a customer is at a gateway, None where the gateway was never told of the customer."""
    return (yield Find(GatewayCustomer, both(eq("customer_id", customer_id), eq("payment_gateway_id", gateway_id))))


def told_of(customer: Customer, gateway: Resource, work: Work) -> Rule:
    """The same, begun where it is missing; the customer is locked."""
    known = yield from known_at(gateway.id, customer.id)
    return known or work.create(GatewayCustomer, customer_id=customer.id, payment_gateway_id=gateway.id)


def tokens_of_shopper(options: dict[str, Any], gateway: Resource | None, work: Work) -> Rule:
    """The gateway's names for the shopper who asks; none are looked for where the options name no customer."""
    customer_id = work.actor.customer_id
    if customer_id is None or gateway is None or options.get("customer") is None:
        return ()
    theirs = both(eq("customer_id", customer_id), eq("payment_gateway_id", gateway.id))
    known = yield from known_at(gateway.id, customer_id)
    kept = yield Find("customer_payment_sources", theirs, many=True)
    customer = yield Find("customers", eq("id", customer_id))
    proved_at = customer.proved_at if customer is not None else None
    kept = [one for one in kept if shows_entry(work.actor, one, proved_at)]
    return {one.customer_token for one in kept} | ({known.token} if known is not None else set())
