"""whose an order is: proof of a customer's address, and what is a customer's own.

Who sees orders and saved cards today goes on seeing them: those of every customer who can sign in are that customer's own.
"""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0007"
down_revision = "0006"

SIGNS_IN = """
    (customers.password_hash IS NOT NULL OR EXISTS (
        SELECT 1 FROM grants WHERE grants.tenant = customers.tenant AND grants.owner_id = customers.id
        AND grants.revoked_at IS NULL))
"""


def upgrade() -> None:
    op.add_column("customers", sa.Column("password_trusted_at", Instant(), nullable=True))
    op.add_column("customers", sa.Column("proved_at", Instant(), nullable=True))
    op.add_column("customers", sa.Column("made_by", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("own_orders_count", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("claimed_at", Instant(), nullable=True))
    op.add_column("customer_payment_sources", sa.Column("claimed_at", Instant(), nullable=True))
    op.add_column("grants", sa.Column("trusted_at", Instant(), nullable=True))
    op.create_index("ix_grants_owner_id", "grants", ["tenant", "owner_id"], unique=False)
    for table in ("orders", "customer_payment_sources"):
        owner = f"customers.tenant = {table}.tenant AND customers.id = {table}.customer_id"
        op.execute(
            f"UPDATE {table} SET claimed_at = created_at WHERE customer_id IS NOT NULL"
            f" AND EXISTS (SELECT 1 FROM customers WHERE {owner} AND {SIGNS_IN})"
        )
    op.execute(f"UPDATE customers SET own_orders_count = total_orders_count WHERE {SIGNS_IN}")
