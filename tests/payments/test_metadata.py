"""An integration's `options.metadata`: it reaches Stripe as it was given, or is refused with the key that cannot."""

from typing import Any

import pytest

from tests.payments.conftest import Answer, Api, on_sqlite

HERE = "/data/attributes/options"


async def at_stripe(api: Api, payment: Answer) -> dict[str, str]:
    """What of the intent's metadata is not ours."""
    intent = (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).to_dict()
    found: dict[str, str] = intent["metadata"]
    ours = (
        "order_id",
        "order_number",
        "stripe_payment_id",
        "organization_id",
        "organization",
        "mode",
        "paydesk",
        "paydesk_email",
        "paydesk_market",
    )
    return {key: value for key, value in found.items() if key not in ours}


GIVEN = {
    "text": "spring",
    "yes": True,
    "no": False,
    "whole": 12345678901234567,
    "part": 0.1,
    "small": 1e-7,
    "large": 1e21,
    "nothing": None,
    "k" * 40: "v" * 500,
}
KEPT = {
    "text": "spring",
    "yes": "true",
    "no": "false",
    "whole": "12345678901234567",
    "part": "0.1",
    "small": "0.0000001",
    "large": "1000000000000000000000",
    "k" * 40: "v" * 500,
}


async def test_metadata_reaches_stripe_whole_when_it_is_opened_and_when_it_is_amended(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order, {"options": {"metadata": GIVEN}})
    assert await at_stripe(api, payment) == KEPT
    assert payment["options"]["metadata"] == GIVEN
    change = {"text": None, "yes": "", "whole": 7, "new": True}
    await api.update(payment, {"options": {"metadata": change}})
    assert await at_stripe(api, payment) == KEPT
    amended = await api.update(payment, {"_update": True})
    left = {key: value for key, value in KEPT.items() if key not in ("text", "yes")}
    assert await at_stripe(api, payment) == {**left, "whole": "7", "new": "true"}
    assert amended["options"]["metadata"] == {**GIVEN, **change}
    await api.update(payment, {"options": {"metadata": {"text": "autumn"}}, "_update": True})
    assert (await at_stripe(api, payment))["text"] == "autumn"


@on_sqlite
@pytest.mark.parametrize(
    ("metadata", "error", "key"),
    [
        ({"tags": ["a"]}, "invalid", "tags"),
        ({"cart": {"a": 1}}, "invalid", "cart"),
        ({"k" * 41: "v"}, "invalid", "k" * 41),
        ({"a[b]": "v"}, "invalid", "a[b]"),
        ({"": "v"}, "invalid", ""),
        ({"long": "v" * 501}, "too_long", "long"),
        ({f"key {number}": "v" for number in range(44)}, "too_many", "key 43"),
    ],
)
async def test_what_stripe_cannot_take_is_refused_with_its_key(
    api: Api, metadata: dict[str, Any], error: str, key: str
) -> None:
    order = await api.order()
    refused = await api.payment(order, {"options": {"metadata": metadata}}, expect=422)
    assert refused.said == [(HERE, error)]
    assert refused.errors[0]["meta"]["key"] == key
    assert await api.stripe.requests() == []
    payment = await api.payment(order, {"options": {"metadata": {"a": "b"}, "theme": "night"}})
    changed = await api.update(payment, {"options": {"metadata": metadata}, "_update": True}, expect=422)
    assert (changed.said, changed.errors[0]["meta"]["key"]) == (
        [(HERE, error)],
        key if error != "too_many" else "key 42",
    )
    shown = await api.get(payment)
    assert (shown["options"], shown["updated_at"]) == (payment["options"], payment["updated_at"])
    await api.update(payment, {"_update": True})
    assert await at_stripe(api, payment) == {"a": "b"}


@on_sqlite
async def test_as_many_keys_as_stripe_keeps_are_taken(api: Api) -> None:
    many = {f"key {number}": "v" for number in range(43)}
    payment = await api.payment(None, {"options": {"metadata": many}})
    assert await at_stripe(api, payment) == many
    # What is unset makes room.
    await api.update(payment, {"options": {"metadata": {"key 0": None, "one more": "v"}}, "_update": True})
    del many["key 0"]
    assert await at_stripe(api, payment) == {**many, "one more": "v"}


@on_sqlite
async def test_metadata_that_is_no_object_is_refused(api: Api) -> None:
    order = await api.order()
    assert (await api.payment(order, {"options": {"metadata": "spring"}}, expect=422)).said == [(HERE, "invalid")]


@on_sqlite
async def test_a_shoppers_metadata_is_left_out(api: Api) -> None:
    guest = await api.guest()
    order = await api.order(attributes={"customer_email": "guest@example.com"})
    payment = await api.payment(order, {"options": {"metadata": {"tags": ["a"]}}}, token=guest)
    assert "metadata" not in payment["options"]
    assert await at_stripe(api, payment) == {}
