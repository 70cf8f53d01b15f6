# mypy: ignore-errors
"""What jsonapi-requests makes of the API: read, create, change, include, filter, follow a page, errors, delete.

It ends every address by a slash. Run in the clients' environment. Arguments: the API's address and a token of the
integration.
"""

import json
import sys

import requests
from jsonapi_requests import JsonApiObject, orm
from jsonapi_requests.request_factory import ApiClientError

base, token = sys.argv[1:]


class Bearer(requests.auth.AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {token}"
        return request


api = orm.OrmApi.config({"API_ROOT": base, "AUTH": Bearer(), "TIMEOUT": 60})


class Sku(orm.ApiModel):
    code, name = orm.AttributeField("code"), orm.AttributeField("name")

    class Meta:
        type, api = "skus", api


class Market(orm.ApiModel):
    name = orm.AttributeField("name")

    class Meta:
        type, api = "markets", api


class Address(orm.ApiModel):
    class Meta:
        type, api = "addresses", api


class LineItem(orm.ApiModel):
    sku_code, quantity = orm.AttributeField("sku_code"), orm.AttributeField("quantity")
    item, order = orm.RelationField("item"), orm.RelationField("order")

    class Meta:
        type, api = "line_items", api


class Order(orm.ApiModel):
    customer_email, metadata = orm.AttributeField("customer_email"), orm.AttributeField("metadata")
    total, status = orm.AttributeField("total_amount_cents"), orm.AttributeField("status")
    market, line_items = orm.RelationField("market"), orm.RelationField("line_items")
    billing_address = orm.RelationField("billing_address")

    class Meta:
        type, api = "orders", api


def failed(act):
    try:
        act()
    except ApiClientError as error:
        return [error.status_code, json.loads(error.content)["errors"][0]["code"]]
    return None


said = {}
(guide,) = Sku.get_list(params={"filter[q][code_eq]": "FIELD-GUIDE"})
(market,) = Market.get_list(params={"filter[q][code_in]": "demo,other"})
said["guide"] = [guide.type, guide.name]
order = Order()
order.metadata = {"by": ["jsonapi-requests"]}
order.market = market
order.save()
said["made"] = [order.type, order.status, order.metadata]
line = LineItem()
line.sku_code, line.quantity, line.order = guide.code, 2, order
line.save()
said["line"] = line.quantity
change = Order(JsonApiObject(type="orders", id=order.id))
change.customer_email = "ada@example.com"
change.save()
said["changed"] = change.customer_email
answer = api.endpoint(f"orders/{order.id}").get(params={"include": "line_items.item,market,billing_address"})
read = Order.from_response_content(answer.content)
said["total"] = read.total
said["lines"] = [[line.quantity, line.item.code] for line in read.line_items]
said["market"] = read.market.name
said["address"] = read.billing_address
answer = api.endpoint("skus").get(params={"sort": "code", "page[size]": 1, "page[number]": 2})
said["page"] = [[sku.code for sku in Sku.from_response_content(answer.content)], answer.content.meta]
following = requests.get(answer.content.links["next"], auth=Bearer(), timeout=60)
said["next"] = [sku["attributes"]["code"] for sku in following.json()["data"]]
related = api.endpoint(f"orders/{order.id}/line_items").get()
said["related"] = [one.attributes["sku_code"] for one in related.data]
empty = api.endpoint(f"orders/{order.id}/billing_address").get()
said["empty"] = bool(empty.data)

address = Address()
address.attributes.update(first_name="Ada", last_name="Rossi", line_1="Via Roma 1", city="Torino", zip_code="10122")
address.attributes.update(state_code="TO", country_code="IT", phone="1")
address.save()
said["there"] = Address.exists(address.id)
address.delete()
said["removed"] = not Address.exists(address.id)
wrong = Order()
wrong.market = Market(JsonApiObject(type="markets", id="nonexistent"))
said["wrong"] = failed(wrong.save)
said["unknown"] = failed(lambda: Order.get_list(params={"filter[q][nonsense_eq]": "1"}))
print(json.dumps(said))
