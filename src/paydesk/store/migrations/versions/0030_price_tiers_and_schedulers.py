"""Price tiers and schedulers."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "price_list_schedulers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("price_list_id", sa.Text(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("starts_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_price_list_schedulers_market"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "price_list_id"],
            ["price_lists.tenant", "price_lists.id"],
            name="fk_price_list_schedulers_price_list",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("price_list_schedulers", schema=None) as batch_op:
        batch_op.create_index("ix_price_list_schedulers_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_price_list_schedulers_market_id", ["tenant", "market_id"], unique=False)
        batch_op.create_index("ix_price_list_schedulers_price_list_id", ["tenant", "price_list_id"], unique=False)

    op.create_table(
        "price_tiers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("price_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("up_to", sa.BigInteger(), nullable=True),
        sa.Column("price_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "price_id"], ["prices.tenant", "prices.id"], name="fk_price_tiers_price"),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("price_tiers", schema=None) as batch_op:
        batch_op.create_index("ix_price_tiers_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_price_tiers_price_id", ["tenant", "price_id"], unique=False)

    with op.batch_alter_table("markets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scheduled_until", Instant(), nullable=True))
        batch_op.add_column(sa.Column("schedulers_changed_at", Instant(), nullable=True))

    with op.batch_alter_table("prices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tiers_changed_at", Instant(), nullable=True))
