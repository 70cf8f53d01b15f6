"""What payments and orders are looked for by at the API, beside the contract's own filters."""

from typing import Any

from paydesk import commerce
from paydesk.declare.contract import contract
from tests.acts.orders import authorized, ready
from tests.payments.conftest import Answer, Api, on_sqlite


async def ids(api: Api, type: str, *filters: str, **given: Any) -> list[str]:
    query = "&".join(f"filter[q]{one}" for one in filters)
    found = await api.get(type, f"?{query}&sort=created_at", **given)
    return [one["id"] for one in found.data]


async def test_payments_are_found_by_intent_charge_and_last_digits(api: Api) -> None:
    first, second = (await authorized(api))[1], (await authorized(api))[1]
    other = await api.payment(await ready(api))
    await api.stripe.confirm(other["stripe_id"], "pm_card_mastercard")
    await api.update(other, {"_refresh": True})
    other = await api.get(other)
    assert other["charge_id"].startswith("ch_")
    intents = f"{first['stripe_id']},{other['stripe_id']}"
    for wanted, found in {
        f"[stripe_id_eq]={first['stripe_id']}": [first],
        f"[stripe_id_in]={intents}": [first, other],
        "[stripe_id_eq]=pi_unknown": [],
        f"[charge_id_eq]={other['charge_id']}": [other],
        "[card_last_digits_eq]=4242": [first, second],
        "[card_last_digits_in]=4444,0000": [other],
        "[card_last_digits_null]=true": [],
    }.items():
        assert await ids(api, "stripe_payments", wanted) == [one.id for one in found], wanted
    both = ("[card_last_digits_eq]=4242", f"[stripe_id_eq]={second['stripe_id']}")
    assert await ids(api, "stripe_payments", *both) == [second.id]
    elsewhere = await api.log_in("other/test/integration")
    assert await ids(api, "stripe_payments", "[card_last_digits_eq]=4242", token=elsewhere) == []


async def test_orders_are_found_by_their_amounts(api: Api) -> None:
    cheap, middle, dear = [await ready(api, cents) for cents in (900, 15400, 99900)]
    for wanted, found in {
        "[total_amount_cents_gteq]=15400": [middle, dear],
        "[total_amount_with_taxes_cents_eq]=15400": [middle],
        "[total_amount_with_taxes_cents_gt]=15400": [dear],
        "[total_amount_with_taxes_cents_lteq]=15400": [cheap, middle],
        "[total_amount_with_taxes_cents_in]=900,99900": [cheap, dear],
    }.items():
        assert await ids(api, "orders", wanted) == [one.id for one in found], wanted
    within = ("[total_amount_with_taxes_cents_gteq]=900", "[total_amount_with_taxes_cents_lt]=99900")
    assert await ids(api, "orders", *within) == [cheap.id, middle.id]


async def test_a_shopper_finds_nothing_by_them(api: Api) -> None:
    _, payment = await authorized(api)
    shopper = await api.log_in("acme/test/sales_channel", scope=f"market:id:{api.market['id']}")
    for type, wanted in (
        ("stripe_payments", f"[stripe_id_eq]={payment['stripe_id']}"),
        ("stripe_payments", "[card_last_digits_eq]=4242"),
        ("orders", "[total_amount_with_taxes_cents_gteq]=1"),
    ):
        refused: Answer = await api.get(type, f"?filter[q]{wanted}", expect=401, token=shopper)
        assert refused.errors[0]["code"] == "UNAUTHORIZED"


@on_sqlite
async def test_they_are_described_and_not_published_as_the_contracts(api: Api) -> None:
    published = (await api.get("public/resources")).document["data"]
    (fields,) = [one["attributes"]["fields"] for one in published if one["id"] == "stripe_payment"]
    assert not fields["stripe_id"]["filterable"] and not fields["charge_id"]["filterable"]
    assert "card_last_digits" not in fields
    described = (await api.get("public/openapi.json")).document
    parameters = described["components"]["parameters"]
    named = {one["name"] for one in parameters.values() if one["name"].startswith("filter")}
    assert {f"filter[q][{name}_eq]" for name in ("stripe_id", "charge_id", "card_last_digits")} <= named
    assert "filter[q][total_amount_with_taxes_cents_gteq]" in named


def test_no_name_of_ours_can_be_taken_for_one_of_the_contracts() -> None:
    searched = {
        (name, field.name)
        for name, resource in commerce.registry().types.items()
        for field in resource.shape.fields.values()
        if field.searched
    }
    assert searched == {
        ("orders", "total_amount_with_taxes_cents"),
        ("stripe_payments", "stripe_id"),
        ("stripe_payments", "charge_id"),
        ("stripe_payments", "card_last_digits"),
    }
    for type, name in searched:
        known = contract()[type]
        if name in known.attributes:
            # The contract's own attribute, by which it has no filter: nothing else can be meant.
            assert "filter" not in known.attributes[name].can
        else:
            begun = {*known.attributes, *known.relationships}
            assert not any(name == one or name.startswith(f"{one}_") for one in begun), name
