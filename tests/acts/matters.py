"""What needs an operator's attention."""

from typing import Any

from tests.acts.metrics import measured
from tests.payments.commands import Said
from tests.payments.conftest import Api

KINDS = (
    "unplaced_money",
    "unapproved_money",
    "surplus_money",
    "spare_money",
    "authorization_gone",
    "refund_failed",
    "amounts_broken",
    "authorization_expiring",
    "captured_before_its_end",
    "capture_failed",
    "payment_of_several_orders",
)


async def counted(api: Api) -> dict[str, int]:
    """How many matters of each kind the metrics tell, the kinds without any left out."""
    told = await measured(api)
    found = {kind: int(told[f'paydesk_matters{{kind="{kind}"}}']) for kind in KINDS}
    return {kind: count for kind, count in found.items() if count}


def told(said: Said) -> list[tuple[str, int | None]]:
    found: list[dict[str, Any]] = [one["matter"] for one in said.json["attention"]]
    return [(one["kind"], one["amount_cents"]) for one in found]
