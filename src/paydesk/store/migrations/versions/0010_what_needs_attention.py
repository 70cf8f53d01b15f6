"""Store with an order what of it needs a person's attention."""

import json

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("orders", sa.Column("attention", Document(), nullable=True))
    op.add_column("orders", sa.Column("attention_since", Instant(), nullable=True))
    op.create_index(
        "ix_orders_attention_since",
        "orders",
        ["attention_since"],
        unique=False,
        sqlite_where=sa.text("attention_since IS NOT NULL"),
        postgresql_where=sa.text("attention_since IS NOT NULL"),
    )
    _attend()


def _attend() -> None:
    """Note the money that orders hold without being placed; what else there is, is noted as their money moves."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    found = connection.execute(
        sa.text(
            "SELECT tenant, id, authorized_cents - voided_cents - refunded_cents AS held,"
            " COALESCE(payment_updated_at, updated_at) AS since FROM orders"
            " WHERE status NOT IN ('placed', 'approved', 'editing')"
            " AND authorized_cents - voided_cents - refunded_cents > 0"
        )
    ).fetchall()
    document = ":attention" if is_sqlite else "CAST(:attention AS jsonb)"
    for tenant, order, held, since in found:
        text = since if is_sqlite else f"{since:%Y-%m-%dT%H:%M:%S}.{since.microsecond // 1000:03d}Z"
        connection.execute(
            sa.text(
                f"UPDATE orders SET attention = {document}, attention_since = :since WHERE tenant = :tenant AND id = :id"
            ),
            {
                "attention": json.dumps({"unplaced_money": [text, held]}),
                "since": since,
                "tenant": tenant,
                "id": order,
            },
        )
