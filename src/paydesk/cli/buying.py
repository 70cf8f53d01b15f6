"""`paydesk demo buy`: from the documented request to a paid, captured and partly refunded order.

A client like any other: it knows the credentials file of a running `paydesk dev`, and asks the API and the sandbox by
HTTP. The same steps by hand stand in docs/using.md.
"""

import http
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from paydesk.cli.certificates import Certificates
from paydesk.cli.dev import DOCUMENTED_INTENT, DOCUMENTED_ORDER, MEDIA_TYPE, STRIPE
from paydesk.cli.screen import fail, out, own_name, safe

SECONDS = 30.0
WIDTH = 100
REFUND_CENTS = 2900
CARD = "pm_card_visa"
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
SECRET = ("access_token", "client_secret")
"""Members of requests and answers of which only the beginning is shown."""


def buy(credentials: Path, data_dir: Path) -> None:
    """Walk it, showing each request and answer. Ends the command where one is not answered as it should be.

    credentials   the file that `paydesk dev` wrote
    data_dir      where that `dev` has its certificate authority, with --tls
    """
    try:
        made = json.loads(credentials.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fail(
            f"No `paydesk dev` runs here: there is no {credentials}.",
            hint="Start `make dev` (or `paydesk dev`) in another terminal, or name its file with --credentials.",
        )
    except (OSError, ValueError) as error:
        fail(f"{credentials} cannot be read: {error}")
    if made["stripe"]["api_base"] == STRIPE:
        fail(
            "This `paydesk dev` talks to Stripe itself, and the walk pays at the sandbox.",
            hint="Start `paydesk dev` without PAYDESK_STRIPE_SECRET_KEY.",
        )
    authority = Certificates.below(data_dir / "tls").authority
    _Walk(made, authority if authority.exists() else None).go()


class _Walk:
    """One shopper's way, step by step."""

    def __init__(self, made: dict[str, Any], authority: Path | None) -> None:
        self._made = made
        self._base: str = made["base_url"]
        self._trust = ssl.create_default_context(cafile=str(authority)) if authority else None
        self._headers: dict[str, str] = {}
        self._steps = 0

    def go(self) -> None:
        self._step("Get a token, as a back end does")
        client = self._made["applications"]["integration"]
        grant = {
            "grant_type": "client_credentials",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        told = self._ask("POST", f"{self._base}/oauth/token", grant, form="application/json")
        self._headers = {"Accept": MEDIA_TYPE, "Authorization": f"Bearer {told['access_token']}"}
        order_id, intent = self._order()
        payment = self._pay(order_id, intent)
        self._step("Confirm it in the browser, as Stripe.js does: by the publishable key and the client secret")
        self._confirm(payment["stripe_id"], payment["client_secret"])
        shown = "?fields[orders]=number,status,payment_status,formatted_total_amount_with_taxes"
        self._step("Place the order")
        self._change("orders", order_id, {"_place": True}, query=shown)
        self._step("Approve it and capture the money")
        self._change("orders", order_id, {"_approve_and_capture": True}, query=shown)
        self._step("Give a part back")
        (capture,) = self._api(
            "GET", f"orders/{order_id}/captures?fields[captures]=number,formatted_amount,formatted_refund_balance"
        )["data"]
        query = "?fields[captures]=number,formatted_amount,formatted_refund_balance"
        refund = {"_refund": True, "_refund_amount_cents": REFUND_CENTS}
        self._change("captures", capture["id"], refund, query=query)
        self._step("Look at the order")
        kinds = "".join(
            f"&fields[{kind}]=number,formatted_amount,succeeded" for kind in ("authorizations", "captures", "refunds")
        )
        query = "?include=transactions&fields[orders]=number,status,payment_status,transactions" + kinds
        order = self._api("GET", f"orders/{order_id}{query}")["data"]["attributes"]
        out().print(
            f"\n[green]✓[/] Order {safe(order['number'])} is {safe(order['status'])} and "
            f"{safe(order['payment_status'].replace('_', ' '))}. Its whole history: "
            f"[bold]{own_name()} payments show {safe(order['number'])} --history[/]"
        )

    def _order(self) -> tuple[str, Mapping[str, str]]:
        """The documented order, or, once that is bought, one like it; and the intent to bring along."""
        path = f"orders/{DOCUMENTED_ORDER}?fields[orders]=status,payment_status,formatted_total_amount_with_taxes"
        self._step("Look at the documented order")
        order = self._api("GET", path)["data"]["attributes"]
        if order["status"] == "pending" and order["payment_status"] == "unpaid":
            return DOCUMENTED_ORDER, DOCUMENTED_INTENT
        self._step("That one is bought: make another")
        made = self._made
        market = {"market": _link("markets", made["market"]["id"])}
        guest = {"customer_email": "guest@example.com"}
        order_id = str(self._create("orders", guest, market, query="?fields[orders]=number,status")["id"])
        line = {"sku_code": made["skus"][0]["code"], "quantity": 2}
        query = "?fields[line_items]=name,quantity,formatted_total_amount"
        self._create("line_items", line, {"order": _link("orders", order_id)}, query=query)
        address = self._create("addresses", ADDRESS, {}, query="?fields[addresses]=name")["id"]
        related = {
            "billing_address": _link("addresses", address),
            "payment_method": _link("payment_methods", made["payment_method"]["id"]),
        }
        query = "?fields[orders]=number,status,formatted_total_amount_with_taxes"
        self._change("orders", order_id, {}, related, query=query)
        return order_id, {}

    def _pay(self, order_id: str, intent: Mapping[str, str]) -> dict[str, Any]:
        said = "Take its payment: the documented request" if intent else "Take its payment; paydesk opens the intent"
        self._step(said)
        made = self._create("stripe_payments", intent, {"order": _link("orders", order_id)})
        attributes: dict[str, Any] = made["attributes"]
        return attributes

    def _confirm(self, intent_id: str, secret: str) -> None:
        stripe = self._made["stripe"]
        url = f"{stripe['api_base']}/v1/payment_intents/{intent_id}/confirm"
        given = {"client_secret": secret, "payment_method": CARD}
        key = {"Authorization": f"Bearer {stripe['publishable_key']}"}
        form = "application/x-www-form-urlencoded"
        self._ask("POST", url, given, form=form, headers=key, keep=("id", "status", "amount", "currency"))

    # The API.

    def _create(
        self, type: str, attributes: Mapping[str, Any], related: Mapping[str, Any], *, query: str = ""
    ) -> dict[str, Any]:
        made: dict[str, Any] = self._api("POST", type + query, _document(type, None, attributes, related))["data"]
        return made

    def _change(
        self,
        type: str,
        id: str,
        attributes: Mapping[str, Any],
        related: Mapping[str, Any] | None = None,
        *,
        query: str = "",
    ) -> None:
        self._api("PATCH", f"{type}/{id}{query}", _document(type, id, attributes, related or {}))

    def _api(self, method: str, path: str, document: Any = None) -> Any:
        return self._ask(method, f"{self._base}/api/{path}", document, form=MEDIA_TYPE, headers=self._headers)

    def _ask(
        self,
        method: str,
        url: str,
        given: Any = None,
        *,
        form: str,
        headers: Mapping[str, str] | None = None,
        keep: tuple[str, ...] = (),
    ) -> Any:
        """Ask, show both sides, and return the answer. Ends the command for any status but 2xx.

        form   the media type of what is given; JSON unless it is a form
        keep   the members of the answer to show, where those are not all
        """
        body = None
        sent = dict(headers or {})
        if given is not None:
            sent["Content-Type"] = form
            body = urlencode(given).encode() if form.endswith("urlencoded") else json.dumps(given).encode()
        out().print(f"[bold cyan]{method}[/] [cyan]{safe(url)}[/]")
        if given is not None:
            _show(_shortened(given), "")
        status, answer = self._send(urllib.request.Request(url, body, sent, method=method))  # noqa: S310 - our own file names both addresses
        colour = "green" if status < 300 else "red"
        out().print(f"[bold {colour}]{status} {http.HTTPStatus(status).phrase}[/]")
        _show(_shortened({name: answer[name] for name in keep} if keep and status < 300 else _told(answer)), "dim")
        if status >= 300:
            fail(f"{method} {url} was answered {status}.")
        return answer

    def _send(self, request: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=self._trust) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, {"body": text[:200]}
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            fail(f"{request.full_url} does not answer: {reason}", hint="Does this `paydesk dev` still run?")

    def _step(self, said: str) -> None:
        self._steps += 1
        out().print(f"\n[bold]{self._steps}. {safe(said)}[/]")


def _link(type: str, id: str) -> dict[str, Any]:
    return {"data": {"type": type, "id": id}}


def _document(type: str, id: str | None, attributes: Mapping[str, Any], related: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"type": type, **({"id": id} if id else {})}
    if attributes:
        data["attributes"] = dict(attributes)
    if related:
        data["relationships"] = dict(related)
    return {"data": data}


def _told(answer: Any) -> Any:
    """What a document says: its records by type, id and what they have; links and empty values left out."""
    if not isinstance(answer, dict) or "data" not in answer:
        return answer
    return {name: _bare(answer[name]) for name in ("data", "included") if name in answer}


def _bare(data: Any) -> Any:
    if isinstance(data, list):
        return [_bare(one) for one in data]
    attributes = {name: value for name, value in data.get("attributes", {}).items() if value not in (None, {}, [])}
    return {"type": data["type"], "id": data["id"], "attributes": attributes}


def _shortened(value: Any) -> Any:
    """The same with secrets cut off after their beginning, where they can still be told apart."""
    if isinstance(value, dict):
        return {
            name: f"{one[: one.find('_secret_') + 8 if '_secret_' in one else 6]}…"
            if name in SECRET and isinstance(one, str)
            else _shortened(one)
            for name, one in value.items()
        }
    return [_shortened(one) for one in value] if isinstance(value, list) else value


def _show(value: Any, style: str) -> None:
    out().print(_laid_out(value), style=style or None, markup=False)


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON for reading: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        parts, begin, end = [_laid_out(one, inner) for one in value], "[", "]"
    else:
        parts, begin, end = [f"{json.dumps(name)}: {_laid_out(one, inner)}" for name, one in value.items()], "{", "}"
    return begin + ",".join(f"\n{inner}{one}" for one in parts) + f"\n{indent}{end}"
