"""resets of customers' passwords."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "customer_password_resets",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("reset_password_at", Instant(), nullable=True),
        sa.Column("sealed_token", sa.Text(), nullable=True),
        sa.Column("token_digest", sa.Text(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"],
            ["customers.tenant", "customers.id"],
            name="fk_customer_password_resets_customer",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "ix_customer_password_resets_created_at_id",
        "customer_password_resets",
        ["tenant", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_customer_password_resets_customer_id", "customer_password_resets", ["tenant", "customer_id"], unique=False
    )
    op.create_index(
        "ix_customer_password_resets_token_digest",
        "customer_password_resets",
        ["tenant", "token_digest"],
        unique=False,
    )
