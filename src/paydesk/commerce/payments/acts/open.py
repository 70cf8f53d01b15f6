"""Opening a payment for an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paydesk.base.errors import Invalid
from paydesk.commerce.payable import EDITABLE, Payable
from paydesk.commerce.payments.acts.read import refusal
from paydesk.commerce.payments.asks import OpenAsk
from paydesk.commerce.payments.forgetting import forget_gone
from paydesk.commerce.payments.gateway_customers import GatewayCustomer
from paydesk.commerce.payments.intent_metadata import metadata_of
from paydesk.commerce.payments.options import connected
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_sources import PaymentSource, source_type
from paydesk.commerce.payments.reconcile.fold import reconcile
from paydesk.declare import Rule, eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import OpenRequest
from paydesk.rules.asking import Find, Load, new_id
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work


def open_payment(
    kind: type[PaymentSource],
    order: Payable,
    gateway: Gateway,
    record: dict[str, Any],
    options: dict[str, Any],
    facts: dict[str, Any],
    work: Work,
    **more: Any,
) -> None:
    """Ask the gateway to open a payment for all that the order costs.

    kind      the payment source that is made with the answer, from the columns in `record`
    options   what is sent to the gateway beside
    facts     the order's, as `Payable.for_intent` has them
    more      further members of the `OpenAsk`
    """
    record_id = new_id()
    amount = order.due()
    work.call(
        "open_payment",
        order,
        gateway=gateway,
        record_id=record_id,
        ask=OpenAsk(
            **{"replaces": order.payment_source_id, "payment_method_id": order.payment_method_id, **more},
            source=kind.shape.type,
            record=record,
            gateway={
                "amount_cents": amount.cents,
                "currency": amount.currency,
                "auto_payments": bool(gateway.auto_payments),
                "moto": bool(order.payment_method.moto),
                "options": options,
                "receipt_email": record.get("receipt_email"),
                "description": facts.get("description"),
                "shipping": facts.get("shipping"),
                "setup_future_usage": facts.get("setup_future_usage"),
                "metadata": metadata_of(order, record_id, options, work),
            },
        ),
    )


class OpenPayment(Plan[OpenAsk]):
    """Open a payment for an order; the record is stored with the gateway's answer, so until then no answer shows it."""

    kind = "open_payment"
    asks = OpenAsk
    verb = "open"
    owes = True

    def repeats(self, ask: OpenAsk, former: OpenAsk, record_id: str | None) -> bool:
        # The former one is still its order's source, of the same amount.
        request, former_request = ask.gateway, former.gateway
        is_source = record_id is not None and ask.replaces == record_id
        return is_source and (request["amount_cents"], request["currency"]) == (
            former_request["amount_cents"],
            former_request["currency"],
        )

    def found(self, ask: OpenAsk) -> Mapping[str, str]:
        name = f"{source_type(ask.source).shape.singular}_id"
        return {name: ask.gateway["metadata"][name]}

    def settle(self, call: Journalled[OpenAsk], answer: Snapshot, work: Work) -> Rule:
        ask = call.ask
        kind = source_type(ask.source)
        order = yield Find("orders", eq("id", call.subject_id), ("payment_source.payment_gateway",), lock=True)
        if order is None:
            # The order was deleted meanwhile: nobody can pay for it, so the payment must not stay live.
            gateway = yield Find("payment_gateways", eq("id", call.gateway_id))
            late = kind(id=call.record_id, **kind.opened(answer), payment_gateway=gateway, gateway_status=None)
            late.release(work)
            return Invalid("order", "blank")
        payment = work.create(
            kind,
            id=call.record_id,
            **ask.record,
            order_id=call.subject_id,
            **kind.opened(answer),
        )
        payment.order = order
        work.change(order, connect=connected(order, ask.connect) or None)
        wanted = (
            order.status in EDITABLE
            and order.payment_source_id == ask.replaces
            and order.payment_method_id == ask.payment_method_id
            and order.currency_code == answer.amount.currency
        )
        if wanted and ask.chooses is not None:
            wanted = yield from order.takes_method(ask.chooses, work)
        if wanted:
            if ask.behind:
                yield from order.refresh(work, forced=True)
            yield from payment.attach(order, work)
        else:
            # The order has moved on while the call was in flight: the late payment must not stay live.
            yield Load(payment, ("payment_gateway",))
            payment.release(work)
        yield from reconcile(payment, answer, work)
        return order if ask.about == "orders" else payment

    def refused(self, call: Journalled[OpenAsk], problem: No, work: Work) -> Any:
        if call.ask.known is not None and getattr(problem, "param", None) == "customer":
            return self._without_customer(call, work)
        return self._no(call, problem, work)

    def _no(self, call: Journalled[OpenAsk], problem: No, work: Work) -> Rule:
        yield from forget_gone(call.gateway_id, call.ask.gateway.get("options") or {}, problem, work)
        return refusal(problem)

    def _without_customer(self, call: Journalled[OpenAsk], work: Work) -> Rule:
        """The customer was deleted at the gateway: forget its name there, and open the payment for no customer."""
        order = yield Find("orders", eq("id", call.subject_id), lock=True)
        known = yield Find(GatewayCustomer, eq("id", call.ask.known), ("payment_gateway",))
        if order is None or known is None:
            return Invalid("order", "blank")
        request = call.ask.gateway
        if known.token == request["options"]["customer"]:
            work.change(known, token=None)
        options = {name: value for name, value in request["options"].items() if name != "customer"}
        gateway: OpenRequest = {**request, "options": options}
        again = replace(call.ask, known=None, gateway=gateway)
        work.call(self.kind, order, gateway=known.payment_gateway, record_id=call.record_id, ask=again)
        return None


PLANS: tuple[Plan[Any], ...] = (OpenPayment(),)
