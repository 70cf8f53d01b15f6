"""Payments of this installation's that nobody here knows, as after an older database was restored: taken back for the
order that they name.
"""

from __future__ import annotations

from paydesk.commerce.payments.reconcile.fold import UNCONFIRMED, reconcile
from paydesk.declare import Rule, eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find, new_id
from paydesk.rules.work import Work

_ORDER = ("payment_method.payment_gateway", "payment_source.payment_gateway")


def is_ours(snapshot: Snapshot, work: Work) -> bool:
    """It says that it is of this installation and of this tenant."""
    told = snapshot.metadata
    return (
        told.get("paydesk") == work.settings["installation"]
        and told.get("organization_id") == work.actor.organization_id
        and told.get("mode") == work.actor.mode
    )


def take_back(gateway_id: str, snapshot: Snapshot, work: Work) -> Rule:
    """Make the record of a payment that names an order of ours, where it is for what that costs and nothing else pays
    it. Returns the payment; None where that is for a person to judge, and then nothing is written.

    snapshot   the payment as it was just read, whole
    """
    order = yield Find("orders", eq("id", snapshot.metadata.get("order_id")), _ORDER, lock=True)
    gateway = yield Find("payment_gateways", eq("id", gateway_id))
    if order is None or gateway is None or not is_ours(snapshot, work):
        return None
    kind = gateway.makes
    chosen = kind.gateway_for(order)
    if chosen is None or chosen.id != gateway.id or not order.editable_now:
        return None
    if snapshot.status == "canceled" or snapshot.refunded or snapshot.disputed or snapshot.disputes:
        return None
    holders = yield kind.holders(snapshot.payment_id)
    if any(one.is_of(gateway.account) for one in holders):
        return None
    former = order.payment_source
    if former is not None and (
        snapshot.status in UNCONFIRMED or former.is_undecided or order.payment_status != "unpaid"
    ):
        # What the order is paid with already is not replaced by itself.
        return None
    yield from order.catch_up(work)
    due = order.due()
    if (due.cents, due.currency) != (snapshot.amount.cents, snapshot.amount.currency):
        return None
    named = snapshot.metadata.get(f"{kind.shape.singular}_id")
    known = named is not None and (yield Find(kind, eq("id", named))) is not None
    payment = work.create(
        kind,
        id=new_id() if named is None or known else named,
        order_id=order.id,
        payment_gateway_id=gateway.id,
        method_id=order.payment_method_id,
        **kind.again(gateway),
        **kind.opened(snapshot),
    )
    payment.order, payment.payment_gateway = order, gateway
    yield from payment.attach(order, work)
    yield from reconcile(payment, snapshot, work)
    return payment
