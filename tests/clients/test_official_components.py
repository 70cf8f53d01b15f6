"""The official React components in Chromium, put together as the official checkout puts them together, against
`paydesk dev --tls`: they buy what is sent, in one shipment or two, and what is not.

The components are unmodified. Stripe.js comes from Stripe alone, so `tests/node/page/stripe.js` stands in for it: what
it asks the sandbox is what Stripe.js asks Stripe.
"""

import functools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.acts.browser import Browser, Window, browsing
from tests.acts.dev import credentials, dev, end
from tests.acts.node import NODE
from tests.processes import free_port

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "line_1": "Via Garibaldi 12",
    "city": "Torino",
    "zip_code": "10122",
    "phone": "+39 011 0000000",
}
BOOKS = ("_save_billing_address_to_customer_address_book", "_save_shipping_address_to_customer_address_book")


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *told: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("checkout.html", "stripe.js"):
        shutil.copy(NODE / "page" / name, folder)
    options = ["--bundle", "--jsx=automatic", "--loader:.css=empty", "--log-level=warning"]
    production = '--define:process.env.NODE_ENV="production"'
    subprocess.run(
        ["node_modules/.bin/esbuild", "page/checkout.jsx", *options, production, f"--outfile={folder / 'checkout.js'}"],
        cwd=NODE,
        check=True,
        timeout=120,
    )
    with served(folder) as address:
        yield f"{address}/checkout.html"


class Shop:
    """A running `paydesk dev --tls`, and what is told of it."""

    def __init__(self, port: int, folder: Path, made: Any) -> None:
        self.port, self.made = port, made
        self.http = httpx.Client(
            base_url=f"https://localhost:{port}", verify=False, headers={"host": f"demo.localhost:{port}"}, timeout=60
        )
        office = made["applications"]["integration"]
        self.office = self.token(
            "client_credentials", client_id=office["client_id"], client_secret=office["client_secret"]
        )

    def token(self, grant: str, **given: str) -> str:
        answer = self.http.post("/oauth/token", json={"grant_type": grant, **given})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def shopper(self, *, signed_in: bool, market: str = "demo") -> str:
        channel = self.made["applications"]["sales_channel"]
        shop = {"client_id": channel["client_id"], "scope": f"market:code:{market}"}
        customer = self.made["customer"]
        if signed_in:
            return self.token("password", username=customer["email"], password=customer["password"], **shop)
        return self.token("client_credentials", **shop)

    def ask(self, method: str, path: str, token: str, type_: str = "", **attributes: Any) -> Any:
        related = {name: attributes.pop(name) for name in [*attributes] if isinstance(attributes[name], tuple)}
        links = {name: {"data": {"type": one[0], "id": one[1]}} for name, one in related.items()}
        data: dict[str, Any] = {"type": type_, "attributes": attributes, "relationships": links}
        if method == "PATCH":
            data["id"] = path.split("/")[1]
        headers = {"authorization": f"Bearer {token}", "content-type": "application/vnd.api+json"}
        body = {"data": data} if type_ else None
        answer = self.http.request(method, f"/api/{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def places_by_itself(self, auto_place: bool) -> None:
        """The demo's payment methods place by themselves what is paid; the components do less where that came first."""
        for method in self.ask("GET", "payment_methods", self.office)["data"]:
            self.ask("PATCH", f"payment_methods/{method['id']}", self.office, "payment_methods", auto_place=auto_place)

    def make(self, type_: str, **given: Any) -> tuple[str, str]:
        """A link to a record that the back office makes."""
        return type_, str(self.ask("POST", type_, self.office, type_, **given)["data"]["id"])

    def one(self, type_: str, **by: str) -> tuple[str, str]:
        """A link to the record that these filters find."""
        filters = "&".join(f"filter[q][{name}]={value}" for name, value in by.items())
        (found,) = self.ask("GET", f"{type_}?{filters}", self.office)["data"]
        return type_, str(found["id"])

    def two_warehouses(self) -> None:
        """A market whose goods lie in the demo's warehouse and in an attic, and are sent from where they lie. Of one
        there is only one.
        """
        office, demo = self.office, self.one("markets", code_eq="demo")
        related = self.ask("GET", f"markets/{demo[1]}?include=merchant,price_list", office)["data"]["relationships"]
        merchant, prices = (
            (one["type"], one["id"]) for one in (related[name]["data"] for name in ("merchant", "price_list"))
        )
        model = self.make("inventory_models", name="Two warehouses", strategy="split_shipments")
        warehouse = self.one("stock_locations", code_eq="demo")
        address = self.make("addresses", **ADDRESS, country_code="IT", state_code="TO")
        attic = self.make("stock_locations", name="Attic", address=address)
        for priority, location in enumerate((warehouse, attic), 1):
            at = {"inventory_model": model, "stock_location": location}
            self.make("inventory_stock_locations", priority=priority, **at)
        given = {"merchant": merchant, "price_list": prices, "inventory_model": model}
        market = self.make("markets", name="Two warehouses", code="split", **given)
        paid = {"payment_source_type": "stripe_payments", "price_amount_cents": 0}
        gateway = self.one("stripe_gateways")
        self.make("payment_methods", **paid, market=market, payment_gateway=("payment_gateways", gateway[1]))
        for name, cents in (("Courier", 900), ("Slow post", 300)):
            self.make("shipping_methods", name=name, price_amount_cents=cents, market=market)
        category = self.one("shipping_categories", code_eq="demo-goods")
        for code, name, pieces in (("ATTIC-LAMP", "Attic lamp", 50), ("LAST-LAMP", "Last lamp", 1)):
            sku = self.make("skus", code=code, name=name, shipping_category=category)
            self.make("prices", amount_cents=3000, price_list=prices, sku=sku)
            self.make("stock_items", quantity=pieces, sku=sku, stock_location=attic)

    def confirm(self, payment: Any, card: str) -> Any:
        """What Stripe.js does with a card."""
        stripe = self.made["stripe"]
        at = f"{stripe['api_base']}/v1/payment_intents/{payment['client_secret'].partition('_secret_')[0]}/confirm"
        form = {"client_secret": payment["client_secret"], "return_url": "https://shop.example.com/back"}
        shop = {"authorization": f"Bearer {payment['publishable_key']}"}
        return httpx.post(at, data=form | {"payment_method": card}, headers=shop, timeout=60).json()

    def through_the_bank(self, payment: Any) -> None:
        """What Stripe.js does with a card whose bank asks, and the shopper on the bank's page."""
        intent = self.confirm(payment, "pm_card_threeDSecure2Required")
        assert intent["status"] == "requires_action", intent
        self.agree(intent["next_action"]["redirect_to_url"]["url"])

    def agree(self, page: str) -> None:
        """The shopper agrees on the bank's page."""
        assert httpx.post(page, data={"decision": "complete"}, timeout=60).status_code == 303

    def bought(self, token: str, order: str) -> None:
        """Bought by requests alone, sent by the first way."""
        given = {**ADDRESS, "country_code": "IT", "state_code": "TO"}
        address = self.ask("POST", "addresses", token, "addresses", **given)["data"]
        (method,) = self.ask("GET", f"orders/{order}/available_payment_methods", token)["data"]
        related = {name: ("addresses", address["id"]) for name in ("billing_address", "shipping_address")}
        related["payment_method"] = ("payment_methods", method["id"])
        self.ask("PATCH", f"orders/{order}", token, "orders", customer_email="bea@example.com", **related)
        found = self.ask("GET", f"orders/{order}?include=shipments.available_shipping_methods", token)["included"]
        (shipment,) = (one for one in found if one["type"] == "shipments")
        way = next(one for one in found if one["type"] == "shipping_methods")
        chosen = {"shipping_method": ("shipping_methods", way["id"])}
        self.ask("PATCH", f"shipments/{shipment['id']}", token, "shipments", **chosen)
        made = self.ask("POST", "stripe_payments", token, "stripe_payments", order=("orders", order))
        self.confirm(made["data"]["attributes"], "pm_card_visa")
        placed = self.ask("PATCH", f"orders/{order}", token, "orders", _place=True)
        assert placed["data"]["attributes"]["status"] == "placed"

    def send(self, order: str) -> None:
        """Captured, packed and sent: each shipment in a parcel that is tracked."""
        office = self.office
        self.ask("PATCH", f"orders/{order}", office, "orders", _approve_and_capture=True)
        location = self.one("stock_locations", code_eq="demo")
        size = {"length": 10, "width": 10, "height": 10, "unit_of_length": "cm"}
        box = self.make("packages", name="Box", **size, stock_location=location)
        for one in self.ask("GET", f"orders/{order}/shipments?include=stock_line_items", office)["data"]:
            shipment = ("shipments", one["id"])
            for move in ("_picking", "_packing", "_ready_to_ship", "_ship"):
                self.ask("PATCH", f"shipments/{one['id']}", office, "shipments", **{move: True})
            number = f"T-{one['attributes']['number']}"
            weight = {"weight": 500, "unit_of_weight": "gr"}
            parcel = self.make("parcels", **weight, tracking_number=number, shipment=shipment, package=box)
            for line in one["relationships"]["stock_line_items"]["data"]:
                held = {"parcel": parcel, "stock_line_item": (line["type"], line["id"])}
                self.make("parcel_line_items", quantity=1, **held)

    def cart(self, token: str, **skus: int) -> str:
        order = str(self.ask("POST", "orders", token, "orders")["data"]["id"])
        for code, quantity in (skus or {"FIELD-GUIDE": 2, "SOUND-LIBRARY": 1}).items():
            self.ask(
                "POST", "line_items", token, "line_items", sku_code=code, quantity=quantity, order=("orders", order)
            )
        return order

    def address(self, page: str, order: str, token: str, **more: str) -> str:
        given = {"orderId": order, "accessToken": token, "endpoint": "https://demo.localhost"}
        return f"{page}?{urlencode({**given, 'stripe': self.made['stripe']['api_base'], **more})}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, port = tmp_path_factory.mktemp("shop"), free_port()
    with dev(folder, port, "--tls") as process:
        made = Shop(port, folder, credentials(process, folder))
        made.two_warehouses()
        made.places_by_itself(False)
        yield made
        end(process)


@pytest.fixture(scope="module")
def running(shop: Shop) -> Iterator[Browser]:
    """The components drop the port of their endpoint, so that it is this browser's to know."""
    with browsing({"demo.localhost": shop.port}) as browser:
        yield browser


@pytest.fixture
def chromium(running: Browser) -> Iterator[Browser]:
    """Windows of this test's own: nothing may have gone wrong in them that it did not expect."""
    browser = Browser(running.chromium)
    yield browser
    assert browser.troubles == []
    for window in browser.windows:
        window.page.context.close()


def fill(window: Window, which: str, **changed: str) -> None:
    for name, value in {**ADDRESS, **changed}.items():
        window.page.locator(f"[name={which}_address_{name}]").fill(value)
    window.page.locator(f"[name={which}_address_country_code]").select_option("IT")
    window.page.locator(f"[name={which}_address_state_code]").select_option("TO")


def sent(window: Window, method: str, part: str) -> list[int]:
    """The statuses of the answers to such requests."""
    return [status for sent, url, status in window.answers if sent == method and part in url.partition("?")[0]]


def pay(window: Window, number: str) -> None:
    """Type a card's number, leave its field, and click. What the page still loads would draw the field anew."""
    window.page.wait_for_load_state("networkidle")
    field = window.page.get_by_label("card number")
    field.fill(number)
    field.blur()
    window.page.get_by_role("button", name="Place order").click()


def test_a_guest_buys_at_the_second_card(shop: Shop, page: str, chromium: Browser) -> None:
    token = shop.shopper(signed_in=False)
    order = shop.cart(token)
    window = chromium.open(shop.address(page, order, token))
    window.page.locator("#total").get_by_text("€141,00").wait_for()
    window.page.get_by_label("email").fill("ada@example.com")
    fill(window, "billing")
    window.page.get_by_role("button", name="Save addresses").click()
    window.page.wait_for_function("order.status === 'pending' && order.billing_address.city === 'Torino'")
    window.page.locator("#payment").get_by_role("radio").click()

    pay(window, "4000000000000002")
    window.page.locator("#refused").get_by_text("Your card was declined.").wait_for()
    window.until(lambda: len(window.troubles) == 2)
    assert all("402" in one or "declined" in one for one in window.troubles)
    window.troubles.clear()
    pay(window, "4242424242424242")
    window.page.wait_for_function("document.title === 'placed'")
    window.page.wait_for_function("order.status === 'placed' && order.payment_status === 'authorized'")
    thanks = chromium.open(shop.address(page, order, token, thanks="true"))
    thanks.page.locator("#card").get_by_text("4242").wait_for()

    bought = shop.ask("GET", f"orders/{order}?include=authorizations", shop.office)
    told = bought["data"]["attributes"]
    assert (told["status"], told["payment_status"], told["customer_email"]) == (
        "placed",
        "authorized",
        "ada@example.com",
    )
    assert told["total_amount_with_taxes_cents"] == 14100
    assert [one["attributes"]["amount_cents"] for one in bought["included"]] == [14100]
    assert sent(window, "POST", "/api/stripe_payments") == [201]
    assert {status for _, url, status in window.answers if "/api/" in url} <= {200, 201}


def test_a_guest_buys_while_the_payment_places_the_order(shop: Shop, page: str, chromium: Browser) -> None:
    """Stripe's event and the click meet at any point of the components' way; the order is placed once."""
    token = shop.shopper(signed_in=False)
    order = shop.cart(token)
    shop.places_by_itself(True)
    try:
        window = chromium.open(shop.address(page, order, token))
        window.page.locator("#total").get_by_text("€141,00").wait_for()
        window.page.get_by_label("email").fill("ada@example.com")
        fill(window, "billing")
        window.page.get_by_role("button", name="Save addresses").click()
        window.page.wait_for_function("order.status === 'pending' && order.billing_address.city === 'Torino'")
        window.page.locator("#payment").get_by_role("radio").click()
        pay(window, "4242424242424242")
        window.page.wait_for_function("document.title === 'placed'")
    finally:
        shop.places_by_itself(False)
    bought = shop.ask("GET", f"orders/{order}?include=authorizations", shop.office)
    told = bought["data"]["attributes"]
    assert (told["status"], told["payment_status"]) == ("placed", "authorized")
    assert [one["attributes"]["amount_cents"] for one in bought["included"]] == [14100]


def shipment(window: Window, goods: str) -> Any:
    """Where the shipment that holds these goods is drawn: whichever is made first comes first."""
    return window.page.locator("fieldset", has_text=goods)


def send_by(window: Window, name: str, goods: str, total: str) -> None:
    """Choose how a shipment is sent, and see what the order costs then."""
    shipment(window, goods).get_by_label(name).click()
    window.page.locator("#total").get_by_text(total).wait_for()


def test_a_guest_has_goods_sent_and_pays_at_the_bank_after_a_card_was_declined(
    shop: Shop, page: str, chromium: Browser
) -> None:
    token = shop.shopper(signed_in=False)
    order = shop.cart(token, **{"TIN-MUG": 2, "FIELD-GUIDE": 1})
    window = chromium.open(shop.address(page, order, token, elsewhere="true"))
    window.page.locator("#total").get_by_text("€77,00").wait_for()
    window.page.get_by_label("email").fill("ada@example.com")
    fill(window, "billing")
    fill(window, "shipping", city="Milano", line_1="Via Dante 1")
    window.page.get_by_role("button", name="Save addresses").click()
    for way in ("Express shipping €15,00 1-2 days", "Standard shipping €7,00 2-4 days"):
        shipment(window, "Enamel mug 2").get_by_text(way).wait_for()
    assert window.page.locator("fieldset").count() == 1
    assert not shipment(window, "Field guide").is_visible()
    send_by(window, "Express shipping", "Enamel mug", "€92,00")
    assert window.page.locator("#shipping").inner_text() == "€15,00"
    window.page.locator("#payment").get_by_role("radio").click()

    pay(window, "4000000000000002")
    window.page.locator("#refused").get_by_text("Your card was declined.").wait_for()
    window.until(lambda: len(window.troubles) == 2)
    assert all("402" in one or "declined" in one for one in window.troubles)
    window.troubles.clear()
    pay(window, "4000000000003220")
    shop.agree(str(window.page.get_by_role("link", name="the bank's page").get_attribute("href")))
    window.page.wait_for_function("document.title === 'placed'")
    assert window.page.locator("#shortages").inner_text() == ""

    bought = shop.ask("GET", f"orders/{order}?include=authorizations,shipments.shipping_method", shop.office)
    told = bought["data"]["attributes"]
    assert (told["status"], told["payment_status"], told["fulfillment_status"]) == (
        "placed",
        "authorized",
        "unfulfilled",
    )
    assert (told["shipping_amount_cents"], told["total_amount_with_taxes_cents"]) == (1500, 9200)
    of = {one["type"]: one["attributes"] for one in bought["included"] if one["attributes"].get("succeeded", True)}
    assert (of["authorizations"]["amount_cents"], of["shipping_methods"]["name"]) == (9200, "Express shipping")
    assert of["shipments"]["status"] == "upcoming"
    assert {status for _, url, status in window.answers if "/api/" in url} <= {200, 201}


def test_a_customer_has_two_shipments_sent_and_buys_again_by_address_book_and_saved_card(
    shop: Shop, page: str, chromium: Browser
) -> None:
    token = shop.shopper(signed_in=True, market="split")
    wanted = {"TIN-MUG": 1, "ATTIC-LAMP": 1}
    first = shop.cart(token, **wanted)
    window = chromium.open(shop.address(page, first, token, elsewhere="true", email="customer@example.com"))
    window.page.locator("#total").get_by_text("€46,00").wait_for()
    fill(window, "billing")
    fill(window, "shipping", city="Milano", line_1="Via Dante 1")
    for which in ("billing", "shipping"):
        window.page.get_by_label(f"save {which}").check()
    window.page.get_by_role("button", name="Save addresses").click()
    window.page.wait_for_function("order.shipping_address?.city === 'Milano'")
    for goods in ("Enamel mug 1", "Attic lamp 1"):
        shipment(window, goods).get_by_label("Courier").wait_for()
    send_by(window, "Courier", "Enamel mug", "€55,00")
    send_by(window, "Slow post", "Attic lamp", "€58,00")
    window.page.locator("#payment").get_by_role("radio").click()
    window.page.get_by_label("save card").check()
    pay(window, "4242424242424242")
    window.page.wait_for_function("document.title === 'placed'")
    window.until(lambda: len(sent(window, "PATCH", f"/api/orders/{first}")) == 6)

    book = shop.ask("GET", "customer_addresses?include=address", token)
    assert sorted(one["attributes"]["city"] for one in book["included"]) == ["Milano", "Torino"]
    kept = shop.ask("GET", "customer_payment_sources?include=payment_source", token)
    assert [one["attributes"]["payment_instrument"]["card_last_digits"] for one in kept["included"]] == ["4242"]

    # An address of the book and the card that was kept: the server confirms it while it places the order.
    again = shop.cart(token, **wanted)
    window = chromium.open(shop.address(page, again, token, email="customer@example.com", saved="true"))
    window.page.locator("#total").get_by_text("€46,00").wait_for()
    window.page.locator(".saved").get_by_text("Milano").click()
    window.page.get_by_role("button", name="Save addresses").click()
    window.page.wait_for_function(
        "order.shipping_address?.city === 'Milano' && order.billing_address?.city === 'Milano'"
    )
    send_by(window, "Courier", "Enamel mug", "€55,00")
    send_by(window, "Slow post", "Attic lamp", "€58,00")
    window.page.locator("#payment").get_by_role("radio").click()
    window.page.get_by_role("button", name="pay with visa 4242").click()
    window.page.locator("#card").get_by_text("4242").wait_for()
    window.page.get_by_role("button", name="Place order").click()
    window.page.wait_for_function("document.title === 'placed'")
    assert sent(window, "POST", "/confirm") == []
    # The form of the payment that the card replaced says so before it goes, or not.
    window.troubles[:] = [one for one in window.troubles if "options.clientSecret is not a mutable property" not in one]
    for order in (first, again):
        told = shop.ask("GET", f"orders/{order}", shop.office)["data"]["attributes"]
        assert (told["status"], told["payment_status"], told["total_amount_with_taxes_cents"]) == (
            "placed",
            "authorized",
            5800,
        )

    # The account's page of the order, once it is sent.
    shop.send(first)
    account = chromium.open(shop.address(page, first, token, thanks="true"))
    number = shop.ask("GET", f"orders/{first}", shop.office)["data"]["attributes"]["number"]
    shown = account.page.locator("fieldset")
    for at, goods in (("001", "Enamel mug"), ("002", "Attic lamp")):
        one = shown.filter(has_text=f"{number}/S/{at} of 2: shipped")
        one.get_by_text(f"T-{number}/S/{at}").wait_for()
        assert goods in one.inner_text()
    assert shown.count() == 2


def test_the_last_one_is_another_shoppers_while_this_one_pays(shop: Shop, page: str, chromium: Browser) -> None:
    token = shop.shopper(signed_in=False, market="split")
    order = shop.cart(token, **{"LAST-LAMP": 1})
    window = chromium.open(shop.address(page, order, token))
    window.page.locator("#total").get_by_text("€30,00").wait_for()
    window.page.get_by_label("email").fill("ada@example.com")
    fill(window, "billing")
    window.page.get_by_role("button", name="Save addresses").click()
    window.page.get_by_label("Courier").wait_for()
    send_by(window, "Courier", "Last lamp", "€39,00")
    window.page.locator("#payment").get_by_role("radio").click()
    window.page.get_by_label("card number").wait_for()
    assert window.page.locator("#shortages").inner_text() == ""

    quick = shop.shopper(signed_in=False, market="split")
    shop.bought(quick, shop.cart(quick, **{"LAST-LAMP": 1}))
    pay(window, "4242424242424242")
    window.page.wait_for_function("document.title === 'refused'")
    window.page.locator("#wrong").get_by_text("out of stock").wait_for()
    window.until(lambda: window.troubles)
    assert all("422" in one for one in window.troubles)
    window.troubles.clear()
    told = shop.ask("GET", f"orders/{order}", shop.office)["data"]["attributes"]
    assert (told["status"], told["payment_status"], told["placed_at"]) == ("pending", "authorized", None)
    # The page, opened anew, says so before anything is paid.
    again = chromium.open(shop.address(page, order, token))
    again.page.locator("#shortages").get_by_text("Something is out of stock.").wait_for()


def test_a_guest_comes_back_from_the_bank(shop: Shop, page: str, chromium: Browser) -> None:
    """The page opens anew, with the client secret in its address and no form for a card."""
    token = shop.shopper(signed_in=False)
    order = shop.cart(token)
    address = shop.ask("POST", "addresses", token, "addresses", **ADDRESS, country_code="IT", state_code="TO")["data"]
    (method,) = shop.ask("GET", f"orders/{order}/available_payment_methods", token)["data"]
    billed = {"billing_address": ("addresses", address["id"]), "payment_method": ("payment_methods", method["id"])}
    shop.ask("PATCH", f"orders/{order}", token, "orders", customer_email="ada@example.com", **billed)
    made = shop.ask("POST", "stripe_payments", token, "stripe_payments", order=("orders", order))["data"]["attributes"]
    shop.through_the_bank(made)

    secret = {"payment_intent_client_secret": made["client_secret"]}
    window = chromium.open(shop.address(page, order, token, **secret))
    window.page.wait_for_function("document.title === 'placed'")
    assert (sent(window, "POST", "/confirm"), sent(window, "POST", "/api/stripe_payments")) == ([], [])
    told = shop.ask("GET", f"orders/{order}", shop.office)["data"]["attributes"]
    assert (told["status"], told["payment_status"]) == ("placed", "authorized")
