"""parcels and packages."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "packages",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("length", sa.Double(), nullable=True),
        sa.Column("width", sa.Double(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("unit_of_length", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_packages_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.create_index("ix_packages_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "parcels",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=True),
        sa.Column("package_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("unit_of_weight", sa.Text(), nullable=True),
        sa.Column("eel_pfc", sa.Text(), nullable=True),
        sa.Column("contents_type", sa.Text(), nullable=True),
        sa.Column("contents_explanation", sa.Text(), nullable=True),
        sa.Column("customs_certify", sa.Boolean(), nullable=False),
        sa.Column("customs_signer", sa.Text(), nullable=True),
        sa.Column("non_delivery_option", sa.Text(), nullable=True),
        sa.Column("restriction_type", sa.Text(), nullable=True),
        sa.Column("restriction_comments", sa.Text(), nullable=True),
        sa.Column("customs_info_required", sa.Boolean(), nullable=False),
        sa.Column("shipping_label_url", sa.Text(), nullable=True),
        sa.Column("shipping_label_file_type", sa.Text(), nullable=True),
        sa.Column("shipping_label_size", sa.Text(), nullable=True),
        sa.Column("shipping_label_resolution", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("tracking_status", sa.Text(), nullable=True),
        sa.Column("tracking_status_detail", sa.Text(), nullable=True),
        sa.Column("tracking_status_updated_at", Instant(), nullable=True),
        sa.Column("tracking_details", Document(), nullable=True),
        sa.Column("carrier_weight_oz", sa.Text(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("incoterm", sa.Text(), nullable=True),
        sa.Column("delivery_confirmation", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "package_id"], ["packages.tenant", "packages.id"], name="fk_parcels_package"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "shipment_id"], ["shipments.tenant", "shipments.id"], name="fk_parcels_shipment"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("parcels", schema=None) as batch_op:
        batch_op.create_index("ix_parcels_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_parcels_package_id", ["tenant", "package_id"], unique=False)
        batch_op.create_index("ix_parcels_shipment_id", ["tenant", "shipment_id"], unique=False)

    op.create_table(
        "parcel_line_items",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("parcel_id", sa.Text(), nullable=True),
        sa.Column("stock_line_item_id", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "parcel_id"], ["parcels.tenant", "parcels.id"], name="fk_parcel_line_items_parcel"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_line_item_id"],
            ["stock_line_items.tenant", "stock_line_items.id"],
            name="fk_parcel_line_items_stock_line_item",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("parcel_line_items", schema=None) as batch_op:
        batch_op.create_index("ix_parcel_line_items_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_parcel_line_items_parcel_id", ["tenant", "parcel_id"], unique=False)
