"""Since when a user is let in no more."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("users", sa.Column("disabled_at", Instant(), nullable=True))
