"""customer_payment_sources: a customer's wallet, the payment methods that are kept for further orders."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Denied
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.owning import OWN_ENTRY
from paydesk.commerce.payable import SOURCES
from paydesk.commerce.payments.asks import DetachAsk, ImportAsk, InstrumentAsk
from paydesk.declare import (
    FILTER,
    FIND,
    WRITE,
    Access,
    Condition,
    Own,
    Rule,
    both,
    eq,
    hidden,
    null,
    string,
    to_many,
    to_one,
)
from paydesk.gateways.port.wallet import Instrument
from paydesk.rules.asking import Call, Change, Find, Load, new_id
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_SHOPPERS_MAY = frozenset(("reference", "reference_origin", "metadata"))
"""What a customer may write to an entry: whose card it is, the gateway says."""


class CustomerPaymentSource(
    Resource,
    type="customer_payment_sources",
    singular="customer_payment_source",
    unique=(("payment_gateway_id", "payment_source_token"), ("customer_id", "payment_gateway_id", "fingerprint")),
    access=Access(customer="SLUD", customer_sees=OWN_ENTRY, customer_writes=OWN_ENTRY),
):
    """A payment method that a customer has kept, and that their orders can be paid with.

    Orders make one by `_save_payment_source_to_customer_wallet`; integrations bring in what the gateway already keeps
    by its two tokens. Deleting one detaches it at the gateway. Source: Commerce Layer, "Customer payment sources".
    """

    root = "customer"
    loads = ("customer", "payment_gateway")

    name = string(FILTER, example="XXXX-XXXX-XXXX-1111", doc="What the shopper knows it by: its brand and last digits.")
    customer_token = string(
        WRITE, example="cus_xxxyyyzzz", max_length=255, doc="The gateway's name for the customer whose it is."
    )
    payment_source_token = string(
        WRITE | FILTER, example="pm_xxxyyyzzz", max_length=255, doc="The gateway's name for the payment method."
    )
    instrument = hidden("object", doc="As `payment_instrument` of a payment source.")
    method = hidden("object", doc="As `payment_method` of a payment source.")
    fingerprint = hidden("string", doc="The same for the same card within an account.")
    claimed_at = hidden(
        "datetime", doc="When it was kept from what is the customer's own; null where it was brought in."
    )
    owner_proved_at = hidden("datetime", doc="As of the order that it was kept from.")

    customer = to_one("customers", WRITE | FIND, required=True, doc="Whose wallet it is in.")
    payment_method = to_one("payment_methods", WRITE | FILTER, doc="What it pays by; null for any of its gateway.")
    payment_source = to_one(SOURCES, WRITE, doc="What it was kept from.")
    payment_gateway = to_one("payment_gateways", hidden=True)
    methods = to_many("payment_methods", match=eq("payment_gateway_id", Own("payment_gateway_id")), hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        """Bring in what the gateway keeps already. It is looked at there first: the tokens must belong together."""
        values = change.values
        for name in ("customer_token", "payment_source_token"):
            if not values.get(name):
                work.invalid(name, "blank")
        gateway = yield from _gateway_of(change, work)
        work.check()
        work.call(
            "import_instrument",
            change.related["customer"],
            gateway=gateway,
            record_id=new_id(),
            ask=ImportAsk(instrument=values["payment_source_token"], record=values),
        )

    def updating(self, change: Change, work: Work) -> Rule:
        values = dict(change.values)
        if work.actor.is_sales_channel and not values.keys() | change.related.keys() <= _SHOPPERS_MAY:
            raise Denied("a shopper does not say whose card it is")
        tokens = {name: values.pop(name, None) or getattr(self, name) for name in _TOKENS}
        if change.related.get("payment_method") is not None:
            method = change.related["payment_method"]
            yield Load(method, ("payment_gateway",))
            if method.payment_gateway_id != self.payment_gateway_id:
                work.invalid("payment_method", "invalid", "goes through another gateway")
                work.check()
        work.change(self, **values)
        if any(getattr(self, name) != token for name, token in tokens.items()):
            work.call(
                "import_instrument",
                self,
                gateway=self.payment_gateway,
                record_id=self.id,
                ask=ImportAsk(instrument=tokens["payment_source_token"], record=tokens),
            )

    def deleting(self, work: Work) -> None:
        self.detach(work)

    def detach(self, work: Work, *, deferred: bool = False) -> None:
        """Have the gateway forget that the payment method is the customer's; the entry goes with its answer."""
        token = self.payment_source_token
        ask = DetachAsk(
            instrument=token,
            customer=self.customer_token,
            customer_id=self.customer_id,
            gateway={"payment_method_id": token},
        )
        work.calls.append(
            Call(
                "detach_instrument",
                self.shape.type,
                token,
                self.payment_gateway,
                ask,
                record_id=self.id,
                deferred=deferred,
            )
        )

    def read(self, work: Work) -> None:
        """Ask the gateway how the payment method stands, after this work is written."""
        work.call(
            "read_instrument",
            self,
            gateway=self.payment_gateway,
            record_id=self.id,
            ask=InstrumentAsk(instrument=self.payment_source_token, customer_id=self.customer_id),
        )

    def take(self, told: Instrument, work: Work) -> None:
        """Bring the entry to what the gateway says of its payment method."""
        work.change(self, payment_source_token=told.payment_method_id, customer_token=told.customer, **facts(told))


_TOKENS = ("customer_token", "payment_source_token")


def facts(told: Instrument) -> dict[str, Any]:
    """What an entry keeps of a payment method."""
    return {
        "name": _name(told),
        "fingerprint": told.fingerprint,
        "instrument": dict(told.instrument),
        "method": dict(told.payment_method),
    }


def _name(told: Instrument) -> str:
    """ "visa …4242", "sepa debit …3000", "link"."""
    kind = str(told.payment_method["type"])
    details = told.payment_method.get(kind) or {}
    brand = str(details.get("brand") or kind).replace("_", " ")
    return f"{brand} …{details['last4']}" if details.get("last4") else brand


def _gateway_of(change: Change, work: Work) -> Rule:
    """The gateway that an imported payment method is kept at: its method's, its source's, or the only one there is."""
    for name in ("payment_method", "payment_source"):
        related = change.related.get(name)
        if related is not None:
            yield Load(related, ("payment_gateway",))
            if related.payment_gateway.keeps_instruments:
                return related.payment_gateway
            work.invalid(name, "invalid", "goes through a gateway that keeps no payment methods")
            return None
    enabled = yield Find("payment_gateways", null("disabled_at"), many=True)
    keeping = [one for one in enabled if one.keeps_instruments]
    if len(keeping) == 1:
        return keeping[0]
    work.invalid("payment_method", "blank", "must exist: it says which gateway keeps the payment method")
    return None


def entry_of(gateway_id: str, token: str) -> Condition:
    """What the entry of a gateway's payment method fulfils."""
    return both(eq("payment_source_token", token), eq("payment_gateway_id", gateway_id))


def remember(
    customer: Customer,
    gateway_id: str,
    told: Instrument,
    work: Work,
    *,
    claimed: bool,
    owner_proved_at: str | None,
    **related: Any,
) -> Rule:
    """Keep a payment method in the wallet of a customer, who is locked; the entry of the same card is used again.

    A newer one of the same card takes the place of the one that was kept, which is detached.
    claimed           it comes of what is the customer's own
    owner_proved_at   since when it is known who that is
    """
    kept = yield Find(
        CustomerPaymentSource,
        both(eq("customer_id", customer.id), eq("payment_gateway_id", gateway_id)),
        ("payment_gateway",),
        many=True,
    )
    entry = next((one for one in kept if one.payment_source_token == told.payment_method_id), None)
    if entry is None and told.fingerprint is not None:
        entry = next((one for one in kept if one.fingerprint == told.fingerprint), None)
        if entry is not None:
            entry.detach(work, deferred=True)
    if entry is None:
        return work.create(
            CustomerPaymentSource,
            customer_id=customer.id,
            payment_gateway_id=gateway_id,
            payment_source_token=told.payment_method_id,
            customer_token=told.customer,
            claimed_at=work.now if claimed else None,
            owner_proved_at=owner_proved_at,
            **facts(told),
            **related,
        )
    entry.take(told, work)
    if claimed and entry.claimed_at is None:
        work.change(entry, claimed_at=work.now)
    if claimed and owner_proved_at is not None:
        work.change(entry, owner_proved_at=owner_proved_at)
    work.change(entry, **related)
    return entry
