"""Customers. Source: Stripe, "Customers"."""

from typing import Any

import orjson

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.ids import token
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.core.search import search_page
from paydesk.sandbox.objects import customer_payment_methods, payment_methods

_PLAIN = ("description", "email", "name", "phone", "business_name", "individual_name")


def create(call: Call) -> Record:
    """POST /v1/customers"""
    params = call.params
    customer = call.add(
        "customer",
        "cus",
        {
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": call.now,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "email": None,
            "invoice_prefix": token(8).upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": {},
            "name": None,
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        },
    )
    _apply(call, customer.body)
    call.emit("customer.created", customer)
    if "payment_method" in params:
        method = payment_methods.find_usable(call, params["payment_method"], None)
        card = payment_methods.card_of(method) if method.body["type"] == "card" else None
        if card is not None and card.decline is not None and not card.charging_only:
            refused = card.decline.error()
            refused.keeps = False
            raise refused
        customer_payment_methods.bind(call, method, customer.id)
    return customer


def _apply(call: Call, body: dict[str, Any]) -> None:
    params = call.params
    for name in _PLAIN:
        if name in params:
            body[name] = params[name] or None
    if "metadata" in params:
        body["metadata"] = merge_metadata(body["metadata"], params["metadata"])
    for name in ("address", "shipping", "preferred_locales", "balance", "tax_exempt"):
        if name in params:
            body[name] = params[name] if params[name] != "" else None
    if "invoice_settings" in params:
        settings = params["invoice_settings"]
        default = settings.get("default_payment_method")
        if default:
            method = call.get("payment_method", default, "invoice_settings[default_payment_method]")
            if method.body["customer"] != body["id"]:
                raise invalid(
                    "The customer does not have a payment method with the ID "
                    f"{default}. The payment method must be attached to the customer.",
                    code="resource_missing",
                    param="invoice_settings[default_payment_method]",
                )
        body["invoice_settings"] = {
            **body["invoice_settings"],
            **{key: value or None for key, value in settings.items()},
        }


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/customers/:id; a deleted customer is only its id and `deleted`"""
    deleted = call.find("deleted_customer", identifier)
    return deleted or call.get("customer", identifier)


def update(call: Call, identifier: str) -> Record:
    """POST /v1/customers/:id"""
    customer = call.get("customer", identifier)
    before = orjson.loads(customer.json())
    _apply(call, customer.body)
    call.save(customer)
    previous = {name: before.get(name) for name, value in customer.body.items() if before.get(name) != value}
    call.emit("customer.updated", customer, previous)
    return customer


def delete(call: Call, identifier: str) -> Record:
    """DELETE /v1/customers/:id: its payment methods are detached with it"""
    customer = call.get("customer", identifier)
    call.emit("customer.deleted", customer)
    rows = call.state.objects("account = ? and kind = 'payment_method' and customer = ?", (call.account.n, identifier))
    for row in rows:
        method = call.read(row)
        method.body["customer"] = None
        method.inner["spent"] = True
        call.save(method)
    customer.kind = "deleted_customer"
    customer.body = {"id": identifier, "object": "customer", "deleted": True}
    call.save(customer)
    return customer


def listing(call: Call) -> bytes:
    """GET /v1/customers"""
    fields = {"email": call.params["email"]} if "email" in call.params else None
    return page(call, "customer", "/v1/customers", fields=fields)


def search(call: Call) -> bytes:
    """GET /v1/customers/search"""
    return search_page(call, "customer", "/v1/customers/search")
