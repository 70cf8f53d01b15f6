"""customers: who buys, found by e-mail address; with a password the customer has an account."""

from __future__ import annotations

import re
from typing import Any

from paydesk.commerce.unserved import as_it_is
from paydesk.declare import (
    FILTER,
    FIND,
    NONE,
    WRITE,
    Access,
    Caller,
    Condition,
    Resource,
    Rule,
    argument,
    constant,
    derived,
    eq,
    hidden,
    integer,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.work import Change, Find, Load, Work, new_id

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_LONGEST_EMAIL = 254
"""RFC 5321, erratum 1690."""

SHORTEST_PASSWORD = 6
LONGEST_PASSWORD = 256
"""Commerce Layer documents `secret` as an example of a password, so six characters are enough."""


def _is_given(value: Any) -> bool:
    return value is not None


def email_key(email: str) -> str:
    """What makes two addresses the same: neither case nor surrounding space."""
    return email.strip().lower()


def is_email(text: str) -> bool:
    return len(text.strip()) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text.strip()) is not None


class Customer(
    Resource,
    type="customers",
    singular="customer",
    versions=False,
    unique=(("email_key",),),
    access=Access(
        guest="C",
        customer="CSLUD",
        customer_sees=eq("id", Caller("owner_id")),
        customer_writes=eq("id", Caller("owner_id")),
    ),
):
    """A shopper. Orders make them by `customer_email`; a password makes an account of one.

    Source: Commerce Layer, "Customers".
    """

    email = string(
        WRITE | FIND, required=True, example="john@example.com", doc="Unique within the environment, whatever its case."
    )
    password = argument(
        "string",
        WRITE,
        secret=True,
        max_length=LONGEST_PASSWORD,
        example="secret",
        doc="Signs the customer up; kept as a hash.",
    )
    status = string(
        FIND,
        default="prospect",
        enum=("prospect", "acquired", "repeat"),
        example="prospect",
        doc="How many orders were placed: none, one, more.",
    )
    has_password = derived("boolean", ("password_hash",), _is_given, example=False, doc="The customer has an account.")
    total_orders_count = integer(FIND, default=0, example=6, doc="Orders placed.")
    shopper_reference = string(WRITE, example="xxx-yyy-zzz", doc="The shopper's name at a payment gateway.")
    profile_id = string(WRITE, example="xxx-yyy-zzz", doc="The shopper's profile at a payment gateway.")
    tax_exemption_code = string(WRITE, example="xxx-yyy-zzz", doc="Tells tax calculators that the customer is exempt.")
    jwt_custom_claim = derived(
        "object", ("caller.custom_claim",), as_it_is, example="{}", doc="The custom claim of the caller's token."
    )
    anonymization_info = constant("object", doc="The course of an anonymization.")
    anonymization_status = constant("string", None, FIND, example="requested", doc="Where an anonymization stands.")
    customer_group = to_one("customer_groups", WRITE | FIND)
    customer_addresses = to_many("customer_addresses", by="customer")
    customer_payment_sources = to_many("customer_payment_sources", by="customer")
    customer_subscriptions = to_many("customer_subscriptions", by="customer")
    orders = to_many("orders", by="customer", flags=NONE)
    order_subscriptions = to_many("order_subscriptions", by="customer")
    returns = to_many("returns", by="customer")
    sku_lists = to_many("sku_lists", by="customer")
    attachments = to_many("attachments", by="attachable")
    events = to_many("events")
    tags = to_many("tags", flags=WRITE | FILTER, prohibited=True)
    jwt_customer = to_one("customers", match=eq("id", Caller("owner_id")))
    jwt_markets = to_many("markets", flags=NONE, match=within("id", Caller("market_ids")))
    jwt_stock_locations = to_many("stock_locations", flags=NONE, match=within("id", Caller("stock_location_ids")))
    email_key = hidden("string", doc="The address in lower case, which is unique.")
    password_hash = hidden("string", secret=True, doc="argon2id; null without an account.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Customer:
        _take_email(change.values, work)
        password_hash = _hashed("password", change, work)
        work.check()
        return _make(work, **change.values, password_hash=password_hash)

    def updating(self, change: Change, work: Work) -> Rule:
        """A new address or a first password is carried to the orders that show them."""
        values = change.values
        if "email" in values:
            _take_email(values, work)
        password_hash = _hashed("password", change, work)
        work.check()
        signs_up = password_hash is not None and self.password_hash is None
        renamed = "email" in values and values["email"] != self.email
        if password_hash is not None:
            values["password_hash"] = password_hash
        work.change(self, **values)
        if renamed or signs_up:
            yield Load(self, ("orders",))
            for order in self.orders:
                if renamed:
                    work.change(order, customer_email=self.email)
                if signs_up and order.status in ("draft", "pending"):
                    work.change(order, guest=False)

    def deleting(self, work: Work) -> Rule:
        """The customer goes with the wallet, whose payment methods are detached. One who has ordered stays."""
        for entry in (yield Find("customer_payment_sources", _of(self), ("payment_gateway",), many=True)):
            entry.detach(work, deferred=True)
            work.delete(entry)
        for known in (yield Find("gateway_customers", _of(self), many=True)):
            work.delete(known)
        work.delete(self)


def _of(customer: Customer) -> Condition:
    return eq("customer_id", customer.id)


def _make(work: Work, **values: Any) -> Customer:
    values["shopper_reference"] = values.get("shopper_reference") or new_id()
    values["profile_id"] = values.get("profile_id") or new_id()
    return work.create(Customer, **values)


def _take_email(values: dict[str, Any], work: Work) -> None:
    """Check that `values["email"]` is an address, and put its key beside it; the database says whether it is free."""
    values["email"] = values["email"].strip()
    values["email_key"] = email_key(values["email"])
    if not is_email(values["email"]):
        work.invalid("email", "invalid", value=values["email"])


def _hashed(name: str, change: Change, work: Work) -> str | None:
    """The hash of the password that a request gives, None where it gives none."""
    password = change.arguments.get(name)
    if not password:
        return None
    if len(password) < SHORTEST_PASSWORD:
        work.invalid(name, "too_short", count=SHORTEST_PASSWORD)
        return None
    hashed: str = work.settings["hash_password"](password)
    return hashed


def customer_of(email: str, work: Work) -> Rule:
    """The customer with this address, made as a prospect when there is none (Commerce Layer, "Orders")."""
    found = yield Find(Customer, eq("email_key", email_key(email)))
    return found or _make(work, email=email.strip(), email_key=email_key(email))


def sign_up(customer: Customer, change: Change, work: Work) -> None:
    """Give a customer an account by `customer_password`. Who has one keeps it: an order is no way to change it."""
    if customer.password_hash is None:
        password_hash = _hashed("customer_password", change, work)
        if password_hash is not None:
            work.change(customer, password_hash=password_hash)
