"""What has to be true of every placed order, and that `paydesk reconcile` tells where it is not."""

from typing import Any

from tests.acts.bought import bought
from tests.acts.differences import falsify
from tests.acts.orders import authorized
from tests.payments.commands import paydesk
from tests.payments.conftest import Api, Running


def said(told: Any) -> set[tuple[str, str, str, str]]:
    return {(one["rule"], one["what"], one["stored"], one["right"]) for one in told.json["wrong"]}


async def test_reconcile_tells_of_a_placed_order_that_does_not_follow_from_its_lines(
    api: Api, running: Running
) -> None:
    order, _ = await authorized(api)
    cart, _ = await authorized(api, 900)
    await api.update(order, {"_place": True})
    agreed = await paydesk(running, "reconcile", "--json")
    assert (agreed.status, agreed.json["orders"], agreed.json["wrong"]) == (0, 2, [])
    # As rows of an earlier release may stand: a quantity that no total was worked out for, and sums that are none.
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    await falsify(api, "line_items", line["id"], quantity=3)
    # What is no order yet is worked out when it is placed.
    (line_of_cart,) = (await api.get(f"orders/{cart.id}/line_items")).data
    await falsify(api, "line_items", line_of_cart["id"], quantity=3)
    told = await paydesk(running, "reconcile", "--json")
    assert told.status == 1
    assert said(told) == {
        ("line", f"line {line['id']}", "€154,00", "€462,00"),
        ("amount", "subtotal amount", "€154,00", "€462,00"),
        ("amount", "total amount", "€154,00", "€462,00"),
        ("amount", "subtotal taxable amount", "€154,00", "€462,00"),
        ("amount", "total taxable amount", "€154,00", "€462,00"),
        ("amount", "total amount with taxes", "€154,00", "€462,00"),
        ("amount", "skus count", "1", "3"),
    }
    assert told.json["findings"] == []
    (shown,) = [one for one in (await paydesk(running, "reconcile")).lines if "total amount with taxes" in one]
    assert shown == (
        f"acme/test order {order['number']}: total amount with taxes: €154,00 is stored, €462,00 would be right. "
        "Settle it with the customer: nothing alters it by itself."
    )
    # Also with --fix nobody's bill is altered.
    assert said(await paydesk(running, "reconcile", "--json", "--fix")) == said(told)
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 15400


async def test_reconcile_tells_of_transactions_that_cannot_be(api: Api, running: Running) -> None:
    order, _ = await bought(api)
    rows = {one["attributes"]["type"]: one for one in (await api.get(f"orders/{order.id}/transactions")).data}
    await falsify(api, "transactions", rows["refunds"]["id"], amount_cents=15401)
    await falsify(api, "transactions", rows["authorizations"]["id"], currency_code="HUF", amount_cents=15000)
    told = await paydesk(running, "reconcile", "--json")
    number = rows["authorizations"]["attributes"]["number"]
    assert told.status == 1
    assert said(told) == {
        ("currency", f"authorization {number}", "HUF 150,00", "an amount in EUR"),
        ("balance", f"captured of {number}", "HUF 154,00", "at most HUF 150,00"),
        ("balance", f"refunded of {rows['captures']['attributes']['number']}", "€154,01", "at most €154,00"),
    }
