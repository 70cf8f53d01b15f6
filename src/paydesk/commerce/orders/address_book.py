"""Keeping an order's addresses in the book of its customer."""

from __future__ import annotations

from paydesk.commerce.accounts.addresses import Address, are_the_same, copy_of
from paydesk.commerce.accounts.customer_addresses import CustomerAddress
from paydesk.commerce.orders.addressing import Role
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Find, Load, new_id
from paydesk.rules.work import Work


def keep_billing(order: Order, work: Work) -> Rule:
    """Keep the billing address in the customer's address book, unless it is there."""
    yield from keep(order, "billing_address", work)


def keep_shipping(order: Order, work: Work) -> Rule:
    """Keep the shipping address in the customer's address book, unless it is there."""
    yield from keep(order, "shipping_address", work)


def keep(order: Order, role: Role, work: Work) -> Rule:
    """Keep a copy of an address of the order in its customer's book, unless the book has it already.

    A shopper keeps it in the shopper's own book, and from an order of the shopper's own: anybody may type anybody's
    e-mail address into an order. Where there is nothing to keep, or no book, nothing happens: front ends ask for it
    before they place the order, whatever the order holds.
    """
    shopper = work.actor.is_sales_channel
    if order.customer_id is None or (shopper and (work.actor.customer_id != order.customer_id or not order.is_owned)):
        return
    yield Load(order, (role,))
    address: Address | None = getattr(order, role)
    if address is None:
        return
    # One after the other, so that the same address is not kept twice.
    yield Find("customers", eq("id", order.customer_id), lock=True)
    book = yield Find(CustomerAddress, eq("customer_id", order.customer_id), ("address",), many=True)
    made = [one for one in work.created if isinstance(one, CustomerAddress)]
    claimed_at = work.now if order.is_owned else None
    for entry in (*book, *made):
        if are_the_same(entry.address, address):
            if order.is_owned:
                proved_at = order.owner_proved_at or entry.owner_proved_at
                work.change(entry, claimed_at=entry.claimed_at or claimed_at, owner_proved_at=proved_at)
            return
    entry_id = new_id()
    # Front ends find the entry of an address by its reference.
    copy = copy_of(address, work, reference=entry_id)
    entry = work.create(
        CustomerAddress,
        id=entry_id,
        customer_id=order.customer_id,
        claimed_at=claimed_at,
        owner_proved_at=order.owner_proved_at,
    )
    work.relate(entry, "address", copy)
