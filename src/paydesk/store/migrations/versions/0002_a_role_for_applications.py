"""a role for applications: what a web application may do with tokens that no user's role bounds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("applications", sa.Column("role", sa.Text(), nullable=True))
