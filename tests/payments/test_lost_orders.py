"""What an older database lacks of what Stripe has: taken back for an order that is here, told and made again else."""

import pytest

from tests.acts.lost_orders import WAYS, comes_back
from tests.acts.metrics import measured
from tests.acts.orders import at_stripe, moved, ready, stands
from tests.acts.restored import back
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish
from tests.payments.past import remembered


@pytest.mark.parametrize("way", WAYS)
async def test_a_payment_whose_order_is_here_is_its_orders_again(running: Running, account: Stripe, way: str) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        rows = await remembered(api.parts.database)
        payment = await api.payment(order)
        await account.confirm(payment["stripe_id"])
        await api.update(order, {"_place": True})
    async with back(running, account, rows, api) as api:
        assert (await stands(api, order))[:2] == ("pending", "unpaid")
        await comes_back(api, running, way)
        assert await api.source_of(order) == payment.id
        assert await moved(api, order) == [("authorizations", 15400, True)]
        assert (await api.update(order, {"_place": True}))["payment_status"] == "authorized"
        assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
        assert (await measured(api))['paydesk_matters{kind="payment_not_here"}'] == 0
        assert await api.open_calls() == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_payment_of_another_amount_is_left_to_a_person(running: Running, account: Stripe, way: str) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        rows = await remembered(api.parts.database)
        await api.line(order, 600)
        payment = await api.payment(order)
        await account.confirm(payment["stripe_id"])
    async with back(running, account, rows, api) as api:
        if way == "reconcile":
            said = await paydesk(running, "reconcile", "--fix", "--json")
            assert (said.json["mended"], [one["payment_id"] for one in said.json["findings"]]) == (
                0,
                [payment["stripe_id"]],
            )
        else:
            await comes_back(api, running, way)
            assert (await measured(api))['paydesk_matters{kind="payment_not_here"}'] == 1
        assert await api.source_of(order) is None
        assert (await stands(api, order))[:2] == ("pending", "unpaid")
        assert await at_stripe(api, payment) == ("requires_capture", 0, 0)


async def lost(running: Running, account: Stripe, *, captured: bool = False) -> tuple[Api, object, Answer, Answer]:
    """A bought order that the database does not have any more."""
    async with running.api(account) as api:
        await furnish(api)
        rows = await remembered(api.parts.database)
        order = await ready(api)
        payment = await api.payment(order)
        await account.confirm(payment["stripe_id"])
        await api.update(order, {"_place": True})
        if captured:
            await api.update(order, {"_approve_and_capture": True})
    return api, rows, order, payment


def about(said: Said) -> tuple[str, str, str, str]:
    (one,) = [one for one in said.json["findings"] if one["what"] == "unknown payment"]
    return one["payment_id"], one["number"], one["theirs"], one["do"]


async def test_a_payment_whose_order_is_gone_is_told_and_its_order_made_again(
    running: Running, account: Stripe
) -> None:
    api, rows, order, payment = await lost(running, account)
    async with back(running, account, rows, api) as api:  # type: ignore[arg-type]
        await api.get(order, expect=404)
        name, number, amount, do = about(await paydesk(running, "reconcile", "--json"))
        assert (name, number, amount) == (payment["stripe_id"], order["number"], "requires_capture, €154,00")
        assert do.startswith("ada@example.com paid it, and the order is not here: run ")
        assert f"`paydesk payments make-order {name}`" in do
        await comes_back(api, running, "the background")
        assert (await measured(api))['paydesk_matters{kind="payment_not_here"}'] == 1
        (matter,) = [one["matter"] for one in (await paydesk(running, "reconcile", "--json")).json["attention"]]
        assert (matter["order"], matter["number"], matter["amount_cents"]) == (order.id, order["number"], 15400)
        assert f"{name} of ada@example.com" in matter["do"]
        made = await paydesk(running, "payments", "make-order", name)
        assert made.status == 0, made.err
        again = await api.get(order)
        assert (again["number"], again["customer_email"], again["status"], again["payment_status"]) == (
            order["number"],
            "ada@example.com",
            "pending",
            "authorized",
        )
        assert await moved(api, order) == [("authorizations", 15400, True)]
        assert await api.source_of(order) == payment.id
        (line,) = (await api.get(f"orders/{order.id}/line_items")).data
        assert (line["attributes"]["name"], line["attributes"]["total_amount_cents"]) == (f"Order {number}", 15400)
        assert (await measured(api))['paydesk_matters{kind="payment_not_here"}'] == 0
        assert (await paydesk(running, "payments", "make-order", name)).status == 1
        # The next order has another number.
        assert (await api.order())["number"] > order["number"]
        said = await paydesk(running, "reconcile", "--json")
        assert said.json["findings"] == []


@pytest.mark.parametrize("captured", [False, True])
async def test_the_money_of_an_order_that_is_gone_is_given_back(
    running: Running, account: Stripe, captured: bool
) -> None:
    api, rows, order, payment = await lost(running, account, captured=captured)
    async with back(running, account, rows, api) as api:  # type: ignore[arg-type]
        made = await paydesk(running, "payments", "make-order", payment["stripe_id"], "--give-back")
        assert made.status == 0, made.err
        assert (await stands(api, order))[:2] == ("cancelled", "refunded" if captured else "voided")
        assert await at_stripe(api, payment) == (("succeeded", 15400, 15400) if captured else ("canceled", 0, 0))
        assert await api.open_calls() == []
        assert (await measured(api))['paydesk_matters{kind="payment_not_here"}'] == 0


async def test_what_is_not_of_this_installation_is_no_order_of_its(api: Api, running: Running) -> None:
    intent = await api.stripe.v1.payment_intents.create_async({"amount": 700, "currency": "eur"})
    for name in (intent.id, "pi_nowhere"):
        said = await paydesk(running, "payments", "make-order", name)
        assert said.status == 1
        assert f"No gateway here has a payment {name}" in said.err
    assert (await api.get("orders")).data == []


async def test_an_order_is_made_again_where_every_payment_method_costs_something(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        await api.update(api.method, {"price_amount_cents": 400})
        rows = await remembered(api.parts.database)
        order = await ready(api)
        payment = await api.payment(order)
        assert [one.amount for one in await account.intents()] == [15800]
        await account.confirm(payment["stripe_id"])
    async with back(running, account, rows, api) as api:
        # One that costs as much as was paid leaves nothing for a line.
        await api.method_of(api.gateway, price_amount_cents=15800)
        made = await paydesk(running, "payments", "make-order", payment["stripe_id"])
        assert made.status == 0, made.err
        again = await api.get(order)
        amounts = ("subtotal_amount_cents", "payment_method_amount_cents", "total_amount_with_taxes_cents")
        assert [again[name] for name in amounts] == [15400, 400, 15800]
        assert (again["status"], again["payment_status"]) == ("pending", "authorized")
