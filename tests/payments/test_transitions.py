"""Which trigger an order refuses in which status, and where that is told."""

from tests.acts.orders import approved, authorized, ready
from tests.payments.conftest import Answer, Api, on_sqlite

STATUS = "/data/attributes/status"
REFUSED: dict[str, dict[str, str]] = {
    "draft": dict.fromkeys(
        (
            "_pending",
            "_place",
            "_approve",
            "_approve_and_capture",
            "_capture",
            "_fulfill",
            "_cancel",
            "_start_editing",
            "_stop_editing",
            "_fix_payment_source",
        ),
        STATUS,
    ),
    "pending": {
        **dict.fromkeys(
            ("_approve", "_approve_and_capture", "_capture", "_fulfill", "_start_editing", "_stop_editing"), STATUS
        ),
        "_refund": "/data/attributes/payment_status",
    },
    "placed": {
        **dict.fromkeys(("_pending", "_capture", "_fulfill", "_authorize", "_nullify_payment_source"), STATUS),
        "_refund": "/data/attributes/payment_status",
    },
    "editing": dict.fromkeys(
        ("_pending", "_place", "_approve", "_approve_and_capture", "_capture", "_fulfill", "_fix_payment_source"),
        STATUS,
    ),
    "approved": {
        **dict.fromkeys(
            ("_pending", "_place", "_start_editing", "_stop_editing", "_fix_payment_source", "_authorize"), STATUS
        ),
        "_refund": "/data/attributes/payment_status",
        "_fulfill": "/data/attributes/fulfillment_status",
    },
    "cancelled": dict.fromkeys(
        (
            "_pending",
            "_place",
            "_approve",
            "_approve_and_capture",
            "_capture",
            "_fulfill",
            "_start_editing",
            "_stop_editing",
            "_fix_payment_source",
            "_authorize",
            "_nullify_payment_source",
        ),
        STATUS,
    ),
}


async def standing(api: Api) -> dict[str, Answer]:
    """An order in each status."""
    placed, _ = await authorized(api)
    await api.update(placed, {"_place": True})
    editing, _ = await authorized(api)
    await api.update(editing, {"_place": True})
    await api.update(editing, {"_start_editing": True})
    over = await ready(api)
    await api.update(over, {"_cancel": True})
    return {
        "draft": await api.create("orders", market=api.market),
        "pending": await ready(api),
        "placed": placed,
        "editing": editing,
        "approved": (await approved(api))[0],
        "cancelled": over,
    }


@on_sqlite
async def test_what_cannot_be_is_told_and_changes_nothing(api: Api) -> None:
    orders = await standing(api)
    found: dict[str, dict[str, str]] = {}
    for status, order in orders.items():
        for trigger in REFUSED[status]:
            refused = await api.update(order, {trigger: True}, expect=422)
            found.setdefault(status, {})[trigger] = refused.said[0][0]
        assert (await api.get(order))["status"] == status
        # Putting it away and naming it is possible at any time.
        named = await api.update(order, {"reference": f"R-{status}", "metadata": {"a": 1}, "_archive": True})
        assert (named["status"], named["reference"]) == (status, f"R-{status}")
        assert named["archived_at"] is not None
        assert (await api.update(order, {"_unarchive": True}))["archived_at"] is None
    assert found == REFUSED
    assert await api.stripe.requests("POST", "/v1/refunds") == []
