"""Whether expressions match codes of skus."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("codes_matched_since", Instant(), nullable=True))
    # Where expressions were kept before this was noted, they are matched.
    op.execute("UPDATE organizations SET codes_matched_since = created_at WHERE EXISTS (SELECT 1 FROM code_matches)")
