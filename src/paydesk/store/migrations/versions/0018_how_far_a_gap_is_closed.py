"""How far a gateway's payments were looked at, where its list of events does not go back to what was read last."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("gateway_cursors", sa.Column("gap_began_at", Instant(), nullable=True))
    op.add_column("gateway_cursors", sa.Column("gap_after", sa.Text(), nullable=True))
