"""From an empty shop to its first payment: something to sell, its price, a cart, and the documented request.

    CLIENT_ID=… CLIENT_SECRET=… python3 docs/first_payment.py https://acme.pay.example.com

The credentials are those of an integration that `paydesk organization create --with-shop` printed, of the environment
whose gateway has a key.
"""

import json
import os
import sys
import urllib.request

HERE = sys.argv[1].rstrip("/")
MEDIA = "application/vnd.api+json"


def ask(path, body=None, media=MEDIA, method=None):
    headers = {"Content-Type": media, "Authorization": f"Bearer {TOKEN}"}
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(HERE + path, sent, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


def change(type, attributes, id=None, **related):
    """Make a record, or change the one with this id."""
    linked = {name: {"data": {"type": one["type"], "id": one["id"]}} for name, one in related.items()}
    data = {"type": type, "attributes": attributes, "relationships": linked} | ({"id": id} if id else {})
    path, method = (f"/api/{type}/{id}", "PATCH") if id else (f"/api/{type}", "POST")
    return ask(path, {"data": data}, method=method)["data"]


def the(type):
    """What `--with-shop` made of this type."""
    return ask(f"/api/{type}?filter[q][code_eq]=main")["data"][0]


TOKEN = ""
grant = {"grant_type": "client_credentials", "client_id": os.environ["CLIENT_ID"]}
grant["client_secret"] = os.environ["CLIENT_SECRET"]
TOKEN = ask("/oauth/token", grant, "application/json")["access_token"]

# Once for each thing that is sold.
goods = {"code": "POSTCARD", "name": "A postcard", "do_not_ship": True, "do_not_track": True}
sku = change("skus", goods, shipping_category=the("shipping_categories"))
change("prices", {"amount_cents": 200}, sku=sku, price_list=the("price_lists"))

# For each order. A storefront does this with a token of the sales channel.
order = change("orders", {"customer_email": "shopper@example.com"}, market=the("markets"))
change("line_items", {"sku_code": "POSTCARD", "quantity": 1}, order=order)
place = {"first_name": "Ada", "last_name": "Rossi", "line_1": "Via Garibaldi 12", "city": "Torino"}
place |= {"zip_code": "10122", "state_code": "TO", "country_code": "IT", "phone": "+39 011 0000000"}
method = ask(f"/api/orders/{order['id']}/available_payment_methods")["data"][0]
change("orders", {}, order["id"], billing_address=change("addresses", place), payment_method=method)
payment = change("stripe_payments", {}, order=order)["attributes"]

print(f"Order {order['id']} waits for the payment {payment['stripe_id']}.")
print(f"Stripe.js confirms it in the shopper's browser with {payment['client_secret']}; then the order is placed.")
