"""tax_calculators: what works out the taxes of a market's orders; each kind has a type of its own in the same table."""

from __future__ import annotations

from paydesk.declare import FIND, NONE, READ_ACTIONS, WRITE, string, to_many
from paydesk.rules.resource import Resource


class Calculator(Resource):
    """What all tax calculators share."""

    name = string(WRITE | FIND, required=True, example="Personal tax calculator", doc="What your team calls it.")
    type = string(
        FIND,
        required=True,
        enum=(
            "avalara_accounts",
            "stripe_tax_accounts",
            "vertex_accounts",
            "taxjar_accounts",
            "manual_tax_calculators",
            "external_tax_calculators",
        ),
        example="manual_tax_calculators",
        doc="Which type it is of.",
    )
    markets = to_many("markets", by="tax_calculator", flags=NONE)
    events = to_many("events", by="resource")


class TaxCalculator(Calculator, type="tax_calculators", singular="tax_calculator", actions=READ_ACTIONS):
    """Any tax calculator, read as what it shares with the others. Source: Commerce Layer, "Tax calculators"."""
