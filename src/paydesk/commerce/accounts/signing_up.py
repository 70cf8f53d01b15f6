"""Finding or making the customer that an order names, and giving one an account."""

from __future__ import annotations

from paydesk.commerce.accounts.customers import Customer, belonging_to, make_customer
from paydesk.commerce.accounts.emails import email_key
from paydesk.commerce.accounts.passwords import hashed
from paydesk.commerce.payable import Payable
from paydesk.declare import Rule, Test, both, eq
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work


def customer_of(email: str, order_id: str, work: Work, *, lock: bool = False) -> Rule:
    """The customer with this address, made as a prospect when there is none (Commerce Layer, "Orders").

    order_id   the order that names the address
    lock       hold the customer, who is to be signed up
    """
    found = yield Find(Customer, eq("email_key", email_key(email)), lock=lock)
    if found is None:
        return make_customer(work, email=email.strip(), email_key=email_key(email), made_by=order_id)
    named(found, order_id, work)
    return found


def named(customer: Customer, order_id: str | None, work: Work) -> None:
    """Note that the customer is named by something else than the order that made it: that order has no say in it any
    more.
    """
    if customer.made_by is not None and customer.made_by != order_id:
        work.change(customer, made_by=None)


def sign_up(customer: Customer, order: Payable, change: Change, work: Work) -> Rule:
    """Give a customer an account by the order's `customer_password`; returns whether it did.

    An integration signs up whoever has no password. A guest signs up whom this very order made, and whom nothing else
    has named since: any other address may be somebody else's. Who has a password keeps it.
    """
    password_hash = hashed("customer_password", change, work)
    if password_hash is None:
        return False
    actor = work.actor
    if actor.is_sales_channel and actor.customer_id is None:
        if order.claimed_at is not None and order.customer_id == customer.id:
            return False  # It did so before, and is asked again.
        if not (yield from _is_nobodys(customer, order, work)):
            work.guessed("customer_password", "taken")
            return False
    elif customer.password_hash is not None:
        return False
    trusted_at = actor.trusted_at if actor.is_sales_channel else None
    work.change(customer, password_hash=password_hash, password_trusted_at=trusted_at)
    return True


def _is_nobodys(customer: Customer, order: Payable, work: Work) -> Rule:
    """Whether nobody but this order knows of the customer, who is locked."""
    if customer in work.created:
        return True
    if customer.made_by != order.id or customer.password_hash is not None or customer.proved_at is not None:
        return False
    others = yield Find("orders", both(eq("customer_id", customer.id), Test("id", "ne", order.id)), many=True)
    kept = yield Find("customer_payment_sources", belonging_to(customer), many=True)
    book = yield Find("customer_addresses", belonging_to(customer), many=True)
    return not others and not kept and not book
