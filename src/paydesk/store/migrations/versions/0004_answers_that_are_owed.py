"""answers that are owed."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("gateway_calls", sa.Column("owed", Document(), nullable=True))
    op.create_index(
        "ix_gateway_calls_owed",
        "gateway_calls",
        ["tenant", "record_id"],
        unique=False,
        sqlite_where=sa.text("owed IS NOT NULL"),
        postgresql_where=sa.text("owed IS NOT NULL"),
    )
