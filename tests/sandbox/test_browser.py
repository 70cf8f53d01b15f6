"""What a browser does: publishable keys, Stripe.js' requests, and the page that stands for the bank's."""

from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Desk, Opener

CARD = {
    "payment_method_data[type]": "card",
    "payment_method_data[card][exp_month]": 8,
    "payment_method_data[card][exp_year]": 34,
    "payment_method_data[card][cvc]": "123",
}
STRIPE_JS = {"guid": "g", "muid": "m", "sid": "s", "payment_user_agent": "stripe.js/x", "use_stripe_sdk": "true"}


async def intent_of(desk: Desk, **params: object):
    return (await desk.ask("POST", "/v1/payment_intents", {"amount": 5000, "currency": "eur", **params})).body


async def confirmed(desk: Desk, intent, number: str, **more: object):
    form = {"client_secret": intent["client_secret"], "payment_method_data[card][number]": number, **CARD, **more}
    return await desk.ask("POST", f"/v1/payment_intents/{intent['id']}/confirm", form, key=desk.publishable)


async def test_a_browser_pays_with_a_publishable_key(desk: Desk):
    intent = await intent_of(desk, capture_method="manual")
    answer = await confirmed(
        desk, intent, "4242 4242 4242 4242", key=desk.publishable, expected_payment_method_type="card", **STRIPE_JS
    )
    assert (answer.status, answer.body["status"]) == (200, "requires_capture")
    assert sorted(answer.body) == sorted(
        [
            "id",
            "object",
            "amount",
            "automatic_payment_methods",
            "canceled_at",
            "cancellation_reason",
            "capture_method",
            "client_secret",
            "confirmation_method",
            "created",
            "currency",
            "description",
            "last_payment_error",
            "livemode",
            "next_action",
            "payment_method",
            "payment_method_types",
            "processing",
            "receipt_email",
            "setup_future_usage",
            "shipping",
            "status",
        ]
    )
    form = {"client_secret": intent["client_secret"], "key": desk.publishable}
    async with desk.http.get(f"{desk.url}/v1/payment_intents/{intent['id']}", params=form) as shown:
        assert (await shown.json())["status"] == "requires_capture"


async def test_a_decline_is_shown_to_the_browser(desk: Desk):
    intent = await intent_of(desk)
    answer = await confirmed(desk, intent, "4000000000009995", use_stripe_sdk="true")
    assert (answer.status, answer.error["decline_code"]) == (402, "insufficient_funds")
    assert "metadata" not in answer.error["payment_intent"]
    assert answer.error["payment_intent"]["last_payment_error"]["code"] == "card_declined"


@pytest.mark.parametrize("secret", [None, "pi_x_secret_y"])
async def test_without_the_client_secret_a_browser_sees_nothing(desk: Desk, secret: str | None):
    intent = await intent_of(desk)
    form = {} if secret is None else {"client_secret": secret}
    answer = await desk.ask("GET", f"/v1/payment_intents/{intent['id']}", form, key=desk.publishable)
    assert (answer.status, answer.error["param"]) == (400, "client_secret")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/payment_intents"), ("GET", "/v1/payment_intents"), ("POST", "/v1/refunds"), ("GET", "/v1/events")],
)
async def test_everything_else_wants_a_secret_key(desk: Desk, method: str, path: str):
    await intent_of(desk)
    answer = await desk.ask(method, path, key=desk.publishable)
    assert (answer.status, answer.error["code"]) == (401, "secret_key_required")


async def test_an_unknown_publishable_key_is_bound_by_the_first_client_secret(desk: Desk, open_desk: Opener):
    intent = await intent_of(desk)
    key = "pk_test_" + desk.key.removeprefix("sk_test_")
    path, form = f"/v1/payment_intents/{intent['id']}", {"client_secret": intent["client_secret"]}
    assert (await desk.ask("GET", path, {"client_secret": "wrong"}, key=key)).status == 401
    assert (await desk.ask("GET", path, form, key=key)).body["id"] == intent["id"]
    other = await open_desk(desk.url)
    foreign = await intent_of(other)
    answer = await desk.ask(
        "GET", f"/v1/payment_intents/{foreign['id']}", {"client_secret": foreign["client_secret"]}, key=key
    )
    assert answer.status == 404


async def test_a_connected_accounts_intent_is_paid_in_the_browser(desk: Desk):
    made = await desk.ask(
        "POST", "/v1/payment_intents", {"amount": 5000, "currency": "eur"}, Stripe_Account="acct_shop"
    )
    answer = await confirmed(desk, made.body, "4242424242424242", _stripe_account="acct_shop", use_stripe_sdk="true")
    assert answer.body["status"] == "succeeded"


async def test_stripe_js_asks_for_a_session(desk: Desk):
    intent = await intent_of(desk)
    answer = await desk.ask(
        "GET",
        "/v1/elements/sessions",
        {"client_secret": intent["client_secret"], "type": "payment_intent", "locale": "en"},
        key=desk.publishable,
    )
    assert answer.body["payment_method_preference"]["payment_intent"]["id"] == intent["id"]


async def test_a_confirmation_token_is_used_once(desk: Desk):
    await intent_of(desk)
    token = (
        await desk.ask(
            "POST",
            "/v1/confirmation_tokens",
            {**CARD, "payment_method_data[card][number]": "4242424242424242", "return_url": "https://shop.example"},
            key=desk.publishable,
        )
    ).body
    assert token["payment_method_preview"]["card"]["last4"] == "4242"
    paid = await desk.v1.payment_intents.create_async(
        {"amount": 5000, "currency": "eur", "confirm": True, "confirmation_token": token["id"]}
    )
    assert paid.status == "succeeded"
    again = await desk.ask(
        "POST",
        "/v1/payment_intents",
        {"amount": 5000, "currency": "eur", "confirm": "true", "confirmation_token": token["id"]},
    )
    assert (again.status, again.error["param"]) == (400, "confirmation_token")


@pytest.mark.parametrize(
    ("decision", "capture", "status", "redirect_status"),
    [
        ("complete", "automatic", "succeeded", "succeeded"),
        ("complete", "manual", "requires_capture", "succeeded"),
        ("fail", "automatic", "requires_payment_method", "failed"),
    ],
)
async def test_the_page_leads_back_to_the_shop(
    desk: Desk, decision: str, capture: str, status: str, redirect_status: str
):
    intent = await desk.pay(
        "pm_card_authenticationRequired",
        capture_method=capture,
        return_url="https://shop.example/done?order=7",
        metadata={"order_id": "o1"},
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert intent.next_action.redirect_to_url.return_url == "https://shop.example/done?order=7"
    page = intent.next_action.redirect_to_url.url
    async with desk.http.get(page) as shown:
        text = await shown.text()
        assert (shown.status, ">Complete<" in text, ">Fail<" in text, intent.id in text) == (200, True, True, True)
    async with desk.http.post(page, data={"decision": decision}, allow_redirects=False) as back:
        assert back.status == 303
        target = urlsplit(back.headers["Location"])
    assert (target.netloc, target.path) == ("shop.example", "/done")
    assert parse_qs(target.query) == {
        "order": ["7"],
        "payment_intent": [intent.id],
        "payment_intent_client_secret": [intent.client_secret],
        "redirect_status": [redirect_status],
    }
    after = await desk.v1.payment_intents.retrieve_async(intent.id, {"expand": ["latest_charge"]})
    assert (after.status, after.next_action) == (status, None)
    if decision == "fail":
        assert after.last_payment_error.code == "payment_intent_authentication_failure"
        assert after.latest_charge is None
    else:
        assert after.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    async with desk.http.get(page) as gone:
        assert gone.status == 404


@pytest.mark.parametrize(
    ("number", "code"), [("4000008260003178", "insufficient_funds"), ("4000008400001629", "generic_decline")]
)
async def test_a_card_is_declined_after_authentication(desk: Desk, number: str, code: str):
    intent = await intent_of(desk)
    answer = await confirmed(desk, intent, number, use_stripe_sdk="true")
    source = answer.body["next_action"]["use_stripe_sdk"]["source"]
    done = await desk.ask("POST", "/v1/3ds2/authenticate", {"source": source}, key=desk.publishable)
    assert (done.status, done.body["state"]) == (200, "succeeded")
    after = await desk.v1.payment_intents.retrieve_async(intent["id"])
    assert (after.status, after.last_payment_error.decline_code) == ("requires_payment_method", code)


async def test_a_redirecting_method_is_paid_on_the_page(desk: Desk):
    intent = await desk.v1.payment_intents.create_async(
        {
            "amount": 5000,
            "currency": "eur",
            "allowed_payment_method_types": ["ideal"],
            "payment_method_data": {"type": "ideal"},
            "confirm": True,
            "return_url": "https://shop.example",
        }
    )
    assert intent.next_action.type == "redirect_to_url"
    async with desk.http.post(
        intent.next_action.redirect_to_url.url, data={"decision": "complete"}, allow_redirects=False
    ):
        after = await desk.v1.payment_intents.retrieve_async(intent.id, {"expand": ["latest_charge"]})
    assert (after.status, after.latest_charge.payment_method_details.type) == ("succeeded", "ideal")
