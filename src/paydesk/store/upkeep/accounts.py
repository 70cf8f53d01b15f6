"""Which account at the gateway a payment belongs to, written to payments that were stored before that was known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, func, select, update

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.portions import PORTION
from paydesk.store.sql.statements import OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import ListOf


def assign(
    payments_: type[Record], tenant: str, gateway_id: str, own: str | None, after: str, limit: int = PORTION
) -> Asks:
    """Write their account to a portion of a gateway's payments that have none yet, those behind `after` by their id.

    own   the account of the gateway's key, None while it is not known; payments of a connected account name it

    Of several payments that are one at Stripe the first keeps the account; the others stay without one, and
    `paydesk reconcile` tells them. Returns the last id looked at, None where there are no more.
    """
    payments = table_of(payments_)
    account = func.coalesce(payments.c.connected_account, bindparam("own"))

    def lacking() -> list[Any]:
        return [
            payments.c.tenant == bindparam("at_tenant"),
            payments.c.payment_gateway_id == bindparam("at_gateway"),
            payments.c.account.is_(None),
            payments.c.id > bindparam("after"),
        ]

    def portion() -> Any:
        return select(payments.c.id).where(*lacking()).order_by(payments.c.id).limit(bindparam("limit"))

    def write() -> Any:
        other = payments.alias("other")
        taken = exists(
            select(1).select_from(other).where(other.c.stripe_id == payments.c.stripe_id, other.c.account == account)
        ).correlate(payments)
        return (
            update(payments)
            .where(*lacking(), payments.c.id <= bindparam("last"), account.is_not(None), ~taken)
            .values(account=account)
        )

    binds = {"at_tenant": tenant, "at_gateway": gateway_id, "after": after}
    rows = yield Ask(("without account",), portion, binds | {"limit": limit})
    if not rows:
        return None
    last: str = rows[-1][0]
    yield Ask(("assign account",), write, binds | {"own": own, "last": last})
    return last


class Shared(NamedTuple):
    """A payment that is another record's as well: the order, what it was opened for, and when it was stored."""

    tenant: str
    order: str
    number: str
    currency: str
    cents: int
    created_at: str


def shared(
    gateways_: type[Record],
    payments_: type[Record],
    orders_: type[Record],
    tenants: Sequence[str] | None,
    most: int,
) -> Asks:
    """The payments that are another record's as well, which has the account, each a `Shared`: what one database of the
    first release may hold.

    tenants   None for all

    It costs what has no account though its gateway's is known, and that is what is looked for.
    """

    def build() -> Any:
        gateways, payments, orders = map(table_of, (gateways_, payments_, orders_))
        other = payments.alias("other")
        account = func.coalesce(gateways.c.connected_account, gateways.c.own_account)
        of_gateway = (payments.c.tenant == gateways.c.tenant) & (payments.c.payment_gateway_id == gateways.c.id)
        of_order = (orders.c.tenant == payments.c.tenant) & (orders.c.id == payments.c.order_id)
        same = (other.c.stripe_id == payments.c.stripe_id) & (other.c.account == account)
        columns = (payments.c.intended_cents, payments.c.created_at)
        found = (
            select(payments.c.tenant, orders.c.id, orders.c.number, orders.c.currency_code, *columns)
            .select_from(gateways.join(payments, of_gateway).join(other, same).join(orders, of_order))
            .where(account.is_not(None), payments.c.account.is_(None))
            .limit(bindparam("most"))
        )
        if tenants is None:
            return found
        return found.where(OneOf(payments.c.tenant, bindparam("tenants", type_=ListOf(payments.c.tenant.type))))

    values = {"most": most, **({} if tenants is None else {"tenants": list(tenants)})}
    rows = yield Ask(("shared payments", tenants is None), build, values)
    return [Shared(*row) for row in rows]
