"""customer_payment_sources: a customer's wallet, the payment methods that are kept for further orders."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Denied, Invalid
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.owning import OWN_ENTRY
from paydesk.commerce.payable import SOURCES
from paydesk.commerce.payments.acts.read import refusal
from paydesk.commerce.payments.asks import DetachAsk, ImportAsk, InstrumentAsk, SetupAsk
from paydesk.commerce.payments.gateway_customers import GatewayCustomer, known_at
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
from paydesk.gateways.port.problems import Refused
from paydesk.gateways.port.wallet import Instrument, Setup
from paydesk.rules.asking import Call, Change, Find, Load, new_id
from paydesk.rules.plans import Journalled, No, Plan
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


class ImportInstrument(Plan[ImportAsk]):
    """Look at a payment method that an integration says is a customer's, and keep it."""

    kind = "import_instrument"
    asks = ImportAsk
    about = "instrument"

    def reads(self, call: Journalled[ImportAsk]) -> str | None:
        return call.ask.instrument

    def settle(self, call: Journalled[ImportAsk], answer: Instrument, work: Work) -> Rule:
        record = call.ask.record
        if answer.customer != record["customer_token"]:
            return Invalid("customer_token", "invalid", "is not whose payment method it is", value=answer.customer)
        known = yield Find(CustomerPaymentSource, entry_of(call.gateway_id, answer.payment_method_id))
        if known is not None and known.id != call.record_id:
            return Invalid("payment_source_token", "taken")
        entry = None
        if call.subject_type == "customers":
            customer_id = record["customer_id"]
        else:
            entry = yield Find(CustomerPaymentSource, eq("id", call.subject_id))
            if entry is None:
                return None
            customer_id = entry.customer_id
        yield Find("customers", eq("id", customer_id), lock=True)
        owner = yield Find(
            GatewayCustomer, both(eq("token", answer.customer), eq("payment_gateway_id", call.gateway_id))
        )
        if owner is not None and owner.customer_id != customer_id:
            return Invalid("customer_token", "taken")
        if owner is None and (yield from known_at(call.gateway_id, customer_id)) is None:
            # Who the customer is at the gateway is known by now: there is to be no second one.
            work.create(
                GatewayCustomer, customer_id=customer_id, payment_gateway_id=call.gateway_id, token=answer.customer
            )
        if entry is not None:
            entry.take(answer, work)
            return entry
        return work.create(
            CustomerPaymentSource, id=call.record_id, **record, **facts(answer), payment_gateway_id=call.gateway_id
        )

    def refused(self, call: Journalled[ImportAsk], problem: No, work: Work) -> Any:
        if getattr(problem, "http_status", None) == 404:
            return Invalid("payment_source_token", "invalid", problem.message)
        return refusal(problem)


class ReadInstrument(Plan[InstrumentAsk]):
    """Bring an entry to what the gateway says of it; one that is nobody's or somebody else's there goes."""

    kind = "read_instrument"
    asks = InstrumentAsk
    about = "instrument"

    def reads(self, call: Journalled[InstrumentAsk]) -> str | None:
        return call.ask.instrument

    def settle(self, call: Journalled[InstrumentAsk], answer: Instrument, work: Work) -> Rule:
        entry = yield from _entry(call)
        if entry is None:
            return None
        if answer.customer != entry.customer_token:
            work.delete(entry)
            return None
        entry.take(answer, work)
        return entry

    def refused(self, call: Journalled[InstrumentAsk], problem: No, work: Work) -> Any:
        if getattr(problem, "http_status", None) == 404:
            return self._gone(call, work)
        return refusal(problem)

    def _gone(self, call: Journalled[InstrumentAsk], work: Work) -> Rule:
        entry = yield from _entry(call)
        if entry is not None:
            work.delete(entry)


def _entry(call: Journalled[InstrumentAsk | DetachAsk]) -> Rule:
    """The entry of the payment method that a call is about, its customer locked before it."""
    yield Find("customers", eq("id", call.ask.customer_id), lock=True)
    entry = yield Find(CustomerPaymentSource, entry_of(call.gateway_id, call.ask.instrument), ("payment_gateway",))
    return entry


class DetachInstrument(Plan[DetachAsk]):
    """Take a payment method out of a wallet, here and at the gateway. One that is gone there already is no obstacle."""

    kind = "detach_instrument"
    asks = DetachAsk
    verb = "detach"
    about = "instrument"

    def reads(self, call: Journalled[DetachAsk]) -> str | None:
        return call.ask.instrument

    def looks(self, call: Journalled[DetachAsk]) -> str | None:
        return call.ask.instrument

    def proceeds(self, call: Journalled[DetachAsk], snapshot: Instrument) -> bool:
        return snapshot.customer == call.ask.customer

    def settle(self, call: Journalled[DetachAsk], answer: Instrument | None, work: Work) -> Rule:
        entry = yield from _entry(call)
        if entry is not None:
            work.delete(entry)
        return entry

    def refused(self, call: Journalled[DetachAsk], problem: No, work: Work) -> Any:
        found: Any = problem.snapshot  # of a payment method here
        is_gone = getattr(problem, "http_status", None) == 404 or (
            isinstance(found, Instrument) and not self.proceeds(call, found)
        )
        if is_gone or (isinstance(problem, Refused) and problem.unauthorized):
            # With a key that is dead nothing can be detached, and the entry must not stay for ever.
            return self.settle(call, None, work)
        return refusal(problem)


class ReadSetup(Plan[SetupAsk]):
    """A payment method was set up apart from any payment: keep it, where it is for a customer of ours."""

    kind = "read_setup"
    asks = SetupAsk
    about = "setup"

    def reads(self, call: Journalled[SetupAsk]) -> str | None:
        return call.ask.setup

    def settle(self, call: Journalled[SetupAsk], answer: Setup, work: Work) -> Rule:
        if not answer.succeeded or answer.customer is None or answer.payment_method_id is None:
            return
        owner = both(eq("token", answer.customer), eq("payment_gateway_id", call.gateway_id))
        known = yield Find(GatewayCustomer, owner, ("payment_gateway",))
        if known is not None:
            work.call(
                "keep_instrument",
                known,
                gateway=known.payment_gateway,
                ask=InstrumentAsk(instrument=answer.payment_method_id, customer_id=known.customer_id),
            )

    def refused(self, call: Journalled[SetupAsk], problem: No, work: Work) -> Any:
        return None if getattr(problem, "http_status", None) == 404 else refusal(problem)


class KeepInstrument(Plan[InstrumentAsk]):
    """Look at a payment method that was set up for a customer of ours, and keep it."""

    kind = "keep_instrument"
    asks = InstrumentAsk
    about = "instrument"

    def reads(self, call: Journalled[InstrumentAsk]) -> str | None:
        return call.ask.instrument

    def settle(self, call: Journalled[InstrumentAsk], answer: Instrument, work: Work) -> Rule:
        customer = yield Find("customers", eq("id", call.ask.customer_id), lock=True)
        known = yield Find(GatewayCustomer, eq("id", call.subject_id))
        if customer is None or known is None or answer.customer != known.token:
            return None
        # Whoever set it up was let in by the shop, which made the setup in this customer's name.
        proved_at = customer.proved_at
        return (yield from remember(customer, call.gateway_id, answer, work, claimed=True, owner_proved_at=proved_at))

    def refused(self, call: Journalled[InstrumentAsk], problem: No, work: Work) -> Any:
        return None if getattr(problem, "http_status", None) == 404 else refusal(problem)


PLANS: tuple[Plan[Any], ...] = (ImportInstrument(), ReadInstrument(), DetachInstrument(), ReadSetup(), KeepInstrument())
