# mypy: ignore-errors
"""What jsonapi-client makes of the API: read, create, change, include, filter, follow pages, errors, delete.

Run in the clients' environment. Arguments: the API's address and a token of the integration.
"""

import asyncio
import json
import sys

from jsonapi_client import Filter, Inclusion, Modifier, Session
from jsonapi_client.exceptions import DocumentError

base, token = sys.argv[1:]
ADDRESS = {"first_name": "Ada", "last_name": "Rossi", "line_1": "Via Roma 1", "city": "Torino", "zip_code": "10122"}
ADDRESS |= {"state_code": "TO", "country_code": "IT", "phone": "1"}
SCHEMA = {
    "orders": {
        "properties": {
            "customer_email": {"type": ["string", "null"]},
            "metadata": {"type": "object", "properties": {}},
            "market": {"relation": "to-one", "resource": ["markets"]},
        }
    },
    "line_items": {
        "properties": {
            "sku_code": {"type": ["string", "null"]},
            "quantity": {"type": "integer"},
            "order": {"relation": "to-one", "resource": ["orders"]},
        }
    },
    "addresses": {"properties": {name: {"type": "string"} for name in ADDRESS}},
}
options = {"request_kwargs": {"headers": {"Authorization": f"Bearer {token}"}}}
said = {}


def failed(act):
    try:
        act()
    except DocumentError as error:
        return [error.errors["status_code"], error.response.json()["errors"][0]["code"]]
    return None


# Without a schema, as it comes: whatever the server answers is there to be read.
read = Session(base, **options)
guide = read.get("skus", Modifier("filter[q][code_eq]=FIELD-GUIDE")).resource
market = read.get("markets", Modifier("filter[q][code_eq]=demo")).resource
said["guide"] = [guide.type, guide.name]
said["pages"] = [sku["code"] for sku in read.iterate("skus", Modifier("sort=code&page[size]=2"))]
page = read.get("skus", Modifier("sort=code&page[size]=1&page[number]=2"))
said["page"] = [[sku["code"] for sku in page.resources], page.meta["record_count"], bool(page.links.prev)]
said["related"] = market["price_list"][0].name
said["unknown"] = failed(lambda: read.get("orders", Filter(nonsense="1")))
said["missing"] = failed(lambda: read.get("orders", "nonexistent"))

# With a schema, as it writes.
write = Session(base, schema=SCHEMA, **options)
made = write.create("orders", {"metadata": {"by": ["jsonapi-client"]}, "market": market.id})
made.commit()
said["made"] = [made.type, made.metadata, made.url == f"{base}/orders/{made.id}"]
line = write.create_and_commit("line_items", {"sku_code": guide["code"], "quantity": 2, "order": made.id})
said["line"] = [line["quantity"], line.order.id == made.id]
made["customer_email"] = "ada@example.com"
made.commit()
said["changed"] = made["customer_email"]
made.relationships.market = market
made.commit()
said["wrong"] = failed(lambda: write.create_and_commit("orders", {"market": "nonexistent"}))

whole = read.get(f"orders/{made.id}", Inclusion("line_items.item", "market", "billing_address"))
order = whole.resource
said["total"] = order["total_amount_cents"]
said["lines"] = [[line["quantity"], line.item["code"]] for line in order["line_items"]]
said["market"] = order.market["name"]
said["address"] = order.relationships["billing_address"].resource


async def removed():
    """In the background's way, which takes an empty answer for one: the other asks it for JSON."""
    async with Session(base, enable_async=True, schema=SCHEMA, **options) as session:
        address = await session.create_and_commit("addresses", ADDRESS)
        again = (await session.get("addresses", address.id)).resource
        again.delete()
        await again.commit()
        session.invalidate()
        try:
            await session.get("addresses", again.id)
        except DocumentError as error:
            return error.errors["status_code"]


said["removed"] = asyncio.run(removed())
print(json.dumps(said))
