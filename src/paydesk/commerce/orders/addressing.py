"""Setting an order's addresses: assigned, cloned, or copied from one to the other."""

from __future__ import annotations

from typing import Literal

from paydesk.base.errors import Invalid
from paydesk.commerce.accounts.addresses import Address, copy_of
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule, eq, within
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work

Role = Literal["billing_address", "shipping_address"]

_OWN = frozenset(("id", "created_at", "updated_at"))


def kept_apart(address: Address | None, order_id: str | None, work: Work) -> Rule:
    """`address`, or a copy where it belongs to another order, to a merchant or to an address book, so neither changes
    the other.
    """
    if address is None:
        return None
    yield Load(address, ("billed_orders", "shipped_orders", "merchants", "books"))
    users = (*address.billed_orders, *address.shipped_orders)
    if address.merchants or address.books or any(user.id != order_id for user in users):
        return copy_of(address, work)
    return address


def assign(order: Order, role: Role, address: Address | None, work: Work) -> Rule:
    """Set an address, or none."""
    work.relate(order, role, (yield from kept_apart(address, order.id, work)))
    yield from settle_country(order, work)


def clone(order: Order, role: Role, address_id: str, work: Work) -> Rule:
    """Give the order a copy of the address with this id. Source: Commerce Layer, "Orders", `_..._clone_id`."""
    address = yield Find(Address, eq("id", address_id))
    if address is None:
        work.invalid(f"_{role}_clone_id", "invalid", "doesn't exist", value=address_id)
        work.check()
    work.relate(order, role, copy_of(address, work))
    yield from settle_country(order, work)


def clone_billing(order: Order, address_id: str, work: Work) -> Rule:
    """Take a copy of the address with this id as billing address."""
    yield from clone(order, "billing_address", address_id, work)


def clone_shipping(order: Order, address_id: str, work: Work) -> Rule:
    """Take a copy of the address with this id as shipping address."""
    yield from clone(order, "shipping_address", address_id, work)


def ship_to_billing(order: Order, work: Work) -> Rule:
    """Copy the billing address to the shipping address."""
    yield from same_as(order, "shipping_address", "billing_address", work)


def bill_to_shipping(order: Order, work: Work) -> Rule:
    """Copy the shipping address to the billing address."""
    yield from same_as(order, "billing_address", "shipping_address", work)


def same_as(order: Order, role: Role, other: Role, work: Work) -> Rule:
    """Copy one address of the order to the other. Said twice, the copy that is there stays."""
    yield Load(order, ("billing_address", "shipping_address"))
    source, present = getattr(order, other), getattr(order, role)
    if source is None:
        work.invalid(other, "blank")
        work.check()
    if present is None or present is source or not _say_the_same(present, source):
        work.relate(order, role, copy_of(source, work))
    yield from settle_country(order, work)


def settle_country(order: Order, work: Work) -> Rule:
    """The order's country is that of its shipping address, otherwise of its billing address; a lock is kept to."""
    yield Load(order, ("billing_address", "shipping_address"))
    shipping, billing = order.shipping_address, order.billing_address
    address = shipping or billing
    work.change(order, country_code=address.country_code if address else None)
    work.mistakes.extend((yield from problems(order)))


def problems(order: Order) -> Rule:
    """What stands against where an order is sent: it may be locked to a country."""
    lock = order.shipping_country_code_lock
    if not lock or order.shipping_address_id is None:
        return []
    yield Load(order, ("shipping_address",))
    if order.shipping_address.country_code == lock or not (yield from ships(order)):
        return []
    return [Invalid("shipping_address", "invalid", "is not in the country the order is locked to", value=lock)]


def _say_the_same(one: Address, other: Address) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in Address.shape.columns if name not in _OWN)


def ships(order: Order) -> Rule:
    """Whether a line of the order is sent anywhere."""
    yield Load(order, ("line_items",))
    ids = sorted({sku for line in order.line_items for sku in line.pieces()})
    skus = (yield Find(Sku, within("id", ids), many=True)) if ids else []
    return any(not sku.do_not_ship for sku in skus)
