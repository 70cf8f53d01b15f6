"""guesses at secrets: how often somebody was wrong about a password or client secret, for all processes together."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("counted_at", Instant(), nullable=False),
        sa.Column("promised_at", Instant(), nullable=True),
        sa.Column("signed_in_at", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_guesses_until", "guesses", ["until"])
