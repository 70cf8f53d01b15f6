"""One payment, one order: of which account a payment is, over the whole server.

Which account a gateway's key answers to is asked for when a server starts, and written to its payments then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("payment_gateways", sa.Column("own_account", sa.Text(), nullable=True))
    op.add_column("stripe_payments", sa.Column("account", sa.Text(), nullable=True))
    op.create_index("uq_stripe_payments_stripe_id_account", "stripe_payments", ["stripe_id", "account"], unique=True)
    unknown = sa.text("account IS NULL")
    op.create_index(
        "ix_stripe_payments_account_unknown",
        "stripe_payments",
        ["payment_gateway_id", "id"],
        sqlite_where=unknown,
        postgresql_where=unknown,
    )
