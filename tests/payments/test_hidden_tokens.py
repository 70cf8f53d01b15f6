"""Addresses that shoppers come back to: without their tokens wherever they are read, whole at Stripe."""

import json
from typing import Any

import pytest

from paydesk.commerce.returning import masked
from tests.acts.mending import begun, put, walk
from tests.acts.orders import ready
from tests.acts.saved_cards import REUSE
from tests.acts.wallet import customer_of, imported
from tests.payments.conftest import Answer, Api

JWT = "eyJhbGciOiJSUzUxMiJ9.eyJvd25lciI6eyJpZCI6IngifX0.c2lnbmF0dXJl"
WHOLE = f"https://shop.example/checkout/abc?accessToken={JWT}&lang=it"
SHOWN = "https://shop.example/checkout/abc?accessToken=…&lang=it"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (WHOLE, SHOWN),
        ("https://shop.example/done", "https://shop.example/done"),
        ("https://shop.example/?access_token=abc", "https://shop.example/?access_token=…"),
        ("https://shop.example/?a=1&token=abc#top", "https://shop.example/?a=1&token=…#top"),
        ("https://shop.example/#access_token=abc&b=2", "https://shop.example/#access_token=…&b=2"),
        ("https://shop.example/?id-token=abc;b=2", "https://shop.example/?id-token=…;b=2"),
        ("https://shop.example/?access%5Ftoken=abc", "https://shop.example/?access%5Ftoken=…"),
        (f"https://shop.example/{JWT}/done", "https://shop.example/…/done"),
        (f"https://shop.example/?s={JWT}", "https://shop.example/?s=…"),
        ("https://shop.example/?next=https%3A%2F%2Fa.example%2F%3Ftoken%3Dabc", "https://shop.example/?next=…"),
        ("https://shop.example/?payment_intent_client_secret=pi_1_secret_2", None),
        ("https://shop.example/?token=", "https://shop.example/?token="),
        ("https://shop.example/?tokens=3&tokenize=1", "https://shop.example/?tokens=3&tokenize=1"),
        (SHOWN, SHOWN),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str | None) -> None:
    assert masked(address) == (shown or "https://shop.example/?payment_intent_client_secret=…")
    assert masked(masked(address)) == masked(address)


async def everything(api: Api) -> str:
    """All that stands in the database in clear, as one text."""
    texts = []
    for table in ("orders", "stripe_payments", "versions", "gateway_calls", "idempotency_keys"):
        columns = {
            "orders": ("return_url", "cart_url", "sealed_return_url"),
            "stripe_payments": ("return_url", "options", "sealed_urls"),
            "versions": ("changes",),
            "gateway_calls": ("ask", "parameters", "outcome"),
            "idempotency_keys": ("request",),
        }[table]
        texts.extend(str(row) for row in await api.rows(table, *columns))
    return "\n".join(texts)


@pytest.fixture
def sent(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are sent to Stripe to confirm with, as they are handed to its SDK."""
    gateway: Any = api.parts.gateways["stripe_gateways"]
    ask, told = gateway.requests.ask, list[str]()

    async def asking(method: str, path: str, given: dict[str, Any], **more: Any) -> Any:
        if path.endswith("/confirm"):
            told.append(given["return_url"])
        return await ask(method, path, given, **more)

    monkeypatch.setattr(gateway.requests, "ask", asking)
    return told


def urls(answer: Answer) -> tuple[Any, Any]:
    return answer["return_url"], answer["options"].get("return_url")


@pytest.mark.parametrize("where", ["attribute", "options", "order"])
async def test_a_token_reaches_stripe_and_nobody_else(api: Api, sent: list[str], where: str) -> None:
    entry = await imported(api, await customer_of(api))
    order = await ready(api)
    await api.update(order, {"cart_url": WHOLE})
    await api.update(order, {REUSE: entry.id})
    payment = await api.get(f"stripe_payments/{await api.source_of(order)}")
    if where == "order":
        shown = await api.update(order, {"return_url": WHOLE})
        assert (shown["return_url"], shown["cart_url"]) == (SHOWN, SHOWN)
    else:
        shown = await api.update(
            payment, {"return_url": WHOLE} if where == "attribute" else {"options": {"return_url": WHOLE}}, key="k"
        )
        assert urls(shown) == ((SHOWN, None) if where == "attribute" else (None, SHOWN))
        assert shown["options"]["customer"] == entry["customer_token"]
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert sent == [WHOLE]
    history = (await api.get(f"stripe_payments/{payment.id}/versions")).raw + (
        await api.get(f"orders/{order.id}/event_stores")
    ).raw
    assert b"eyJ" not in history
    assert "eyJ" not in await everything(api)
    await api.update(order, {"_approve_and_capture": True})
    assert await api.rows("stripe_payments", "sealed_urls") == [(None,)]
    assert await api.rows("orders", "sealed_return_url") == [(None,)]


async def test_a_payment_is_opened_with_a_token_in_its_address(api: Api, sent: list[str]) -> None:
    entry = await imported(api, await customer_of(api))
    order = await ready(api)
    given = {"customer": entry["customer_token"], "payment_method": entry["payment_source_token"]}
    payment = await api.payment(order, {"return_url": WHOLE, "options": {**given, "cancel_url": WHOLE}})
    assert urls(payment) == (SHOWN, None)
    assert payment["options"]["cancel_url"] == SHOWN
    # Sent back as it was shown, it is still known whole; another one takes its place.
    back = await api.update(payment, {"return_url": SHOWN})
    assert (back["return_url"], back["updated_at"]) == (SHOWN, payment["updated_at"])
    assert "eyJ" not in await everything(api)
    await api.update(order, {"_place": True})
    assert sent == [WHOLE]


async def test_an_address_without_a_token_takes_the_place_of_one_with_it(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order, {"return_url": WHOLE, "options": {"return_url": WHOLE}})
    assert len((await api.rows("stripe_payments", "sealed_urls"))[0][0]) == 2
    plain = "https://shop.example/done"
    changed = await api.update(payment, {"return_url": plain})
    assert urls(changed) == (plain, SHOWN)
    await api.update(payment, {"options": {"return_url": None}})
    assert await api.rows("stripe_payments", "sealed_urls") == [(None,)]
    await api.update(order, {"return_url": WHOLE})
    await api.update(order, {"return_url": None})
    assert await api.rows("orders", "return_url", "sealed_return_url") == [(None, None)]


@pytest.mark.parametrize("url", [7, [WHOLE], {"to": WHOLE}, f"{WHOLE}&x={'x' * 2048}"])
async def test_what_is_no_address_to_come_back_to_is_refused(api: Api, url: Any) -> None:
    order = await api.order()
    refused = await api.payment(order, {"options": {"return_url": url}}, expect=422)
    assert refused.said == [("/data/attributes/options", "invalid")]
    payment = await api.payment(order)
    refused = await api.update(payment, {"options": {"return_url": url}}, expect=422)
    assert refused.said == [("/data/attributes/options", "invalid")]
    assert (await api.get(payment))["options"] == payment["options"]


async def test_an_address_deep_in_the_options_is_masked_as_well(api: Api) -> None:
    payment = await api.payment(await api.order(), {"options": {"pages": [{"cancel": WHOLE}, "plain", 7]}})
    assert payment["options"]["pages"] == [{"cancel": SHOWN}, "plain", 7]
    assert "eyJ" not in await everything(api)


async def test_an_address_that_is_given_with_the_same_intent_takes_the_place_of_the_one_before(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order, {"return_url": WHOLE, "options": {"return_url": WHOLE}})
    intent = {"stripe_id": payment["stripe_id"], "client_secret": payment["client_secret"]}
    shown = await api.payment(order, {**intent, "return_url": SHOWN})
    assert (shown.id, urls(shown)) == (payment.id, (SHOWN, SHOWN))
    assert sorted((await api.rows("stripe_payments", "sealed_urls"))[0][0]) == ["options", "return_url"]
    plain = "https://shop.example/done"
    changed = await api.payment(order, {**intent, "return_url": plain, "options": {"return_url": plain}})
    assert (changed.id, urls(changed)) == (payment.id, (plain, plain))
    assert await api.rows("stripe_payments", "sealed_urls") == [(None,)]


async def test_what_the_first_release_stored_is_mended_and_still_sent_whole(api: Api, sent: list[str]) -> None:
    entry = await imported(api, await customer_of(api))
    order = await ready(api)
    await api.update(order, {REUSE: entry.id})
    payment = await api.get(f"stripe_payments/{await api.source_of(order)}")
    options = {**payment["options"], "return_url": WHOLE}
    await put(api, payment, options=options, return_url=None)
    await put(api, order, return_url=WHOLE, cart_url=WHOLE)
    version = (await api.get(f"stripe_payments/{payment.id}/versions")).data[0]
    await put(api, Answer(200, {}, json.dumps({"data": version}).encode()), changes={"options": [{}, options]})
    before = await api.get(payment)
    await walk(await begun(api))
    shown = await api.get(payment)
    assert urls(shown) == (None, SHOWN)
    assert shown["updated_at"] == before["updated_at"]
    mended = await api.get(order)
    assert (mended["return_url"], mended["cart_url"]) == (SHOWN, SHOWN)
    assert "eyJ" not in await everything(api)
    await api.update(order, {"_place": True})
    assert sent == [WHOLE]
