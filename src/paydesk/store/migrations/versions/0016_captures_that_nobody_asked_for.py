"""Captures that nobody asked for here: a gateway tells of them, and the order may wait to be approved."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("transactions", sa.Column("unasked", sa.Boolean(), nullable=True))
