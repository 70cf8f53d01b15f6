"""Address books: the addresses that customers keep for further orders."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "customer_addresses",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("address_id", sa.Text(), nullable=True),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("owner_proved_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "address_id"], ["addresses.tenant", "addresses.id"], name="fk_customer_addresses_address"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"], ["customers.tenant", "customers.id"], name="fk_customer_addresses_customer"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("customer_addresses", schema=None) as batch_op:
        batch_op.create_index("ix_customer_addresses_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_customer_addresses_customer_id", ["tenant", "customer_id"], unique=False)
        batch_op.create_index("uq_customer_addresses_address_id", ["tenant", "address_id"], unique=True)
