"""Disputes that wait for an answer, in a small index."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    due = sa.text("due_by IS NOT NULL")
    op.create_index("ix_disputes_contested", "disputes", ["status", "due_by"], sqlite_where=due, postgresql_where=due)
