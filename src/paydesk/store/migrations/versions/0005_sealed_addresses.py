"""sealed addresses: the whole of a shopper's address, beside the one that is shown without its token."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("orders", sa.Column("sealed_return_url", sa.Text(), nullable=True))
    op.add_column("stripe_payments", sa.Column("sealed_urls", Document(), nullable=True))
