"""Stock locations, inventory models and stock items."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "inventory_models",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("stock_locations_cutoff", sa.BigInteger(), nullable=True),
        sa.Column("stock_reservation_cutoff", sa.BigInteger(), nullable=True),
        sa.Column("put_stock_transfers_on_hold", sa.Boolean(), nullable=False),
        sa.Column("manual_stock_decrement", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("inventory_models", schema=None) as batch_op:
        batch_op.create_index("ix_inventory_models_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "stock_locations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("label_format", sa.Text(), nullable=True),
        sa.Column("suppress_etd", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "address_id"], ["addresses.tenant", "addresses.id"], name="fk_stock_locations_address"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("stock_locations", schema=None) as batch_op:
        batch_op.create_index("ix_stock_locations_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("uq_stock_locations_code", ["tenant", "code"], unique=True)
        batch_op.create_index("uq_stock_locations_number", ["tenant", "number"], unique=True)

    op.create_table(
        "inventory_return_locations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("inventory_model_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "inventory_model_id"],
            ["inventory_models.tenant", "inventory_models.id"],
            name="fk_inventory_return_locations_inventory_model",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_inventory_return_locations_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("inventory_return_locations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_return_locations_created_at_id", ["tenant", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_return_locations_inventory_model_id", ["tenant", "inventory_model_id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_return_locations_stock_location_id", ["tenant", "stock_location_id"], unique=False
        )

    op.create_table(
        "inventory_stock_locations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("inventory_model_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "inventory_model_id"],
            ["inventory_models.tenant", "inventory_models.id"],
            name="fk_inventory_stock_locations_inventory_model",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_inventory_stock_locations_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("inventory_stock_locations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_stock_locations_created_at_id", ["tenant", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_stock_locations_inventory_model_id", ["tenant", "inventory_model_id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_stock_locations_stock_location_id", ["tenant", "stock_location_id"], unique=False
        )

    op.create_table(
        "stock_items",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("sku_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("reserved_quantity", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.CheckConstraint(
            "reserved_quantity >= 0 AND reserved_quantity <= quantity", name="ck_stock_items_reserved_quantity_quantity"
        ),
        sa.ForeignKeyConstraint(["tenant", "sku_id"], ["skus.tenant", "skus.id"], name="fk_stock_items_sku"),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_stock_items_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("stock_items", schema=None) as batch_op:
        batch_op.create_index("ix_stock_items_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_stock_items_sku_id", ["tenant", "sku_id"], unique=False)
        batch_op.create_index(
            "uq_stock_items_stock_location_id_sku_id", ["tenant", "stock_location_id", "sku_id"], unique=True
        )

    with op.batch_alter_table("markets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("inventory_model_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_markets_inventory_model_id", ["tenant", "inventory_model_id"], unique=False)
        batch_op.create_foreign_key(
            "fk_markets_inventory_model", "inventory_models", ["tenant", "inventory_model_id"], ["tenant", "id"]
        )
