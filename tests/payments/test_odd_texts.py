"""Texts from outside that no database keeps are refused where they come in, on both databases alike."""

import json
import logging
from typing import Any

import pytest

from paydesk.gateways.stripe.signature import sign
from paydesk.http.sparing import Sparing
from tests.payments.conftest import Api, on_sqlite

PLACES: dict[str, list[str]] = {
    "id": ["id"],
    "type": ["type"],
    "account": ["account"],
    "what it is about": ["data", "object", "id"],
    "the payment": ["data", "object", "payment_intent"],
    "the key": ["request", "idempotency_key"],
}


def event(place: list[str], text: str) -> Any:
    made: Any = {
        "id": "evt_1",
        "object": "event",
        "type": "charge.captured",
        "account": None,
        "created": 1,
        "livemode": False,
        "data": {"object": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "metadata": {}}},
        "request": {"id": None, "idempotency_key": None},
    }
    inner = made
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = text
    return made


@pytest.mark.parametrize("place", PLACES)
async def test_a_well_signed_event_with_a_nul_is_no_event(api: Api, place: str) -> None:
    response = await api.deliver(event(PLACES[place], "evt\0x"))
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "BAD_REQUEST")
    assert await api.rows("gateway_events", "event_id") == []


async def test_half_a_surrogate_pair_is_no_event_either(api: Api) -> None:
    secret = (await api.get(api.gateway))["webhook_endpoint_secret"]
    body = json.dumps(event(["type"], "x")).replace('"x"', r'"\ud800"').encode()
    signature = sign(body, secret, at=int(api.app.clock()))
    response = await api.deliver({}, body=body, signature=signature)
    assert response.status_code == 400


NUL = "a%00b"


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", f"/webhook_callbacks/stripe_gateways/{NUL}", b"{}", 404),
        ("POST", f"/webhook_callbacks/{NUL}/x", b"{}", 404),
        ("POST", "/webhook_callbacks/stripe_gateways/%ED%A0%80", b"{}", 404),
        ("GET", f"/api/orders/{NUL}", None, 404),
        ("GET", f"/api/{NUL}", None, 404),
        ("GET", f"/api/orders?filter[q][number_eq]={NUL}", None, 400),
        ("GET", f"/oauth/authorize?client_id={NUL}", None, 400),
        ("GET", f"/oauth/authorize?response_type=code&client_id=x&state={NUL}", None, 400),
        ("POST", "/oauth/token", b'{"grant_type":"client_credentials","client_id":"a\\u0000b"}', 400),
        ("POST", "/oauth/token", b'{"grant_type":"client_credentials","client_id":"\\ud800"}', 400),
        ("POST", "/oauth/revoke", b'{"client_id":"x","token":"a\\u0000b"}', 400),
    ],
)
async def test_a_nul_is_refused_wherever_it_stands(
    api: Api, method: str, path: str, sent: bytes | None, status: int
) -> None:
    headers = {"authorization": f"Bearer {api.token}", "content-type": "application/json"}
    answer = await api.http.request(method, path, content=sent, headers=headers)
    assert answer.status_code == status, answer.text


@on_sqlite
async def test_forged_events_are_logged_in_portions(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    lines = api.app._refused = Sparing(logging.getLogger("paydesk"), "%d more were refused within %d s", seconds=600)
    for _ in range(20):
        answer = await api.deliver({"id": "evt_1"}, signature="t=1,v1=00")
        assert answer.status_code == 400
    assert lines._waiting is not None, "it counts"
    lines._waiting.cancel()
    lines._tell()
    told = [record.getMessage().partition(":")[0] for record in caplog.records if "refused" in record.msg]
    assert told == ["a gateway event was refused", "19 more were refused within 600 s"]
    lines._waiting.cancel()
