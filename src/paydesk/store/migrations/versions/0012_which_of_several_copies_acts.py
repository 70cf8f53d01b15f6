"""Keep which of several copies of an installation acts at its gateways."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("installation", sa.Column("generation", sa.BigInteger(), nullable=True))
    op.add_column("installation", sa.Column("mark", sa.Text(), nullable=True))
    op.add_column("installation", sa.Column("place", sa.Text(), nullable=True))
    op.add_column("installation", sa.Column("renewed_at", Instant(), nullable=True))
    op.add_column("installation", sa.Column("stopped_at", Instant(), nullable=True))
    op.add_column("installation", sa.Column("stopped_why", sa.Text(), nullable=True))
    op.add_column("installation", sa.Column("adopted_at", Instant(), nullable=True))
