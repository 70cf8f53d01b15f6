"""What a wallet asks of its gateway: bringing a payment method in, reading it, and detaching it."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid
from paydesk.commerce.payments.acts.read import refusal
from paydesk.commerce.payments.asks import DetachAsk, ImportAsk, InstrumentAsk, SetupAsk
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource, entry_of, facts, remember
from paydesk.commerce.payments.gateway_customers import GatewayCustomer, known_at
from paydesk.declare import Rule, both, eq
from paydesk.gateways.port.problems import Refused
from paydesk.gateways.port.wallet import Instrument, Setup
from paydesk.rules.asking import Find
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work


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
