"""Shipping methods and what they need."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "shipping_zones",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("country_code_regex", sa.Text(), nullable=True),
        sa.Column("not_country_code_regex", sa.Text(), nullable=True),
        sa.Column("state_code_regex", sa.Text(), nullable=True),
        sa.Column("not_state_code_regex", sa.Text(), nullable=True),
        sa.Column("zip_code_regex", sa.Text(), nullable=True),
        sa.Column("not_zip_code_regex", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("shipping_zones", schema=None) as batch_op:
        batch_op.create_index("ix_shipping_zones_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "shipping_methods",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("shipping_zone_id", sa.Text(), nullable=True),
        sa.Column("shipping_category_id", sa.Text(), nullable=True),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("external_prices_url", sa.Text(), nullable=True),
        sa.Column("price_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("free_over_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("use_subtotal", sa.Boolean(), nullable=False),
        sa.Column("min_weight", sa.Double(), nullable=True),
        sa.Column("max_weight", sa.Double(), nullable=True),
        sa.Column("unit_of_weight", sa.Text(), nullable=True),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("shared_secret", sa.Text(), nullable=True),
        sa.Column("external_includes", Document(), nullable=True),
        sa.Column("tiers_changed_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_shipping_methods_market"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_category_id"],
            ["shipping_categories.tenant", "shipping_categories.id"],
            name="fk_shipping_methods_shipping_category",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_zone_id"],
            ["shipping_zones.tenant", "shipping_zones.id"],
            name="fk_shipping_methods_shipping_zone",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_shipping_methods_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("shipping_methods", schema=None) as batch_op:
        batch_op.create_index("ix_shipping_methods_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "delivery_lead_times",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("shipping_method_id", sa.Text(), nullable=True),
        sa.Column("min_hours", sa.BigInteger(), nullable=True),
        sa.Column("max_hours", sa.BigInteger(), nullable=True),
        sa.Column("min_days", sa.BigInteger(), nullable=True),
        sa.Column("max_days", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_method_id"],
            ["shipping_methods.tenant", "shipping_methods.id"],
            name="fk_delivery_lead_times_shipping_method",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_delivery_lead_times_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("delivery_lead_times", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_lead_times_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_delivery_lead_times_shipping_method_id", ["tenant", "shipping_method_id"], unique=False
        )

    op.create_table(
        "shipping_method_tiers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("shipping_method_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("up_to", sa.Double(), nullable=True),
        sa.Column("price_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_method_id"],
            ["shipping_methods.tenant", "shipping_methods.id"],
            name="fk_shipping_method_tiers_shipping_method",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("shipping_method_tiers", schema=None) as batch_op:
        batch_op.create_index("ix_shipping_method_tiers_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_shipping_method_tiers_shipping_method_id", ["tenant", "shipping_method_id"], unique=False
        )

    with op.batch_alter_table("markets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("default_shipping_method_id", sa.Text(), nullable=True))
