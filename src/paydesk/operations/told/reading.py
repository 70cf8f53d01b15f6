"""Loading the facts of some orders at once."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any

from paydesk.base.tenants import mode_of
from paydesk.commerce.payable import SOURCES
from paydesk.commerce.payments.disputes import Dispute
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.declare import within
from paydesk.operations.parts import Parts
from paydesk.operations.told.facts import Facts
from paydesk.rules.asking import Find
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup


def facts_of(
    parts: Parts, tenant: str, slug: str, orders: Collection[str], now: str
) -> Generator[Any, Any, dict[str, Facts]]:
    """The facts of these orders of one tenant, by the order's id; as many statements for one as for many."""
    session = Session(tenant, {})
    reader = parts.desk.reader

    def found(type: Any, column: str, values: Collection[str], paths: tuple[str, ...] = ()) -> Any:
        return (yield from reader.records(session, Find(type, within(column, sorted(set(values))), paths)))

    told = {
        order.id: Facts(now, slug, mode_of(tenant), order, [], [], [])
        for order in (yield from found("orders", "id", orders, ("line_items", "billing_address")))
    }
    for kind in SOURCES:
        if kind in parts.registry.types:
            for payment in (yield from found(kind, "order_id", told)):
                told[payment.order_id].payments.append(payment)
    for one in (yield from found("transactions", "order_id", told)):
        told[one.order_id].transactions.append(one)
    for facts in told.values():
        facts.transactions.sort(key=lambda one: (len(one.number), one.number))
    of_payment = {payment.id: facts for facts in told.values() for payment in facts.payments}
    for dispute in (yield from found(Dispute, "payment_id", of_payment)):
        of_payment[dispute.payment_id].disputes.append(dispute)
    subjects = dict(of_payment)
    for order_id, facts in told.items():
        subjects |= dict.fromkeys((order_id, *(one.id for one in facts.transactions)), facts)
    for kind, subject in (yield from lookup.open_calls_about(tenant, sorted(subjects))):
        subjects[subject].open.append(kind)
    yield from _share(parts, session, told)
    return told


def _share(parts: Parts, session: Session, told: dict[str, Facts]) -> Any:
    """Note which payments pay other orders as well: what a database of the first release may hold."""
    names = {one.stripe_id for facts in told.values() for one in facts.payments if isinstance(one, StripePayment)}
    alike = Find(StripePayment, within("stripe_id", sorted(name for name in names if name)))
    known = yield from parts.desk.reader.records(session, alike)
    for facts in told.values():
        facts.shared = any(
            one.stripe_id == own.stripe_id and one.order_id != own.order_id and None in (one.account, own.account)
            for own in facts.payments
            if isinstance(own, StripePayment)
            for one in known
        )
