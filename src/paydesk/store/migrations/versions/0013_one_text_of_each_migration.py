"""Keep which text of each migration was used, and heal what the texts of 0001 that were in use before have left.

The first one had no columns for what came to a gateway's door since, no index of worked events, and three indexes that
others begin with.
"""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0013"
down_revision = "0012"

_NEEDLESS = {
    "prices": "ix_prices_price_list_id",
    "customer_payment_sources": "ix_customer_payment_sources_customer_id",
    "stripe_payments": "ix_stripe_payments_payment_gateway_id",
}
_TALLIES = ("tenant", "gateway_id", "verified_at", "foreign_events", "forged_events", "orphaned_events")


def upgrade() -> None:
    op.create_table(
        "migrations",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision"),
    )
    found = sa.inspect(op.get_bind())
    if "tested_at" not in {column["name"] for column in found.get_columns("gateway_tallies")}:
        _renew_tallies()
    if "ix_gateway_events_worked" not in {index["name"] for index in found.get_indexes("gateway_events")}:
        op.create_index(
            "ix_gateway_events_worked",
            "gateway_events",
            ["worked_at"],
            unique=False,
            sqlite_where=sa.text("worked_at IS NOT NULL"),
            postgresql_where=sa.text("worked_at IS NOT NULL"),
        )
    for table, name in _NEEDLESS.items():
        if name in {index["name"] for index in found.get_indexes(table)}:
            op.drop_index(name, table_name=table)


def _renew_tallies() -> None:
    """A table anew, since SQLite adds no column that is never null without a default that stays."""
    op.rename_table("gateway_tallies", "former_tallies")
    op.create_table(
        "gateway_tallies",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("foreign_events", sa.BigInteger(), nullable=False),
        sa.Column("forged_events", sa.BigInteger(), nullable=False),
        sa.Column("orphaned_events", sa.BigInteger(), nullable=False),
        sa.Column("forged_at", Instant(), nullable=True),
        sa.Column("forged_since", sa.BigInteger(), nullable=False),
        sa.Column("foreign_since", sa.BigInteger(), nullable=False),
        sa.Column("unheard_since", Instant(), nullable=True),
        sa.Column("tested_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "gateway_id", name="gateway_tallies_key"),
    )
    names = ", ".join(_TALLIES)
    op.execute(
        f"INSERT INTO gateway_tallies ({names}, forged_since, foreign_since) SELECT {names}, 0, 0 FROM former_tallies"
    )
    op.drop_table("former_tallies")
