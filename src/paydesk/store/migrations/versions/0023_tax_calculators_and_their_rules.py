"""Tax calculators and their rules."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "tax_calculators",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("rules_changed_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("tax_calculators", schema=None) as batch_op:
        batch_op.create_index("ix_tax_calculators_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "tax_rules",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("manual_tax_calculator_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("tax_rate", sa.Double(), nullable=True),
        sa.Column("freight_taxable", sa.Boolean(), nullable=False),
        sa.Column("payment_method_taxable", sa.Boolean(), nullable=False),
        sa.Column("gift_card_taxable", sa.Boolean(), nullable=False),
        sa.Column("adjustment_taxable", sa.Boolean(), nullable=False),
        sa.Column("country_code_regex", sa.Text(), nullable=True),
        sa.Column("not_country_code_regex", sa.Text(), nullable=True),
        sa.Column("state_code_regex", sa.Text(), nullable=True),
        sa.Column("not_state_code_regex", sa.Text(), nullable=True),
        sa.Column("zip_code_regex", sa.Text(), nullable=True),
        sa.Column("not_zip_code_regex", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "manual_tax_calculator_id"],
            ["tax_calculators.tenant", "tax_calculators.id"],
            name="fk_tax_rules_manual_tax_calculator",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("tax_rules", schema=None) as batch_op:
        batch_op.create_index("ix_tax_rules_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_tax_rules_manual_tax_calculator_id", ["tenant", "manual_tax_calculator_id"], unique=False
        )

    with op.batch_alter_table("markets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tax_calculator_type", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("tax_calculator_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_markets_tax_calculator_id", ["tenant", "tax_calculator_id"], unique=False)
