"""customers: who buys, found by e-mail address; with a password the customer has an account."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Denied
from paydesk.commerce.accounts.emails import email_key, is_email
from paydesk.commerce.accounts.passwords import LONGEST_PASSWORD, hashed
from paydesk.commerce.owning import shows_all, shows_entry, told_count
from paydesk.commerce.payable import Payable
from paydesk.commerce.unserved import as_it_is
from paydesk.declare import (
    FIND,
    NONE,
    WRITE,
    Access,
    Caller,
    Condition,
    Limited,
    Rule,
    Test,
    argument,
    constant,
    derived,
    eq,
    hidden,
    integer,
    null,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Find, Load, new_id
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


def _is_given(value: Any) -> bool:
    return value is not None


_HAS_PASSWORD = Test("password_hash", "not_null")

STATUSES = ("prospect", "acquired", "repeat")
"""By how many orders were placed: none, one, more."""


def _status(
    status: str,
    everything: int | None,
    own: int | None,
    proved_at: str | None,
    is_shopper: bool,
    trusted_at: str | None,
) -> str:
    count = told_count(everything, own, proved_at, is_shopper, trusted_at)
    return STATUSES[min(count, 2)] if count != (everything or 0) else status


_COUNTED = ("total_orders_count", "own_orders_count", "proved_at", "caller.is_sales_channel", "caller.trusted_at")


class Customer(
    Resource,
    type="customers",
    singular="customer",
    versions=False,
    unique=(("email_key",),),
    scopes={
        "password_present": _HAS_PASSWORD,
        "password_not_null": _HAS_PASSWORD,
        "password_blank": null("password_hash"),
        "password_null": null("password_hash"),
    },
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
        enum=STATUSES,
        inputs=("status", *_COUNTED),
        compute=_status,
        example="prospect",
        doc="How many orders were placed: none, one, more.",
    )
    has_password = derived("boolean", ("password_hash",), _is_given, example=False, doc="The customer has an account.")
    total_orders_count = integer(FIND, default=0, inputs=_COUNTED, compute=told_count, example=6, doc="Orders placed.")
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
    password_resets = to_many("customer_password_resets", by="customer", hidden=True)
    customer_subscriptions = to_many("customer_subscriptions", by="customer")
    orders = to_many("orders", by="customer", flags=NONE, listed=True)
    order_subscriptions = to_many("order_subscriptions", by="customer")
    returns = to_many("returns", by="customer")
    sku_lists = to_many("sku_lists", by="customer")
    jwt_customer = to_one("customers", match=eq("id", Caller("owner_id")))
    jwt_markets = to_many("markets", flags=NONE, match=within("id", Caller("market_ids")))
    jwt_stock_locations = to_many("stock_locations", flags=NONE, match=within("id", Caller("stock_location_ids")))
    email_key = hidden("string", doc="The address in lower case, which is unique.")
    password_hash = hidden("string", secret=True, doc="argon2id; null without an account.")
    password_trusted_at = hidden("datetime", doc="When its bearer was known to own the address; null: never.")
    proved_at = hidden("datetime", doc="When the address was proved to be the customer's own; null before.")
    made_by = hidden("string", doc="The order that made the customer, while nothing else has named it since.")
    own_orders_count = hidden("integer", default=0, doc="Orders placed that are the customer's own (`owning`).")

    @classmethod
    def limited(cls, verb: str, record_id: str | None, change: Change) -> Limited | None:
        """An address that is taken is told, and a password takes a processor's time."""
        return Limited("account") if verb == "create" or change.gives("email") or change.gives("password") else None

    @classmethod
    def creating(cls, change: Change, work: Work) -> Customer:
        _take_email(change.values, work)
        password_hash = hashed("password", change, work)
        work.check()
        # Whoever may see all customers vouches for those that it makes.
        proved_at = None if work.actor.is_sales_channel else work.now
        return make_customer(
            work,
            **change.values,
            password_hash=password_hash,
            password_trusted_at=proved_at if password_hash is not None else None,
            proved_at=proved_at,
        )

    def updating(self, change: Change, work: Work) -> Rule:
        """A new address is carried to the orders that show it. Where the customer takes it, a guest's order keeps what
        the guest has typed, who may be anybody and is not to learn it.
        """
        values, by_shopper = change.values, work.actor.is_sales_channel
        if "email" in values:
            _take_email(values, work)
        password_hash = hashed("password", change, work)
        work.check()
        renamed = "email" in values and values["email"] != self.email
        moves = renamed and values["email_key"] != self.email_key
        if password_hash is not None or moves:
            self._must_be_trusted(work)
        if moves and by_shopper:
            yield from self._leave_address(work)
        if password_hash is not None:
            values["password_hash"] = password_hash
            values["password_trusted_at"] = work.actor.trusted_at if by_shopper else work.now
            if by_shopper:
                work.sign_out(self, elsewhere=True)
        if not by_shopper:
            values["made_by"] = None
            if password_hash is not None:
                # Whoever had signed in may have been the reason for it.
                values["proved_at"] = self.proved_at or work.now
                work.sign_out(self)
        work.change(self, **values)
        if renamed:
            yield Load(self, ("orders",))
            for order in self.orders:
                if not (order.guest and by_shopper):
                    work.change(order, customer_email=self.email)

    def prove(self, password_hash: str, work: Work) -> None:
        """Whoever owns the address has chosen this password: what names the customer is the customer's, and nobody who
        had signed in before stays so.
        """
        proved_at = self.proved_at or work.now
        trusted_at = max(work.now, proved_at)
        work.change(
            self, password_hash=password_hash, password_trusted_at=trusted_at, proved_at=proved_at, made_by=None
        )
        work.sign_out(self)

    def count_order(self, order: Payable, work: Work) -> str:
        """Note that one more order of the customer was placed; what kind of customer that makes it of the order."""
        count, own = self.total_orders_count + 1, (self.own_orders_count or 0) + bool(order.is_owned)
        work.change(self, total_orders_count=count, own_orders_count=own, status=STATUSES[min(count, 2)])
        return "new" if (own if order.is_owned and self.proved_at is None else count) == 1 else "returning"

    def has_ordered(self, order: Payable) -> bool:
        """Whether another order was placed, as far as this one's owner may know."""
        return bool(self.own_orders_count if order.is_owned and self.proved_at is None else self.total_orders_count)

    def _must_be_trusted(self, work: Work) -> None:
        """Once an address was proved, who signed in before with a password of anybody's has no say in it.

        raises   Denied
        """
        if self.proved_at is not None and not shows_all(work.actor, self.proved_at):
            raise Denied("signed in before the address was proved")

    def _leave_address(self, work: Work) -> Rule:
        """A shopper takes another address, which is not proved yet. What others have addressed to the present one goes
        along only if that was proved: whoever opened an account for another's address must not carry it off.
        """
        yield Load(self, ("orders",))
        unclaimed = [one for one in self.orders if not one.is_owned]
        for kind in ("customer_payment_sources", "customer_addresses"):
            unclaimed += [one for one in (yield Find(kind, belonging_to(self), many=True)) if one.claimed_at is None]
        if unclaimed and not shows_all(work.actor, self.proved_at):
            work.invalid("email", "unproved", "can be changed once the present one was proved by a password reset")
            work.check()
        for one in unclaimed:
            work.change(one, claimed_at=work.now, owner_proved_at=self.proved_at)
        work.change(self, proved_at=None, own_orders_count=self.total_orders_count, made_by=None)

    def deleting(self, work: Work) -> Rule:
        """The customer goes with the address book and the wallet, whose payment methods are detached. One who has
        ordered stays, and so does one whose wallet or book holds what the caller is not shown.
        """
        self._must_be_trusted(work)
        entries = yield Find("customer_payment_sources", belonging_to(self), ("payment_gateway",), many=True)
        book = yield Find("customer_addresses", belonging_to(self), many=True)
        if not all(shows_entry(work.actor, entry, self.proved_at) for entry in (*entries, *book)):
            raise Denied("a wallet or an address book that is not the caller's alone")
        for entry in book:
            work.delete(entry)
        for entry in entries:
            entry.detach(work, deferred=True)
            work.delete(entry)
        for known in (yield Find("gateway_customers", belonging_to(self), many=True)):
            work.delete(known)
        for reset in (yield Find("customer_password_resets", belonging_to(self), many=True)):
            work.delete(reset)
        for kept in (yield Find("sku_lists", belonging_to(self), ("sku_list_items",), many=True)):
            for record in (*kept.sku_list_items, kept):
                work.delete(record)
        work.delete(self)


def belonging_to(customer: Customer) -> Condition:
    """The condition that finds a customer's records of another type."""
    return eq("customer_id", customer.id)


def make_customer(work: Work, **values: Any) -> Customer:
    """Create a customer, with a name at gateways where none is given."""
    values["shopper_reference"] = values.get("shopper_reference") or new_id()
    values["profile_id"] = values.get("profile_id") or new_id()
    return work.create(Customer, **values)


def _take_email(values: dict[str, Any], work: Work) -> None:
    """Check that `values["email"]` is an address, and put its key beside it; the database says whether it is free."""
    values["email"] = values["email"].strip()
    values["email_key"] = email_key(values["email"])
    if not is_email(values["email"]):
        work.invalid("email", "invalid", value=values["email"])
