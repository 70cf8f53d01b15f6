"""The guides of the reference: where each begins, at a running `paydesk dev`, and how one is followed."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from paydesk.jsonapi.pages.guides import Guide
from paydesk.jsonapi.pages.requests import Request
from tests.acts.agreeing import agrees
from tests.acts.readme import environment

Send = Callable[[Request, dict[str, str]], tuple[int, Any]]
"""Sends a request with these values for its variables: status and document. What is kept is put among the values."""

MEDIA_TYPE = "application/vnd.api+json"
ADDRESS = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "line_1": "Via Garibaldi 12",
    "city": "Torino",
    "zip_code": "10122",
    "state_code": "TO",
    "country_code": "IT",
    "phone": "+39 011 0000000",
}
PATIENCE = 60


def link(kind: str, record_id: str) -> dict[str, Any]:
    return {"data": {"type": kind, "id": record_id}}


class Reader:
    """Somebody who follows a guide, with what it says to have: the tokens and values of the demo."""

    def __init__(self, base: str, made: dict[str, Any]) -> None:
        self.base = base
        integration, shop = made["applications"]["integration"], made["applications"]["sales_channel"]
        scoped = {"client_id": shop["client_id"], "scope": "market:code:demo"}
        customer = {"username": made["customer"]["email"], "password": made["customer"]["password"]}
        self.method = made["payment_method"]["id"]
        self.values: dict[str, str] = {
            "token": self._token(grant_type="client_credentials", **integration),
            "shop_token": self._token(grant_type="client_credentials", **scoped),
            "customer_token": self._token(grant_type="password", **scoped, **customer),
            "stripe": made["stripe"]["api_base"],
            "publishable_key": made["stripe"]["publishable_key"],
            "market": made["market"]["id"],
        }

    def begin(self, state: str) -> dict[str, str]:
        """What a guide is given that begins in this state."""
        if state == "":
            return dict(self.values)
        assert state in ("unpaid", "payment", "placed", "captured", "disputed", "customer"), state
        token = "customer_token" if state == "customer" else "shop_token"
        order = self._order(token)
        found = {**self.values, "order": order}
        if state == "unpaid":
            return found
        payment = self._create("stripe_payments", token, order=link("orders", order))
        found |= {"payment": payment["id"], "intent": payment["attributes"]["stripe_id"]}
        found["secret"] = payment["attributes"]["client_secret"]
        if state == "payment":
            return found
        self._confirm(found, "pm_card_createDispute" if state == "disputed" else "pm_card_visa")
        self._change("orders", order, token, _place=True)
        if state in ("captured", "disputed"):
            self._change("orders", order, "token", _approve_and_capture=True)
        if state == "customer":
            found["next_order"] = self._order(token)
        return found

    def _token(self, **grant: str) -> str:
        grant.pop("redirect_uri", None)
        answer = requests.post(f"{self.base}/oauth/token", json=grant, timeout=PATIENCE)
        return str(answer.json()["access_token"])

    def _order(self, token: str) -> str:
        guest = {} if token == "customer_token" else {"customer_email": "guest@example.com"}
        order = str(self._create("orders", token, guest)["id"])
        self._create("line_items", token, {"sku_code": "FIELD-GUIDE", "quantity": 2}, order=link("orders", order))
        address = str(self._create("addresses", token, ADDRESS)["id"])
        related = {
            "billing_address": link("addresses", address),
            "payment_method": link("payment_methods", self.method),
        }
        document = {"data": {"type": "orders", "id": order, "relationships": related}}
        self._ask("PATCH", f"orders/{order}", token, document)
        return order

    def _create(self, kind: str, token: str, attributes: Any = None, **related: Any) -> dict[str, Any]:
        document = {"data": {"type": kind, "attributes": attributes or {}, "relationships": related}}
        made: dict[str, Any] = self._ask("POST", kind, token, document)["data"]
        return made

    def _change(self, kind: str, record_id: str, token: str, **attributes: Any) -> None:
        document = {"data": {"type": kind, "id": record_id, "attributes": attributes}}
        self._ask("PATCH", f"{kind}/{record_id}", token, document)

    def _ask(self, method: str, path: str, token: str, document: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.values[token]}", "Content-Type": MEDIA_TYPE}
        url = f"{self.base}/api/{path}"
        answer = requests.request(method, url, json=document, headers=headers, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()

    def _confirm(self, found: dict[str, str], card: str) -> None:
        answer = requests.post(
            f"{found['stripe']}/v1/payment_intents/{found['intent']}/confirm",
            headers={"Authorization": f"Bearer {found['publishable_key']}"},
            data={"client_secret": found["secret"], "payment_method": card},
            timeout=PATIENCE,
        )
        assert answer.json()["status"] == "requires_capture", answer.text


def follow(reader: Reader, guide: Guide, send: Send, name: str) -> None:
    """Send every request of a guide as `send` does, and compare each answer with what the guide says."""
    values = reader.begin(guide.begins)
    for step in guide.steps(reader.base):
        if isinstance(step, str):
            run(["bash", "-euc", step], values)
            continue
        key = step.request.headers.get("Idempotency-Key")
        # All readers share the demo.
        headers = {**step.request.headers, "Idempotency-Key": f"{key}-{name}"} if key else step.request.headers
        request = replace(step.request, headers=headers)
        deadline = time.monotonic() + PATIENCE
        status, told = send(request, values)
        while not agrees(step.answer, told) and request.method == "GET" and time.monotonic() < deadline:
            # What is read may come by an event.
            time.sleep(0.05)
            status, told = send(request, values)
        assert (status, agrees(step.answer, told)) == (step.status, True), json.dumps(told, indent=2)


def run(command: list[str], values: dict[str, str]) -> str:
    """What a command says that has the values as variables."""
    variables = environment(**{name.upper(): value for name, value in values.items()})
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
