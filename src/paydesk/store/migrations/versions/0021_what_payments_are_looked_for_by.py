"""What payments are looked for by: the card's last digits, charges, disputes and amounts, each with an index."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("stripe_payments", sa.Column("card_last_digits", sa.Text(), nullable=True))
    _tell_digits()
    for table, columns in (
        ("stripe_payments", ("charge_id",)),
        ("stripe_payments", ("card_last_digits", "created_at")),
        ("stripe_payments", ("intended_cents", "created_at")),
        ("transactions", ("amount_cents", "created_at")),
        ("disputes", ("dispute_id",)),
        ("orders", ("total_amount_cents",)),
        ("orders", ("total_amount_with_taxes_cents",)),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, ["tenant", *columns])


def _tell_digits() -> None:
    """Of the payments that are there: as their payment method has them under the name of its type."""
    if op.get_bind().dialect.name == "sqlite":
        kind = "json_extract(payment_method, '$.type')"
        digits = f"json_extract(payment_method, '$.' || {kind} || '.last4')"
        # SQLite keeps JSON as text, which may be anything.
        given = f"json_valid(payment_method) AND {kind} GLOB '[a-z]*' AND {kind} NOT GLOB '*[^a-z0-9_]*'"
        op.execute(f"UPDATE stripe_payments SET card_last_digits = {digits} WHERE {given}")
    else:
        digits = "payment_method -> (payment_method ->> 'type') ->> 'last4'"
        op.execute(f"UPDATE stripe_payments SET card_last_digits = {digits} WHERE payment_method ? 'type'")
