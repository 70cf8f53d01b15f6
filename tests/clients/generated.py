# mypy: ignore-errors
"""Pays and refunds the demo's order with the client that was generated. Run in that client's environment.

Arguments: the API's address, a token of the integration, the sandbox's address and publishable key.
"""

import sys

import httpx
from client import AuthenticatedClient
from client.api.captures import update_capture
from client.api.orders import create_order, related_order_captures, related_order_market, retrieve_order, update_order
from client.api.stripe_payments import create_stripe_payment
from client.models import CapturesUpdate, Errors, OrdersCreate, OrdersUpdate, StripePaymentsCreate

ORDER, INTENT, SECRET = "ABCRtyUpBa", "pi_1234XXX", "pi_1234XXX_secret_5678YYY"
base, token, stripe, key = sys.argv[1:]


def good(answer, status):
    assert answer.status_code == status and not isinstance(answer.parsed, Errors), answer
    return answer.parsed.data


with AuthenticatedClient(base_url=base, token=token, timeout=httpx.Timeout(60)) as client:
    request = {
        "type": "stripe_payments",
        "attributes": {"stripe_id": INTENT, "client_secret": SECRET},
        "relationships": {"order": {"data": {"type": "orders", "id": ORDER}}},
    }
    body = StripePaymentsCreate.from_dict({"data": request})
    payment = good(create_stripe_payment.sync_detailed(client=client, body=body, idempotency_key="generated"), 201)
    assert payment.attributes.client_secret == SECRET and payment.attributes.metadata.additional_properties == {}

    confirmed = httpx.post(
        f"{stripe}/v1/payment_intents/{INTENT}/confirm",
        headers={"authorization": f"Bearer {key}"},
        data={"client_secret": SECRET, "payment_method": "pm_card_visa"},
    )
    assert confirmed.json()["status"] == "requires_capture", confirmed.text

    def change(**attributes):
        data = {"type": "orders", "id": ORDER, "attributes": attributes}
        body = OrdersUpdate.from_dict({"data": data})
        return good(update_order.sync_detailed(ORDER, client=client, body=body), 200).attributes

    placed = change(_place=True)
    assert (placed.status.value, placed.total_amount_with_taxes_cents) == ("placed", 15400)
    assert change(_approve_and_capture=True).payment_status.value == "paid"
    (capture,) = good(related_order_captures.sync_detailed(ORDER, client=client), 200)
    data = {"type": "captures", "id": capture.id, "attributes": {"_refund": True, "_refund_amount_cents": 2900}}
    body = CapturesUpdate.from_dict({"data": data})
    refunded = good(update_capture.sync_detailed(capture.id, client=client, body=body), 200)
    assert refunded.attributes.refund_balance_cents == 12500
    order = good(retrieve_order.sync_detailed(ORDER, client=client, fieldsorders="payment_status"), 200)
    assert order.attributes.payment_status.value == "partially_refunded"

    market = {"market": {"data": {"type": "markets", "id": "nonexistent"}}}
    unknown = OrdersCreate.from_dict({"data": {"type": "orders", "relationships": market}})
    wrong = create_order.sync_detailed(client=client, body=unknown)
    assert wrong.status_code == 422 and isinstance(wrong.parsed, Errors), wrong
    assert wrong.parsed.errors[0].source.pointer == "/data/relationships/market"

    market["market"]["data"]["id"] = good(related_order_market.sync_detailed(ORDER, client=client), 200).id
    data = {"type": "orders", "attributes": {"metadata": {"ours": [1]}}, "relationships": market}
    made = OrdersCreate.from_dict({"data": data})
    created = good(create_order.sync_detailed(client=client, body=made), 201)
    assert created.attributes.metadata.to_dict() == {"ours": [1]} and created.attributes.status.value == "draft"
    print(refunded.attributes.refund_balance_cents)
