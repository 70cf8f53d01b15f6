"""applications: what an access token is given to."""

from __future__ import annotations

from paydesk.declare import ALWAYS, FILTER, WRITE, Access, boolean, hidden, string
from paydesk.rules.resource import Resource


class Application(
    Resource,
    type="applications",
    singular="application",
    singleton=True,
    actions=("retrieve",),
    versions=False,
    event_stores=False,
    server_wide=(("uid",),),
    access=Access(guest="S", customer="S", guest_sees=ALWAYS, customer_sees=ALWAYS),
):
    """The application that asks, as the token knows it; its secret is kept as a hash and never shown.

    Source: Commerce Layer, "Applications".
    """

    name = string(WRITE | FILTER, example="My app", doc="What people call it.")
    kind = string(
        WRITE | FILTER,
        enum=(
            "dashboard",
            "user",
            "contentful",
            "bundles",
            "customers",
            "datocms",
            "exports",
            "external",
            "generic",
            "gift_cards",
            "imports",
            "integration",
            "inventory",
            "metrics",
            "orders",
            "price_lists",
            "promotions",
            "resources",
            "returns",
            "sales_channel",
            "sanity",
            "shipments",
            "skus",
            "sku_lists",
            "stock_transfers",
            "subscriptions",
            "tags",
            "webapp",
            "webhooks",
            "zapier",
        ),
        example="sales-channel",
        doc="What it is for; decides how it gets tokens and what they may do.",
    )
    public_access = boolean(FILTER, example=True, doc="Its tokens are given without a secret.")
    redirect_uri = string(
        WRITE, example="https://bluebrand.com/img/logo.svg", doc="Where authorization codes are sent."
    )
    scopes = string(FILTER, example="text", doc="Markets, stores and stock locations its tokens may name.")
    uid = hidden("string", doc="The client id; unique over the whole server, since it finds the organization.")
    secret_hash = hidden("string", secret=True, doc="SHA-256 of the client secret.")
    lifetime_seconds = hidden("integer", doc="How long its tokens live, where that is not the kind's own lifetime.")
    role = hidden("string", doc="What a web application may do where no user's role says so; null: only read.")
    revoked_at = hidden("datetime", doc="From then on it gets no token, and those it has are void.")
