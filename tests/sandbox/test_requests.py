"""Parameters, amounts, keys, accounts and headers."""

import base64
import io
import secrets

import pytest
import stripe

from .conftest import Desk, Opener, Process, told

PATH = "/v1/payment_intents"
INTENT = {"amount": 5000, "currency": "eur"}


@pytest.mark.parametrize(
    ("form", "code", "param", "message"),
    [
        ({"foo": "1"}, "parameter_unknown", "foo", "Received unknown parameter: foo"),
        ({"foo": "1", "bar": "2"}, "parameter_unknown", "foo", "Received unknown parameters: foo, bar"),
        ({"shipping[name]": "A", "shipping[zip]": "1"}, "parameter_unknown", "shipping[zip]", None),
        ({"payment_method_types[0]": "card"}, "parameter_unknown", "payment_method_types", None),
        ({"amount": "abc"}, "parameter_invalid_integer", "amount", "Invalid integer: abc"),
        ({"amount": "10.5"}, "parameter_invalid_integer", "amount", "Invalid integer: 10.5"),
        ({"amount": ""}, "parameter_invalid_empty", "amount", None),
        ({"confirm": "perhaps"}, "parameter_invalid_boolean", "confirm", "Invalid boolean: perhaps"),
        ({"metadata": "x"}, "parameter_invalid_object", "metadata", "Invalid object"),
        ({"expand": "x"}, "parameter_invalid_array", "expand", "Invalid array"),
        (
            {"capture_method": "later"},
            None,
            "capture_method",
            "Invalid capture_method: must be one of automatic, automatic_async, or manual",
        ),
        ({"customer": "cus_none"}, "resource_missing", "customer", "No such customer: 'cus_none'"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method", "No such PaymentMethod: 'pm_none'"),
        ({"off_session": "true"}, None, "off_session", None),
        ({"statement_descriptor": "SHOP"}, None, "statement_descriptor", None),
        ({"statement_descriptor_suffix": "1234"}, None, "statement_descriptor_suffix", None),
        ({"metadata[" + "k" * 41 + "]": "v"}, None, "metadata", None),
        ({"metadata[k]": "v" * 501}, None, "metadata", None),
        ({f"metadata[k{n}]": "v" for n in range(51)}, None, "metadata", None),
        ({"application_fee_amount": "10"}, None, "application_fee_amount", None),
        ({"allowed_payment_method_types[0]": "boleto"}, "payment_intent_invalid_parameter", None, None),
        (
            {"allowed_payment_method_types[0]": "card", "automatic_payment_methods[enabled]": "true"},
            None,
            "allowed_payment_method_types",
            None,
        ),
    ],
)
async def test_a_wrong_parameter_is_named(
    desk: Desk, form: dict[str, str], code: str | None, param: str | None, message: str | None
):
    answer = await desk.ask("POST", PATH, {**INTENT, **form})
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert answer.error.get("code") == code
    assert param is None or answer.error["param"] == param
    assert message is None or answer.error["message"] == message
    assert "request_log_url" in answer.error
    assert await desk.events() == []


@pytest.mark.parametrize("name", ["amount", "currency"])
async def test_a_missing_parameter_is_named(desk: Desk, name: str):
    answer = await desk.ask("POST", PATH, {key: value for key, value in INTENT.items() if key != name})
    assert (answer.error["code"], answer.error["message"]) == ("parameter_missing", f"Missing required param: {name}.")
    assert answer.error["doc_url"].endswith("parameter-missing")


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"),
        (50, "usd", None),
        (29, "gbp", "amount_too_small"),
        (30, "gbp", None),
        (49, "jpy", "amount_too_small"),
        (50, "jpy", None),
        (17499, "huf", "amount_too_small"),
        (0, "usd", "parameter_invalid_integer"),
        (-1, "usd", "parameter_invalid_integer"),
        (99_999_999, "eur", None),
        (100_000_000, "eur", "amount_too_large"),
        (1001, "kwd", "parameter_invalid_integer"),
        (1010, "kwd", None),
        (150, "isk", "parameter_invalid_integer"),
        (200, "isk", None),
        (5000, "EUR", None),
    ],
)
async def test_amounts_have_limits(desk: Desk, amount: int, currency: str, code: str | None):
    answer = await desk.ask("POST", PATH, {"amount": amount, "currency": currency})
    if code is None:
        assert (answer.status, answer.body["amount"], answer.body["currency"]) == (200, amount, currency.lower())
    else:
        assert (answer.status, answer.error["code"], answer.error["param"]) == (400, code, "amount")


async def test_an_unknown_currency_is_refused(desk: Desk):
    answer = await desk.ask("POST", PATH, {"amount": 5000, "currency": "xyz"})
    assert (answer.status, answer.error["param"]) == (400, "currency")
    assert answer.error["message"].startswith("Invalid currency: xyz. Stripe currently supports these currencies: ")


async def test_an_older_version_may_send_payment_method_types(desk: Desk):
    form = {**INTENT, "payment_method_types[]": "card"}
    answer = await desk.ask("POST", PATH, form, Stripe_Version="2024-06-20")
    assert (answer.status, answer.body["payment_method_types"]) == (200, ["card"])
    assert (answer.body["automatic_payment_methods"], answer.headers["Stripe-Version"]) == (None, "2024-06-20")
    assert (await desk.ask("POST", PATH, form, Stripe_Version="2026-10-28.endive")).status == 400


async def test_an_intent_that_is_not_there(desk: Desk):
    answer = await desk.ask("GET", f"{PATH}/pi_none")
    assert (answer.status, answer.error["code"]) == (404, "resource_missing")
    assert answer.error["message"] == "No such payment_intent: 'pi_none'"
    answer = await desk.ask("GET", "/v1/nothing")
    assert (answer.status, answer.error["message"][:38]) == (404, "Unrecognized request URL (GET: /v1/not")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_live_abcdefghijklmnopqrstuvwxyz", "sk_live_**********************wxyz"),
        ("sk_test_short", "sk_test_*hort"),
        ("nonsense", "****ense"),
    ],
)
async def test_a_key_that_is_none(desk: Desk, key: str, shown: str):
    answer = await desk.ask("GET", PATH, key=key)
    assert (answer.status, answer.error["type"]) == (401, "invalid_request_error")
    assert answer.error["message"] == f"Invalid API Key provided: {shown}"


async def test_no_key_at_all(desk: Desk):
    async with desk.http.get(desk.url + PATH) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["message"].startswith("You did not provide an API key.")
    basic = base64.b64encode(f"{desk.key}:".encode()).decode()
    assert (await desk.ask("GET", PATH, Authorization=f"Basic {basic}")).status == 200


async def test_accounts_are_kept_apart(desk: Desk, open_desk: Opener):
    other = await open_desk(desk.url)
    intent = (await desk.ask("POST", PATH, INTENT)).body
    assert (await other.ask("GET", f"{PATH}/{intent['id']}")).status == 404
    assert (await desk.ask("GET", f"{PATH}/{intent['id']}", Stripe_Account="acct_shop")).status == 404
    connected = (await desk.ask("POST", PATH, INTENT, Stripe_Account="acct_shop")).body
    assert (await desk.ask("GET", f"{PATH}/{connected['id']}", Stripe_Account="acct_shop")).status == 200
    assert (await desk.ask("GET", f"{PATH}/{connected['id']}")).status == 404
    assert (await other.ask("GET", f"{PATH}/{connected['id']}", Stripe_Account="acct_shop")).status == 404
    foreign = (await other.ask("GET", "/v1/account")).body["id"]
    answer = await desk.ask("GET", PATH, Stripe_Account=foreign)
    assert (answer.status, answer.error["code"]) == (403, "account_invalid")
    with pytest.raises(stripe.PermissionError):
        await desk.v1.payment_intents.list_async({}, {"stripe_account": foreign})


async def test_a_direct_charge_may_take_a_fee(desk: Desk):
    answer = await desk.ask("POST", PATH, {**INTENT, "application_fee_amount": 100}, Stripe_Account="acct_shop")
    assert answer.body["application_fee_amount"] == 100


async def test_a_restricted_key_has_all_rights_until_some_are_taken(desk: Desk, open_desk: Opener):
    restricted = await open_desk(desk.url, "rk_test_" + desk.key.removeprefix("sk_test_"))
    assert (await restricted.ask("POST", PATH, INTENT)).status == 200
    taken = await desk.control("POST", f"keys/{restricted.key}", {"without": ["rak_payment_intent_write"]})
    assert taken["without"] == ["rak_payment_intent_write"]
    with pytest.raises(stripe.PermissionError) as refused:
        await restricted.v1.payment_intents.create_async(INTENT)
    assert told(refused).code == "more_permissions_required"
    assert "Having the 'rak_payment_intent_write' permission would allow this request to continue." in str(
        refused.value
    )
    assert (await restricted.ask("GET", PATH)).status == 200
    # Rights are probed with a request that is refused in any case: 403 without the right, 400 or 404 with it.
    assert (await restricted.ask("POST", PATH, {})).status == 403
    await desk.control("POST", f"keys/{taken['key']}", {"without": []})
    assert (await restricted.ask("POST", PATH, {})).status == 400


async def test_an_account_has_several_keys_of_which_each_may_be_revoked(own: Process, open_desk: Opener):
    desk = await open_desk(own.url)
    account = (await desk.ask("GET", "/v1/account")).body["id"]
    intent = (await desk.ask("POST", PATH, INTENT, Idempotency_Key="once")).body["id"]
    rolled = f"sk_test_{secrets.token_hex(16)}"
    said = await desk.control("POST", f"keys/{rolled}", {"account": account})
    assert (said["account"], said["revoked"]) == (account, False)
    assert (await desk.control("POST", f"keys/{desk.key}", {"revoked": True}))["revoked"] is True
    for restarted in (False, True):
        if restarted:
            own.stop()
            own.start()
        answer = await desk.ask("GET", f"{PATH}/{intent}")
        assert (answer.status, answer.error["code"]) == (401, "api_key_expired")
        assert (
            answer.error["message"] == f"Expired API Key provided: sk_test_{'*' * (len(desk.key) - 12)}{desk.key[-4:]}"
        )
        # An idempotency key is the account's, whatever key it came with.
        again = await desk.ask("POST", PATH, INTENT, key=rolled, Idempotency_Key="once")
        assert (again.body["id"], again.headers["Idempotent-Replayed"]) == (intent, "true")
    await desk.control("POST", f"keys/{desk.key}", {"revoked": False})
    assert (await desk.ask("GET", f"{PATH}/{intent}")).status == 200
    # Accounts are kept apart, and what is said has to be right.
    other = await open_desk(own.url)
    assert (await other.ask("GET", "/v1/account")).body["id"] != account
    for key, given, status in (
        (other.key, {"account": account}, 400),
        (f"sk_test_{secrets.token_hex(16)}", {"account": "acct_none"}, 404),
        (f"sk_test_{secrets.token_hex(16)}", {"revoked": True}, 404),
        ("sk_test_short", {"account": account}, 404),
        (desk.key, {"revoked": "yes"}, 400),
        (desk.key, {}, 400),
    ):
        async with desk.http.post(f"{own.url}/_control/keys/{key}", json=given) as refused:
            assert refused.status == status


async def test_an_unknown_json_body_is_refused(desk: Desk):
    async with desk.http.post(desk.url + PATH, json=INTENT, headers={"Authorization": f"Bearer {desk.key}"}) as answer:
        assert answer.status == 400
        assert "application/x-www-form-urlencoded" in (await answer.json())["error"]["message"]


async def test_a_body_beyond_a_mebibyte_is_refused(desk: Desk):
    body = io.BytesIO(b"description=" + b"x" * 1_200_000)
    headers = {"Authorization": f"Bearer {desk.key}", "Content-Type": "application/x-www-form-urlencoded"}
    async with desk.http.post(desk.url + PATH, data=body, headers=headers) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    "body", [b"amount=%ff", b"a[b]=1&a=2", b"a=1&a[b]=2", b"a" + b"[x]" * 30 + b"=1", b"[]=1", b"&&=&"]
)
async def test_a_body_that_is_no_form_is_a_plain_refusal(desk: Desk, body: bytes):
    headers = {"Authorization": f"Bearer {desk.key}", "Content-Type": "application/x-www-form-urlencoded"}
    async with desk.http.post(desk.url + PATH, data=body, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["type"] == "invalid_request_error"


async def test_browsers_of_any_origin_may_ask(desk: Desk):
    async with desk.http.options(desk.url + PATH, headers={"Origin": "https://shop.example"}) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert (await desk.ask("GET", PATH)).headers["Access-Control-Allow-Origin"] == "*"
