"""What official front ends ask around a payment beside the checkout's own steps: coming back from a bank,
subscriptions, orders that expire; and the pages for signing up, in, and for a new password.

Source: mfe-checkout 6.5, react-components 4.29, mfe-identity 1.7, read.
"""

from typing import Any

from paydesk.base.instants import instant
from tests.acts.checkout import CONTENT, OPENED, PAGE, Shopper, bought_by, cart, choose_method, linked, place
from tests.acts.saved_cards import shopper_confirms
from tests.acts.wallet import PASSWORD
from tests.payments.conftest import Answer, Api, document_of, on_sqlite
from tests.reading import misfits, read

NEW = "another password"


async def guests_checkout(api: Api) -> tuple[Shopper, Any]:
    """An order up to its payment, which waits for its card."""
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    await bought_by(api, shopper)
    return shopper, await choose_method(shopper)


async def refused(shopper: Shopper, method: str, path: str, attributes: Any = None) -> tuple[int, list[Any]]:
    """The status, and of each error what the SDK and the pages go by."""
    type_, _, id_ = path.partition("/")
    body = None if method == "DELETE" else document_of(type_, id_ or None, attributes, {})
    answer = await shopper.api.send(method, path, body, token=shopper.token, content_type=CONTENT)
    assert all({"title", "detail", "code", "status"} <= set(one) for one in answer.errors)
    return answer.status, [
        (one["code"], one.get("source", {}).get("pointer"), one.get("meta", {}).get("error")) for one in answer.errors
    ]


async def test_a_shopper_who_comes_back_from_the_bank_places_without_a_form(api: Api) -> None:
    shopper, payment = await guests_checkout(api)
    # The bank asks: the page is left, and opens anew with the client secret in its address.
    await shopper_confirms(
        api, await api.get(linked("stripe_payments", payment["id"])), "pm_card_threeDSecure2Required"
    )
    shopper = Shopper(api, shopper.token, shopper.order, signed_in=False)
    order = await shopper.whole()
    source = order["payment_source"]
    assert (order["status"], source["publishable_key"]) == ("pending", "pk_test_shop")
    assert source["client_secret"] == payment["client_secret"]
    intent = source["client_secret"].partition("_secret_")[0]
    assert (await api.stripe.v1.payment_intents.retrieve_async(intent)).status == "requires_capture"
    await place(shopper)
    placed = await api.get(f"orders/{shopper.order.id}?include=authorizations")
    assert [one["attributes"]["amount_cents"] for one in placed.document["included"]] == [9800]


async def test_what_the_components_ask_of_a_subscription_after_placing(api: Api) -> None:
    """Without subscriptions they stop at `subscription_created_at`; the requests behind it are known all the same."""
    created = await api.create("customers", {"email": "ada@example.com", "password": PASSWORD})
    token = await api.customer("ada@example.com", PASSWORD)
    shopper = Shopper(api, token, await cart(api, token), signed_in=True)
    await bought_by(api, shopper)
    payment = await choose_method(shopper)
    await shopper_confirms(api, await api.get(linked("stripe_payments", payment["id"])), "pm_card_visa")
    placed = await place(shopper)
    assert placed["subscription_created_at"] is None
    await shopper.write("PATCH", "orders", shopper.order.id, {"_save_payment_source_to_customer_wallet": True})

    order = await shopper.get(f"orders/{shopper.order.id}?include=order_subscription,payment_source")
    assert order["order_subscription"] is None
    card = order["payment_source_details"]["payment_method_id"]
    assert card.startswith("pm_")
    (kept,) = await shopper.get(f"customer_payment_sources?filter[q][payment_source_token_eq]={card}&page[number]=1")
    assert kept["payment_source_token"] == card
    assert (
        await shopper.get("customer_payment_sources?filter[q][payment_source_token_eq]=pm_other&page[number]=1") == []
    )
    answer = await refused(shopper, "PATCH", "order_subscriptions/abcdefghij", {})
    assert answer == (405, [("METHOD_NOT_ALLOWED", None, None)])
    assert await shopper.get(f"customers/{created.id}/order_subscriptions?sort=-starts_at&page[size]=15") == []


@on_sqlite
async def test_an_order_that_expires_says_when_and_a_click_too_late_is_told(api: Api) -> None:
    shopper, payment = await guests_checkout(api)
    ends, info = instant(api.app.clock() + 600), {"title": "Your cart is kept for ten minutes"}
    mine = await refused(shopper, "PATCH", f"orders/{shopper.order.id}", {"expires_at": ends})
    assert mine == (401, [("UNAUTHORIZED", None, None)])
    await api.update(shopper.order, {"expires_at": ends, "expiration_info": info})
    opened = await shopper.get(f"orders/{shopper.order.id}?{OPENED}")
    assert (opened["expires_at"], opened["expiration_info"]) == (ends, info)
    await shopper_confirms(api, await api.get(linked("stripe_payments", payment["id"])), "pm_card_visa")
    api.app.clock.advance(601)  # type: ignore[attr-defined]
    late = await refused(shopper, "PATCH", f"orders/{shopper.order.id}", {"_place": True})
    assert late == (422, [("VALIDATION_ERROR", "/data/attributes/expires_at", "expired")])
    assert (await api.get(shopper.order))["status"] == "pending"


@on_sqlite
async def test_a_payment_is_kept_where_its_order_costs_less(api: Api) -> None:
    """The components let a source go whose `expires_at` is past: ours have none, and are brought to the new total."""
    shopper, payment = await guests_checkout(api)
    line = (await shopper.whole())["line_items"][0]
    await shopper.write("PATCH", "line_items", line["id"], {"quantity": 1})
    order = await shopper.whole()
    assert (order["payment_source"]["id"], order["payment_source"].get("expires_at")) == (payment["id"], None)
    # The attribute, which is no relationship here, lets it go; the next is made for what the order costs now.
    assert (await shopper.change({"payment_source": None}))["payment_source"] is None
    made = await shopper.write("POST", "stripe_payments", None, {"return_url": PAGE}, order=shopper.order.link)
    assert (made["mismatched_amounts"], made["id"] == payment["id"]) == (False, False)


@on_sqlite
async def test_a_payment_that_is_over_is_thrown_away_by_its_error(api: Api) -> None:
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    intent = await api.stripe.v1.payment_intents.create_async({"amount": 9800, "currency": "eur"})
    await api.stripe.v1.payment_intents.cancel_async(intent.id)
    (method,) = (await shopper.whole())["available_payment_methods"]
    await shopper.change({}, payment_method=linked("payment_methods", method["id"]))
    given = {"stripe_id": intent.id, "client_secret": intent.client_secret}
    body = document_of("stripe_payments", None, given, {"order": shopper.order})
    answer = await api.send("POST", "stripe_payments", body, token=token, content_type=CONTENT)
    assert (answer.status, answer.errors[0]["meta"]["error"]) == (422, "expired")
    assert (await shopper.whole())["payment_source"] is None


async def asked(api: Api, method: str, path: str, attributes: Any, token: str, expect: int) -> Answer:
    type_, _, id_ = path.partition("/")
    body = document_of(type_, id_ or None, attributes, {})
    answer = await api.send(method, path, body, token=token, content_type=CONTENT)
    assert answer.status == expect, answer.raw
    return answer


async def test_the_pages_for_signing_up_and_in_and_for_a_new_password(api: Api) -> None:
    shop = api.founded.applications["acme/test/sales_channel"]
    guest = await api.guest()
    names = "id,logo_url,name,primary_color,favicon_url,gtm_id,gtm_id_test,support_email,support_phone,config,slug"
    page = await api.send("GET", f"organization?fields%5Borganizations%5D={names}", token=guest, content_type=CONTENT)
    organization = read(page.document)
    assert (organization["slug"], set(organization)) == ("acme", {*names.split(","), "type"})
    assert misfits(page.document) == []

    account = {"email": "ada@example.com", "password": "abc"}
    short = await asked(api, "POST", "customers", account, guest, 422)
    assert short.errors[0]["source"] == {"pointer": "/data/attributes/password"}
    made = await asked(api, "POST", "customers", account | {"password": PASSWORD}, guest, 201)
    taken = await asked(api, "POST", "customers", account | {"password": PASSWORD}, guest, 422)
    assert (taken.errors[0]["code"], taken.said) == ("VALIDATION_ERROR", [("/data/attributes/email", "taken")])
    given = {"grant_type": "password", "client_id": shop.client_id, "scope": f"market:id:{api.market['id']}"}
    signed_in = {"username": "ada@example.com", **given}
    answer = (await api.http.post("/oauth/token", json={**signed_in, "password": PASSWORD})).json()
    assert (answer["owner_id"], answer["owner_type"]) == (made.id, "customer")

    # The shop's server mails the link; the page holds its two values and a token of a guest.
    reset = await api.create("customer_password_resets", {"customer_email": "ada@example.com"})
    token = reset["reset_password_token"]
    path = f"customer_password_resets/{reset.id}"
    for wrong, where in (
        ({"_reset_password_token": "x"}, "_reset_password_token"),
        ({"customer_password": "abc"}, "customer_password"),
    ):
        change = {"_reset_password_token": token, "customer_password": NEW, **wrong}
        said = await asked(api, "PATCH", path, change, guest, 422)
        assert [one["source"]["pointer"] for one in said.errors] == [f"/data/attributes/{where}"]
        assert said.errors[0]["detail"].startswith(f"{where} - ")
    done = await asked(api, "PATCH", path, {"_reset_password_token": token, "customer_password": NEW}, guest, 200)
    assert (done.data["type"], done.id) == ("customer_password_resets", reset.id)
    assert "reset_password_token" not in done.data["attributes"]
    assert (await api.http.post("/oauth/token", json={**signed_in, "password": PASSWORD})).status_code == 400
    assert (await api.http.post("/oauth/token", json={**signed_in, "password": NEW})).status_code == 200
