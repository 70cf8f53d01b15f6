"""customer_addresses: a customer's address book, the addresses that are kept for further orders."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.accounts.addresses import Address, copy_of, full_name_and_address
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.emails import email_key
from paydesk.commerce.owning import OWN_ENTRY, shows_all
from paydesk.commerce.unserved import as_it_is, asked
from paydesk.declare import CREATE, FIND, WRITE, Access, Rule, Test, derived, eq, hidden, to_one
from paydesk.rules.asking import Change, Find, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class CustomerAddress(
    Resource,
    type="customer_addresses",
    singular="customer_address",
    unique=(("address_id",),),
    scopes={"country_code": Test("address.country_code", "eq")},
    access=Access(customer="CSLUD", customer_sees=OWN_ENTRY, customer_writes=OWN_ENTRY),
):
    """An address in a customer's book. Orders keep one by `_save_billing_address_to_customer_address_book` and
    `_save_shipping_address_to_customer_address_book`.

    Source: Commerce Layer, "Customer addresses".
    """

    root = "customer"
    loads = ("customer",)

    name = derived(
        "string",
        tuple(f"address.{name}" for name in Address.shape.fields["name"].inputs),
        full_name_and_address,
        example="text",
        doc="Full name and full address.",
    )
    customer_email = derived(
        "string",
        ("customer.email",),
        as_it_is,
        CREATE,
        example="john@example.com",
        doc="Of whose book it is in; names the customer where the relationship does not.",
    )
    claimed_at = hidden("datetime", doc="When it was kept by the customer; null where it was brought in.")
    owner_proved_at = hidden("datetime", doc="Since when it is known who the customer is that kept it.")

    customer = to_one("customers", WRITE | FIND, doc="Whose book it is in; a customer's token keeps its own.")
    address = to_one(
        "addresses",
        WRITE | FIND,
        required=True,
        doc="What it says: a copy where the address is an order's, a merchant's, or in a book already.",
    )

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        customer = yield from _customer_asked(change, work)
        work.check()
        address = yield from _own_address(change.related["address"], None, work)
        named = {"customer_id": customer.id, "address_id": address.id}
        return work.create(cls, **{**change.values, **named, **claims(customer, work)})

    def updating(self, change: Change, work: Work) -> Rule:
        values = dict(change.values)
        customer = change.related.get("customer", self.customer)
        if customer is None:
            work.invalid("customer", "blank")
            work.check()
        if customer.id != self.customer_id:
            # What made it the former customer's own says nothing of this one.
            values.update(claims(customer, work))
        if "address" in change.related:
            values["address_id"] = (yield from _own_address(change.related["address"], self, work)).id
        work.change(self, **values)


def claims(customer: Customer, work: Work) -> dict[str, Any]:
    """What is noted of an entry that somebody makes for a customer; see `commerce.owning`."""
    actor = work.actor
    if not actor.is_sales_channel:
        return {"claimed_at": None, "owner_proved_at": None}
    is_known = customer.proved_at is not None and shows_all(actor, customer.proved_at)
    return {"claimed_at": work.now, "owner_proved_at": customer.proved_at if is_known else None}


def _customer_asked(change: Change, work: Work) -> Rule:
    """In whose book the address is to be: the relationship's, the token's, or the customer of `customer_email`."""
    customer, email = change.related.get("customer"), asked(change, "customer_email")
    if customer is None and work.actor.customer_id:
        customer = yield Find(Customer, eq("id", work.actor.customer_id))
    elif customer is None and email:
        customer = yield Find(Customer, eq("email_key", email_key(email)))
        if customer is None:
            work.invalid("customer_email", "invalid", "doesn't exist", value=email)
            return None
    if customer is None:
        work.invalid("customer", "blank", "must exist")
    elif email and email_key(email) != customer.email_key:
        work.invalid("customer_email", "invalid", "is not the customer's", value=email)
    return customer


def _own_address(address: Address, entry: CustomerAddress | None, work: Work) -> Rule:
    """`address`, or a copy where something else has it, so that neither changes the other."""
    yield Load(address, ("billed_orders", "shipped_orders", "merchants", "books"))
    others = [book for book in address.books if entry is None or book.id != entry.id]
    if others or address.billed_orders or address.shipped_orders or address.merchants:
        return copy_of(address, work)
    return address
