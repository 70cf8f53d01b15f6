"""Whose an order is: the customer it names, and whether it is that customer's own (`owning`)."""

from __future__ import annotations

from paydesk.base.errors import Denied
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.emails import email_key, is_email
from paydesk.commerce.accounts.signing_up import customer_of, named, sign_up
from paydesk.commerce.orders.order import Order
from paydesk.commerce.owning import shows_all
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work


def customer_of_change(order: Order | None, order_id: str, change: Change, work: Work) -> Rule:
    """The customer that the order is to name: a record, None for nobody, or the order's present `customer_id` where the
    change names none.

    A customer's token makes every order it writes its own. Source: Commerce Layer, "Customers".
    """
    owner, present = work.actor.customer_id, order.customer_id if order else None
    signs_up = bool(change.arguments.get("customer_password"))
    if owner:
        if owner == present and not signs_up:
            return present
        customer = yield Find(Customer, eq("id", owner), lock=signs_up)
        if customer is None:
            raise Denied("a customer who was deleted")
        return customer
    if "customer" in change.related:
        customer = change.related["customer"]
        if customer is None and order is not None and order.status not in ("draft", "pending"):
            work.invalid("customer", "blank")
        if customer is not None:
            named(customer, None, work)
        return customer
    email = change.values.get("customer_email")
    if email and not is_email(email):
        work.invalid("customer_email", "invalid", value=email)
        return present
    known = order.customer_email if order else None
    if email and not (known and email_key(known) == email_key(email)):
        return (yield from customer_of(email, order_id, work, lock=signs_up))
    if not signs_up:
        return present
    if present is None:
        work.invalid("customer_email", "blank")
        return None
    return (yield Find(Customer, eq("id", present), lock=True))


def name_customer(order: Order, customer: Customer | str | None, change: Change, work: Work) -> Rule:
    """Make the order name `customer`, and say whether that makes it the customer's own."""
    actor, said = work.actor, change.values.get("guest")
    if isinstance(customer, Customer):
        if order.customer_id != customer.id:
            # The claim of the former customer says nothing of this one.
            work.change(order, guest=True, claimed_at=None, owner_proved_at=None)
        signed_up = yield from sign_up(customer, order, change, work)
        work.relate(order, "customer", customer)
        if signed_up:
            work.change(order, claimed_at=work.now)
        email = customer.email
        if actor.is_sales_channel and actor.customer_id is None:
            # As the shopper typed it: the customer's own spelling would tell that there is such a customer.
            email = (change.values.get("customer_email") or order.customer_email or email).strip()
        work.change(order, customer_email=email)
    elif customer is None and order.customer_id is not None:
        work.relate(order, "customer", None)
        work.change(order, customer_email=None, customer_type="new", guest=True, claimed_at=None, owner_proved_at=None)
    if actor.customer_id:
        said = False
    elif actor.is_sales_channel:
        said = None
    if said is not None:
        work.change(order, guest=said)
        if not said and order.customer_id is not None and order.claimed_at is None:
            work.change(order, claimed_at=work.now)
        if not said:
            yield from _keep_apart(order, customer, work)
    if isinstance(customer, Customer):
        work.change(order, customer_type="returning" if customer.has_ordered(order) else "new")


def _keep_apart(order: Order, customer: Customer | str | None, work: Work) -> Rule:
    """Hide a customer's own order from everybody who had the account before its owner was known, if the caller is that
    owner.
    """
    actor = work.actor
    is_known = not actor.is_sales_channel or actor.trusted_at is not None
    if not is_known or order.customer_id is None or order.owner_proved_at is not None:
        return
    owner = customer if isinstance(customer, Customer) else (yield Find(Customer, eq("id", order.customer_id)))
    if owner is not None and owner.proved_at is not None and shows_all(actor, owner.proved_at):
        work.change(order, owner_proved_at=owner.proved_at)
