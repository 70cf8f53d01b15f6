"""What came in and went out again in a period, for operators: sums, refunds and disputes.

Each is read by an index of the tenant's rows by time, so that what it costs follows the period that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, cast, exists, func, literal_column, null, or_, select

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import Day, OneOf, Plainly
from paydesk.store.sql.tables import table_of
from paydesk.store.types import Instant, ListOf


class Tables(NamedTuple):
    """The records that sums are made of."""

    movements: type[Record]
    transactions: type[Record]
    orders: type[Record]
    markets: type[Record]


class Moved(NamedTuple):
    """What the movements of one kind come to.

    key, label   what they have in common: a day, a market's id and name, a method
    paid_cents   in `paid_currency`; the other amounts are in `currency`
    """

    tenant: str
    key: str | None
    label: str | None
    kind: str
    paid_currency: str
    currency: str
    paid_cents: int
    fee_cents: int
    net_cents: int


class Booked(NamedTuple):
    """What transactions of one kind come to whose movements are not known."""

    tenant: str
    key: str | None
    label: str | None
    type: str
    source_type: str
    currency: str
    amount_cents: int
    how_many: int


class Refunded(NamedTuple):
    """A refund, however it stands."""

    tenant: str
    at: str
    number: str
    order: str
    order_number: str | None
    amount_cents: int
    currency: str
    method: str | None
    succeeded: bool
    error_code: str | None
    message: str | None
    refund_id: str | None
    payment_type: str
    payment: str


class Disputed(NamedTuple):
    """A dispute as it stands."""

    tenant: str
    at: str
    dispute_id: str
    status: str
    reason: str | None
    due_by: str | None
    amount_cents: int
    currency: str
    withdrawn_cents: int
    reinstated_cents: int
    payment: str
    payment_id: str
    order: str | None
    order_number: str | None


def moved(tables: Tables, by: str, tenants: Sequence[str], since: str, until: str) -> Asks:
    """The movements of a period, a `Moved` for each kind, currency and `by`: "day", "market" or "method"."""

    def build() -> Any:
        table, orders, markets = map(table_of, (tables.movements, tables.orders, tables.markets))
        at = table.c.moved_at
        key, label, joined = _grouped(by, table, table.c.method_type, at, orders, markets)
        fixed = (table.c.kind, table.c.paid_currency, table.c.currency_code)
        sums = (_total(table.c[name]) for name in ("paid_cents", "fee_cents", "net_cents"))
        groups = (table.c.tenant, key, label, *fixed)
        return select(*groups, *sums).select_from(joined).where(_in(table, at)).group_by(*_named(groups))

    rows = yield Ask(("takings moved", by), build, _values(tenants, since, until))
    return [Moved(*row) for row in rows]


def booked(tables: Tables, by: str, tenants: Sequence[str], since: str, until: str) -> Asks:
    """What was booked in a period and is not among the movements of its payment, a `Booked` for each."""

    def build() -> Any:
        movements, orders, markets = map(table_of, (tables.movements, tables.orders, tables.markets))
        table = table_of(tables.transactions)
        at = table.c.created_at
        key, label, joined = _grouped(by, table, table.c.payment_method_type, at, orders, markets)
        # A refund that is booked in parts is one at the gateway; all captures of a payment are told together.
        known = exists(literal_column("1")).where(
            movements.c.tenant == table.c.tenant,
            movements.c.payment_id == table.c.payment_source_id,
            or_(
                movements.c.source_id == table.c.gateway_transaction_id,
                (movements.c.kind == literal_column("'capture'")) & table.c.reference_authorization_id.is_not(None),
            ),
        )
        groups = (table.c.tenant, key, label, table.c.type, table.c.payment_source_type, table.c.currency_code)
        sums = (_total(table.c.amount_cents), func.count())
        came = (_in(table, at), table.c.succeeded, ~known)
        return select(*groups, *sums).select_from(joined).where(*came).group_by(*_named(groups))

    rows = yield Ask(("takings booked", by), build, _values(tenants, since, until))
    return [Booked(*row) for row in rows]


def refunded(refunds: type[Record], orders_: type[Record], tenants: Sequence[str], since: str, until: str) -> Asks:
    """The refunds that were booked in a period, a `Refunded` each, the newest first."""

    def build() -> Any:
        table, orders = table_of(refunds), table_of(orders_)
        of_order = (orders.c.tenant == table.c.tenant) & (orders.c.id == table.c.order_id)
        names = ("succeeded", "error_code", "message", "gateway_transaction_id", "payment_source_type")
        return (
            select(
                *(table.c[name] for name in ("tenant", "created_at", "number", "order_id")),
                orders.c.number.label("order_number"),
                *(table.c[name] for name in ("amount_cents", "currency_code", "payment_method_type", *names)),
                table.c.payment_source_id,
            )
            .select_from(table.outerjoin(orders, of_order))
            .where(
                _in(table, table.c.created_at),
                Plainly(table.c.type) == literal_column(f"'{refunds.shape.discriminator}'"),
            )
            .order_by(table.c.created_at.desc(), table.c.number.desc())
        )

    rows = yield Ask(("refunds of a period",), build, _values(tenants, since, until))
    return [Refunded(*row) for row in rows]


def disputed(
    disputes: type[Record],
    payments_: type[Record],
    named_by: str,
    orders_: type[Record],
    tenants: Sequence[str],
    since: str,
    until: str,
) -> Asks:
    """The disputes of one type of payments that were opened in a period, a `Disputed` each, the newest first."""

    def build() -> Any:
        table, payments, orders = map(table_of, (disputes, payments_, orders_))
        of_payment = (payments.c.tenant == table.c.tenant) & (payments.c.id == table.c.payment_id)
        of_order = (orders.c.tenant == payments.c.tenant) & (orders.c.id == payments.c.order_id)
        names = ("tenant", "opened_at", "dispute_id", "status", "reason", "due_by", "amount_cents", "currency_code")
        return (
            select(
                *(table.c[name] for name in (*names, "withdrawn_cents", "reinstated_cents", "payment_id")),
                payments.c[named_by],
                payments.c.order_id,
                orders.c.number,
            )
            .select_from(table.join(payments, of_payment).outerjoin(orders, of_order))
            .where(_in(table, table.c.opened_at))
            .order_by(table.c.opened_at.desc(), table.c.dispute_id)
        )

    rows = yield Ask(("disputes of a period", payments_.shape.type), build, _values(tenants, since, until))
    return [Disputed(*row) for row in rows]


def _grouped(by: str, table: Any, method: Any, at: Any, orders: Any, markets: Any) -> tuple[Any, Any, Any]:
    """What rows have in common, what that is called, and the rows."""
    if by == "day":
        return Day(at).label("key"), null().label("label"), table
    if by == "method":
        return method.label("key"), null().label("label"), table
    of_order = (orders.c.tenant == table.c.tenant) & (orders.c.id == table.c.order_id)
    of_market = (markets.c.tenant == orders.c.tenant) & (markets.c.id == orders.c.market_id)
    joined = table.outerjoin(orders, of_order).outerjoin(markets, of_market)
    return markets.c.id.label("key"), markets.c.name.label("label"), joined


def _named(groups: Sequence[Any]) -> list[Any]:
    """Positions to group by, since an expression with a bind in it would not be the same one twice."""
    return [literal_column(str(at)) for at in range(1, len(groups) + 1)]


def _total(column: Any) -> Any:
    # PostgreSQL's sum of integers is a decimal.
    return cast(func.sum(column), BigInteger)


def _in(table: Any, at: Any) -> Any:
    tenants = bindparam("tenants", type_=ListOf(table.c.tenant.type))
    since, until = (bindparam(name, type_=Instant()) for name in ("since", "until"))
    return OneOf(table.c.tenant, tenants) & (at >= since) & (at < until)


def _values(tenants: Sequence[str], since: str, until: str) -> dict[str, Any]:
    return {"tenants": list(tenants), "since": since, "until": until}
