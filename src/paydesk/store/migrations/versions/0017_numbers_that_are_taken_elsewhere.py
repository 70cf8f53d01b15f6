"""Up to where a sequence's numbers are taken by what is not here: orders that a restore lost."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("sequences", sa.Column("floor", sa.BigInteger(), nullable=True))
