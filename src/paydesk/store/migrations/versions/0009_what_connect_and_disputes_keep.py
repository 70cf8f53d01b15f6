"""What connect and disputes keep: an order's transfers and fees, a payment's own, and what cannot be given back."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("orders", sa.Column("connect", Document(), nullable=True))
    op.add_column("stripe_payments", sa.Column("connect", Document(), nullable=True))
    op.add_column("transactions", sa.Column("disputed_cents", sa.BigInteger(), nullable=True))
