"""Disputes and fraud: kept word for word and shown in the payment's history; they change no order and no sum."""

from tests.acts.disputes import history, paid
from tests.acts.orders import moved, only, ready, stands
from tests.payments.conftest import Api, on_sqlite


async def told(api: Api, backwards: bool = False) -> None:
    """Stripe's events of disputes, delivered and worked."""
    events = [one for one in await api.stripe.events() if one["type"].startswith("charge.dispute.")]
    for event in reversed(events) if backwards else events:
        assert (await api.deliver(event)).status_code == 200
        await api.recover()


async def test_a_dispute_is_kept_with_status_deadline_and_funds_and_changes_no_order(api: Api) -> None:
    order, payment = await paid(api, "pm_card_createDispute")
    before = (await moved(api, order), await stands(api, order))
    await told(api)
    (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
    (fact, event, who), *rest = await history(api, payment, "dispute")
    assert (rest, event, who) == ([], "update", ["worker"])
    assert fact["from"] is None
    opened = fact["to"]
    assert opened == {
        "id": dispute.id,
        "status": "needs_response",
        "reason": "fraudulent",
        "amount_cents": 15400,
        "currency_code": "EUR",
        "due_by": opened["due_by"],
        "withdrawn_cents": 15400,
        "reinstated_cents": 0,
    }
    assert await api.rows("disputes", "dispute_id", "status", "due_by") == [
        (dispute.id, "needs_response", opened["due_by"])
    ]
    await api.stripe.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    await told(api, backwards=True)
    await api.update(payment, {"_refresh": True})
    newest, *_ = await history(api, payment, "dispute")
    assert newest[0] == {"from": opened, "to": {**opened, "status": "won", "reinstated_cents": 15400}}
    assert await api.rows("disputes", "status", "withdrawn_cents", "reinstated_cents") == [("won", 15400, 15400)]
    assert len(await history(api, payment, "dispute")) == 2
    assert (await moved(api, order), await stands(api, order)) == before


async def test_an_inquiry_takes_no_money_and_a_lost_dispute_gives_none_back(api: Api) -> None:
    order, payment = await paid(api, "pm_card_createDisputeInquiry")
    await told(api)
    assert await api.rows("disputes", "status", "withdrawn_cents") == [("warning_needs_response", 0)]
    _, other = await paid(api, "pm_card_createDisputeProductNotReceived")
    await told(api)
    lost = next(one for one in (await api.stripe.v1.disputes.list_async({})).data if "warning" not in one.status)
    await api.stripe.v1.disputes.close_async(lost.id)
    # Who made us look is a client here; who told is Stripe all the same.
    await api.update(other, {"_refresh": True})
    ((fact, _, who), *_) = await history(api, other, "dispute")
    assert (fact["to"]["status"], fact["to"]["reinstated_cents"], who) == ("lost", 0, ["worker"])
    assert len(await history(api, payment, "dispute")) == 1
    assert (await stands(api, order))[1] == "paid"


async def test_a_review_shows_on_the_authorization_until_it_is_closed(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"], "pm_card_riskLevelElevated")

    async def reviewed() -> str:
        for event in await api.stripe.events():
            await api.deliver(event)
        await api.recover()
        authorization = await only(api, order, "authorizations")
        return str((await api.get(authorization))["fraud_review"])

    assert await reviewed() == "review"
    (review,) = (await api.stripe.v1.reviews.list_async({})).data
    await api.stripe.v1.reviews.approve_async(review.id)
    assert await reviewed() == "approved"
    await api.update(payment, {"_refresh": True})
    assert (await api.get(await only(api, order, "authorizations")))["fraud_review"] == "approved"


@on_sqlite
async def test_a_banks_early_warning_shows_on_the_authorization(api: Api) -> None:
    order, _ = await paid(api, "pm_card_createIssuerFraudRecord")
    (event,) = [one for one in await api.stripe.events() if one["type"].startswith("radar.")]
    await api.deliver(event)
    await api.recover()
    assert (await api.get(await only(api, order, "authorizations")))["fraud_review"] == "early_fraud_warning"
    assert (await stands(api, order))[:2] == ("approved", "paid")
