"""Options and adjustments of lines."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "adjustments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("distribute_discount", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.create_index("ix_adjustments_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "code_matches",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("matcher_type", sa.Text(), nullable=True),
        sa.Column("matcher_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("code_matches", schema=None) as batch_op:
        batch_op.create_index("ix_code_matches_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_code_matches_sku_id", ["tenant", "sku_id"], unique=False)
        batch_op.create_index("uq_code_matches_matcher_id_sku_id", ["tenant", "matcher_id", "sku_id"], unique=True)

    op.create_table(
        "sku_options",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("delay_hours", sa.BigInteger(), nullable=True),
        sa.Column("delay_days", sa.BigInteger(), nullable=True),
        sa.Column("sku_code_regex", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_sku_options_market"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("sku_options", schema=None) as batch_op:
        batch_op.create_index("ix_sku_options_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "line_item_options",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("line_item_id", sa.Text(), nullable=True),
        sa.Column("sku_option_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("unit_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("total_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("delay_hours", sa.BigInteger(), nullable=True),
        sa.Column("delay_days", sa.BigInteger(), nullable=True),
        sa.Column("options", Document(), nullable=True),
        sa.Column("price_fixed", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "line_item_id"], ["line_items.tenant", "line_items.id"], name="fk_line_item_options_line_item"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_line_item_options_order"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "sku_option_id"],
            ["sku_options.tenant", "sku_options.id"],
            name="fk_line_item_options_sku_option",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("line_item_options", schema=None) as batch_op:
        batch_op.create_index("ix_line_item_options_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_line_item_options_line_item_id", ["tenant", "line_item_id"], unique=False)
        batch_op.create_index("ix_line_item_options_order_id", ["tenant", "order_id"], unique=False)

    with op.batch_alter_table("line_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("options_count", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_item_options_count", sa.BigInteger(), nullable=True))
