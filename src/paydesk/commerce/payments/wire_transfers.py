"""wire_transfers: an order's payment source that somebody settles by hand."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.base.errors import Locked
from paydesk.base.money import Money
from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.payment_sources import SOURCE_ACCESS, PaymentSource, assign
from paydesk.commerce.payments.transactions import Transaction
from paydesk.declare import Rule, document, to_one
from paydesk.gateways.port.snapshots import RefundSnapshot, Snapshot, Status
from paydesk.gateways.port.verbs import ConfirmFacts
from paydesk.rules.asking import Change
from paydesk.rules.work import Work


class WireTransfer(
    PaymentSource,
    type="wire_transfers",
    singular="wire_transfer",
    indexes=(("order_id",), ("payment_gateway_id",)),
    access=SOURCE_ACCESS,
):
    """A promise to pay by wire. Placing its order authorizes it for what the order costs; it is captured once the
    money is there. Source: Commerce Layer, "Wire transfers".
    """

    named_by = "id"
    by_hand = True
    takes_any_amount = True

    payment_instrument = document(
        example={"issuer": "cl bank", "card_type": "visa"}, doc="Null: nothing is known of the bank account."
    )

    payment_gateway = to_one("payment_gateways", hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        order = change.related["order"]
        order.takes_source(work)
        gateway = cls.gateway_for(order)
        if gateway is None:
            work.invalid("order", "invalid", "has no payment method by wire transfer")
        work.check()
        made_for = {"payment_gateway_id": gateway.id, "method_id": order.payment_method_id}
        transfer = work.create(cls, **change.values, **made_for)
        transfer.order, transfer.payment_gateway = order, gateway
        yield from transfer.attach(order, work)
        return transfer

    def confirmation(self, order: Payable, amount_cents: int, work: Work) -> ConfirmFacts:
        return {"amount_cents": amount_cents, "currency": order.currency_code}

    def release(self, work: Work, *, of: str | None = None, held: bool = False) -> None:
        """Nothing is held anywhere that could be let go."""

    def keep(self, work: Work) -> None:
        """Nothing was to be let go."""

    def deleting(self, work: Work) -> Rule:
        order = self.order
        if order is not None and order.status not in ("draft", "pending"):
            raise Locked("its order is placed")
        if (yield from self.has_moved()):
            raise Locked("money was moved with it")
        if order is not None and order.payment_source_id == self.id:
            assign(order, None, work)
        work.delete(self)

    def booked(self, transactions: Iterable[Transaction]) -> Snapshot:
        """What our books say of it, as its gateway's answer; its order is loaded."""
        own = [one for one in transactions if one.payment_source_id == self.id and one.succeeded]

        def total(kind: str) -> int:
            return sum(one.amount_cents for one in own if one.one_of(kind))

        held, captured = total("authorizations"), total("captures")
        left = max(held - total("voids") - captured, 0)
        due: Money = self.order.due()
        # What was promised keeps its currency, whatever became of the order.
        currency = own[0].currency_code if own else due.currency
        status: Status
        if not held:
            status = "confirmable"
        elif left:
            status = "authorized"
        else:
            status = "captured" if captured else "canceled"
        return Snapshot(
            payment_id=self.payment_id,
            status=status,
            gateway_status=status,
            amount=Money(held, currency) if held else due,
            authorized=left,
            charged=held,
            received=captured,
            refunded=total("refunds"),
            refunds=tuple(
                RefundSnapshot(one.object_key, Money(one.amount_cents, currency), "succeeded", one.created_at)
                for one in own
                if one.one_of("refunds")
            ),
            complete=True,
            multicapture=True,
            metadata={"order_id": self.order_id},
        )
