"""Creating a stripe payment without ids: the documented exchange, what Stripe is sent, and what is refused."""

import re
from typing import Any

import pytest

from tests.payments.conftest import ADDRESS, Api, on_sqlite


async def test_the_documented_request_is_answered_to_the_letter(api: Api) -> None:
    order = await api.order()
    body = {
        "data": {
            "type": "stripe_payments",
            "attributes": {},
            "relationships": {"order": {"data": {"type": "orders", "id": order.id}}},
        }
    }
    answer = await api.send("POST", "stripe_payments", body)
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/vnd.api+json"
    (intent,) = await api.stripe.intents()
    data = answer.data
    url = f"http://127.0.0.1:9/api/stripe_payments/{answer.id}"
    assert answer.headers["location"] == url
    assert list(answer.document) == ["data"]
    assert list(data) == ["id", "type", "links", "attributes", "relationships", "meta"]
    assert data["links"] == {"self": url}
    attributes = data["attributes"]
    created = attributes["created_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    assert attributes == {
        "stripe_id": intent.id,
        "client_secret": intent.client_secret,
        "connected_account": None,
        "charge_id": None,
        "publishable_key": "pk_test_shop",
        "on_behalf_of": None,
        "transfer_group": None,
        "options": {"intent_amount_cents": 15400},
        "payment_method": None,
        "mismatched_amounts": False,
        "return_url": None,
        "receipt_email": None,
        "payment_instrument": None,
        "created_at": created,
        "updated_at": created,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
    }
    assert list(attributes) == [
        "stripe_id",
        "client_secret",
        "connected_account",
        "charge_id",
        "publishable_key",
        "on_behalf_of",
        "transfer_group",
        "options",
        "payment_method",
        "mismatched_amounts",
        "return_url",
        "receipt_email",
        "payment_instrument",
        "created_at",
        "updated_at",
        "reference",
        "reference_origin",
        "metadata",
    ]
    assert data["relationships"] == {
        name: {"links": {"self": f"{url}/relationships/{name}", "related": f"{url}/{name}"}}
        for name in ("order", "payment_gateway", "versions", "event_stores")
    }
    assert list(data["relationships"]) == ["order", "payment_gateway", "versions", "event_stores"]
    assert data["meta"] == {
        "mode": "test",
        "organization_id": (await api.get("organization")).id,
        "trace_id": data["meta"]["trace_id"],
    }
    assert re.fullmatch("[0-9a-f]{64}", data["meta"]["trace_id"])
    assert await api.source_of(order) == answer.id


async def test_null_ids_count_as_not_given(api: Api) -> None:
    payment = await api.payment(attributes={"stripe_id": None, "client_secret": None})
    assert payment["stripe_id"] == (await api.stripe.intents())[0].id


async def test_the_intent_is_opened_for_the_total_with_the_order_told(api: Api) -> None:
    address = await api.create("addresses", ADDRESS)
    order = await api.order(shipping_address=address, attributes={"customer_email": "ada@example.com"})
    attributes = {"receipt_email": "ada@example.com", "return_url": "https://shop.example.com/thanks"}
    payment = await api.payment(order, attributes)
    (intent,) = [one.to_dict() for one in await api.stripe.intents()]
    number = (await api.get(order))["number"]
    assert {
        "amount": 15400,
        "currency": "eur",
        "capture_method": "manual",
        "allowed_payment_method_types": ["card"],
        "automatic_payment_methods": None,
        "payment_method_types": ["card"],
        "description": number,
        "receipt_email": "ada@example.com",
        "setup_future_usage": None,
        "customer": None,
        "status": "requires_payment_method",
    }.items() <= intent.items()
    shipped = intent["shipping"]
    assert (shipped["name"], shipped["phone"]) == ("Ada Rossi", "+39 011 0000000")
    assert {name: value for name, value in shipped["address"].items() if value} == {
        "line1": "Via Garibaldi 12",
        "city": "Torino",
        "postal_code": "10122",
        "state": "TO",
        "country": "IT",
    }
    organization = await api.get("organization")
    ((installation,),) = await api.rows("installation", "id")
    assert intent["metadata"] == {
        "order_id": order.id,
        "order_number": number,
        "paydesk_email": "ada@example.com",
        "paydesk_market": api.market["id"],
        "stripe_payment_id": payment.id,
        "organization_id": organization.id,
        "organization": "acme",
        "mode": "test",
        "paydesk": installation,
    }
    assert (payment["return_url"], payment["receipt_email"]) == tuple(
        attributes[n] for n in ("return_url", "receipt_email")
    )
    (asked,) = await api.stripe.requests()
    (call,) = [id_ for id_, kind in await api.rows("gateway_calls", "id", "kind") if kind == "open_payment"]
    assert asked["idempotency_key"] == f"paydesk/{installation}/{call}/1"


@on_sqlite
async def test_without_an_address_nothing_is_said_of_shipping(api: Api) -> None:
    await api.payment()
    assert (await api.stripe.intents())[0].shipping is None


@on_sqlite
async def test_a_customer_with_an_account_may_pay_again_off_session(api: Api) -> None:
    order = await api.order(
        attributes={"customer_email": "ada@example.com", "customer_password": "correct horse", "guest": False}
    )
    await api.payment(order)
    assert (await api.stripe.intents())[0].setup_future_usage == "off_session"


@on_sqlite
async def test_an_integrations_options_are_merged_under_what_the_server_owns(api: Api) -> None:
    customer = await api.stripe.v1.customers.create_async({"email": "ada@example.com"})
    options = {
        "amount": 1,
        "currency": "usd",
        "capture_method": "automatic",
        "confirm": True,
        "off_session": True,
        "intent_amount_cents": 1,
        "customer": customer.id,
        "statement_descriptor_suffix": "SHOP",
        "setup_future_usage": "on_session",
        "transfer_group": "group 1",
        "metadata": {"campaign": "spring", "order_id": "stolen"},
        "theme": "night",
    }
    order = await api.order()
    payment = await api.payment(order, {"options": options})
    (intent,) = await api.stripe.intents()
    assert (intent.amount, intent.currency, intent.capture_method) == (15400, "eur", "manual")
    assert (intent.status, intent.customer, intent.setup_future_usage) == (
        "requires_payment_method",
        customer.id,
        "on_session",
    )
    assert (intent.statement_descriptor_suffix, intent.transfer_group) == ("SHOP", "group 1")
    assert (intent.metadata["campaign"], intent.metadata["order_id"]) == ("spring", order.id)
    assert payment["options"] == {
        "customer": customer.id,
        "statement_descriptor_suffix": "SHOP",
        "setup_future_usage": "on_session",
        "transfer_group": "group 1",
        "metadata": {"campaign": "spring", "order_id": "stolen"},
        "theme": "night",
        "intent_amount_cents": 15400,
    }
    assert payment["transfer_group"] == "group 1"


@on_sqlite
async def test_a_storefronts_options_set_neither_money_nor_accounts(api: Api) -> None:
    order = await api.order()
    options = {
        "amount": 1,
        "on_behalf_of": "acct_1",
        "transfer_data": {"destination": "acct_1"},
        "transfer_group": "mine",
        "application_fee_amount": 15000,
        "metadata": {"order_id": "another"},
        "theme": "night",
    }
    payment = await api.payment(order, {"options": options}, token=await api.guest())
    assert payment["options"] == {"theme": "night", "intent_amount_cents": 15400}
    (intent,) = [one.to_dict() for one in await api.stripe.intents()]
    assert (intent["amount"], intent["transfer_data"], intent["transfer_group"]) == (15400, None, None)
    assert intent["metadata"]["order_id"] == order.id


@on_sqlite
async def test_a_storefront_names_no_stripe_customer_that_is_not_the_shoppers(api: Api) -> None:
    customer = await api.stripe.v1.customers.create_async({})
    order = await api.order()
    refused = await api.payment(order, {"options": {"customer": customer.id}}, token=await api.guest(), expect=422)
    assert refused.said == [("/data/attributes/options", "invalid")]
    await nothing_happened(api, order)


async def nothing_happened(api: Api, order: Any) -> None:
    """Neither here nor at Stripe."""
    assert await api.source_of(order) is None
    assert (await api.get("stripe_payments")).document["data"] == []
    assert [kind for kind, _ in await api.calls() if kind != "register_endpoint"] == []
    assert await api.stripe.requests() == []


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"stripe_id": "pi_1"}, [("/data/attributes/client_secret", "blank")]),
        ({"client_secret": "pi_1_secret_2"}, [("/data/attributes/stripe_id", "blank")]),
        (
            {"stripe_id": "pi_1", "client_secret": "pi_2_secret_2"},
            [("/data/attributes/client_secret", "invalid")],
        ),
        ({"options": {"note": "4242 4242 4242 4242"}}, [("/data/attributes/options", "card_number")]),
        ({"metadata": {"pan": "4000-0566-5566-5556"}}, [("/data/attributes/metadata", "card_number")]),
        ({"options": "none"}, [("/data/attributes/options", "invalid")]),
    ],
)
@on_sqlite
async def test_attributes_that_cannot_be_are_pointed_at(
    api: Api, attributes: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    order = await api.order()
    refused = await api.payment(order, attributes, expect=422)
    assert refused.said == said
    assert "4242" not in refused.raw.decode() and "4000-" not in refused.raw.decode()
    await nothing_happened(api, order)


@pytest.mark.parametrize(
    ("attributes", "related"),
    [
        ({"charge_id": "ch_1"}, {}),
        ({"payment_method": {}}, {}),
        ({"mismatched_amounts": False}, {}),
        ({"_update": True}, {}),
        ({"_refresh": True}, {}),
        ({"intended_cents": 1}, {}),
        ({}, {"payment_gateway": {"type": "payment_gateways", "id": "x"}}),
    ],
)
@on_sqlite
async def test_what_only_the_server_writes_is_no_parameter(
    api: Api, attributes: dict[str, Any], related: dict[str, Any]
) -> None:
    order = await api.order()
    refused = await api.payment(order, attributes, expect=400, **related)
    assert [one["code"] for one in refused.errors] == ["PARAM_NOT_ALLOWED"]
    await nothing_happened(api, order)


@on_sqlite
async def test_an_order_is_required_and_must_be_there(api: Api) -> None:
    for related in ({}, {"order": {"type": "orders", "id": "nobodysone"}}, {"order": None}):
        refused = await api.create("stripe_payments", expect=422, **related)
        assert refused.said == [("/data/relationships/order", "blank")]
        assert refused.errors[0]["title"] == "must exist"
    assert await api.stripe.requests() == []


@on_sqlite
async def test_a_free_order_needs_no_payment(api: Api) -> None:
    order = await api.order(0)
    refused = await api.payment(order, expect=422)
    assert refused.said == [("/data/relationships/order", "free")]
    await nothing_happened(api, order)


@on_sqlite
async def test_without_a_usable_method_there_is_no_gateway(api: Api) -> None:
    bare = await api.create("orders", market=api.market)
    await api.line(bare, 100)
    assert (await api.payment(bare, expect=422)).said == [("/data/relationships/payment_gateway", "blank")]
    order = await api.order()
    await api.update(api.gateway, {"_disable": True})
    refused = await api.payment(order, expect=422)
    assert (refused.said, refused.errors[0]["title"]) == (
        [("/data/relationships/payment_gateway", "blank")],
        "must exist",
    )
    await api.update(api.gateway, {"_enable": True})
    await api.update(api.method, {"_disable": True})
    assert (await api.payment(order, expect=422)).said == [("/data/relationships/payment_gateway", "blank")]
    await nothing_happened(api, order)


@on_sqlite
async def test_all_mistakes_are_told_at_once(api: Api) -> None:
    order = await api.order(0)
    refused = await api.payment(order, {"stripe_id": "pi_1"}, expect=422)
    assert refused.said == [
        ("/data/relationships/order", "free"),
        ("/data/attributes/client_secret", "blank"),
    ]


@pytest.mark.parametrize(
    ("currency", "cents", "stripe_amount"),
    [("JPY", 5000, 5000), ("BHD", 12340, 12340), ("ISK", 5000, 500000), ("HUF", 99000, 99000)],
)
@on_sqlite
async def test_amounts_go_out_in_stripes_units_and_come_back_in_ours(
    api: Api, currency: str, cents: int, stripe_amount: int
) -> None:
    market = await api.market_in(currency)
    method = await api.method_of(api.gateway, currency_code=currency)
    payment = await api.payment(await api.order(cents, market=market, method=method))
    (intent,) = await api.stripe.intents()
    assert (intent.amount, intent.currency) == (stripe_amount, currency.lower())
    assert (payment["options"], payment["mismatched_amounts"]) == ({"intent_amount_cents": cents}, False)
    assert (await api.update(payment, {"_refresh": True}))["options"] == {"intent_amount_cents": cents}


@on_sqlite
async def test_an_amount_that_stripe_cannot_take_stands_in_no_order(api: Api) -> None:
    market = await api.market_in("BHD")
    method = await api.method_of(api.gateway, currency_code="BHD")
    order = await api.order(0, market=market, method=method)
    line = {"name": "Line", "quantity": 1, "unit_amount_cents": 12345}
    refused = await api.create("line_items", line, order=order, expect=422)
    assert refused.said == [("/data/attributes/unit_amount_cents", "not_a_multiple_of")]
    await api.line(order, 12340)
    payment = await api.payment(order)
    assert payment["options"] == {"intent_amount_cents": 12340}
    assert [one.amount for one in await api.stripe.intents()] == [12340]


async def test_what_stripe_refuses_is_told_in_its_words_and_leaves_nothing(api: Api) -> None:
    order = await api.order(10)
    refused = await api.payment(order, expect=422)
    assert refused.said == [("/data", "amount_too_small")]
    assert refused.errors[0]["code"] == "VALIDATION_ERROR"
    assert refused.errors[0]["title"] == refused.errors[0]["detail"]
    assert await api.source_of(order) is None
    assert (await api.get("stripe_payments")).document["data"] == []
    assert await api.stripe.intents() == []
    assert await api.open_calls() == []
    await api.line(order, 5000)
    assert (await api.payment(order))["options"] == {"intent_amount_cents": 5010}
