"""Whether the prices of markets contain taxes."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.add_column("markets", sa.Column("tax_included", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE markets SET tax_included = (SELECT price_lists.tax_included FROM price_lists"
        " WHERE price_lists.tenant = markets.tenant AND price_lists.id = markets.price_list_id)"
    )
