"""Taxes of orders and their lines."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    with op.batch_alter_table("line_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tax_rate", sa.Double(), nullable=True))

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tax_rate", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("tax_calculations_count", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("taxable_told", Document(), nullable=True))
