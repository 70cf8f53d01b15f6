"""Customers and guests, and whose order it is."""

from typing import Any

from paydesk.oauth.grants import JWT_BEARER
from tests.acts.grants import assertion as assertion_of
from tests.payments.conftest import ADDRESS, Answer, Api

VERA = "vera@example.com"
MINE, HERS = "a password of mine", "a password of hers"


async def guests_order(api: Api, email: str = VERA, **given: Any) -> Answer:
    """An order that a guest of its own makes with this address."""
    attributes = {"customer_email": email, **given}
    return await api.create("orders", attributes, token=await api.guest(), market=api.market)


async def ids(api: Api, path: str, token: str | None) -> list[str]:
    return sorted(one["id"] for one in (await api.get(path, token=token)).document["data"])


async def customer_id(api: Api, email: str = VERA) -> str:
    (found,) = (await api.get(f"customers?filter[q][email_eq]={email}")).document["data"]
    return str(found["id"])


async def vouched(api: Api, owner_id: str) -> dict[str, Any]:
    """Tokens that the shop's own sign-in gives its customer."""
    made = api.founded.applications["acme/test/sales_channel"]
    claims = {"owner": {"type": "Customer", "id": owner_id}}
    parameters = {
        "grant_type": JWT_BEARER,
        "client_id": made.client_id,
        "client_secret": made.client_secret,
        "assertion": assertion_of(claims),
        "scope": f"market:id:{api.market['id']}",
    }
    return dict((await api.http.post("/oauth/token", json=parameters)).json())


async def placed(api: Api, order: Answer, token: str | None = None) -> Answer:
    """The order, with goods that cost nothing, placed."""
    sku = await api.sku(f"GIFT-{order.id}", do_not_ship=True)
    await api.create("line_items", {"quantity": 1, "name": "Gift", "unit_amount_cents": 0}, order=order, item=sku)
    address = await api.create("addresses", ADDRESS)
    await api.update(order, {"_shipping_address_same_as_billing": True}, billing_address=address)
    done = await api.update(order, {"_place": True}, token=token)
    assert done["status"] == "placed"
    return done
