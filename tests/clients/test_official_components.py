"""The official React components in Chromium, put together as the official checkout puts them together, against
`paydesk dev --tls`: they buy goods that ship nothing.

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

    def shopper(self, *, signed_in: bool) -> str:
        shop = {"client_id": self.made["applications"]["sales_channel"]["client_id"], "scope": "market:code:demo"}
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

    def through_the_bank(self, payment: Any) -> None:
        """What Stripe.js does with a card whose bank asks, and the shopper on the bank's page."""
        stripe = self.made["stripe"]
        at = f"{stripe['api_base']}/v1/payment_intents/{payment['client_secret'].partition('_secret_')[0]}/confirm"
        form = {"client_secret": payment["client_secret"], "return_url": "https://shop.example.com/back"}
        card = {"payment_method": "pm_card_threeDSecure2Required"}
        shop = {"authorization": f"Bearer {payment['publishable_key']}"}
        intent = httpx.post(at, data=form | card, headers=shop, timeout=60).json()
        assert intent["status"] == "requires_action", intent
        page = intent["next_action"]["redirect_to_url"]["url"]
        assert httpx.post(page, data={"decision": "complete"}, timeout=60).status_code == 303

    def cart(self, token: str) -> str:
        order = str(self.ask("POST", "orders", token, "orders")["data"]["id"])
        for code, quantity in (("FIELD-GUIDE", 2), ("SOUND-LIBRARY", 1)):
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
        made.places_by_itself(False)
        yield made
        end(process)


@pytest.fixture
def chromium(shop: Shop) -> Iterator[Browser]:
    """The components drop the port of their endpoint, so that it is this browser's to know."""
    with browsing({"demo.localhost": shop.port}) as browser:
        yield browser


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
    window.page.get_by_role("radio").click()

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
        window.page.get_by_role("radio").click()
        pay(window, "4242424242424242")
        window.page.wait_for_function("document.title === 'placed'")
    finally:
        shop.places_by_itself(False)
    bought = shop.ask("GET", f"orders/{order}?include=authorizations", shop.office)
    told = bought["data"]["attributes"]
    assert (told["status"], told["payment_status"]) == ("placed", "authorized")
    assert [one["attributes"]["amount_cents"] for one in bought["included"]] == [14100]


def test_a_customer_buys_and_keeps_both_addresses_and_the_card_and_pays_with_it_again(
    shop: Shop, page: str, chromium: Browser
) -> None:
    token = shop.shopper(signed_in=True)
    first = shop.cart(token)
    window = chromium.open(shop.address(page, first, token, elsewhere="true", email="customer@example.com"))
    window.page.locator("#total").get_by_text("€141,00").wait_for()
    fill(window, "billing")
    fill(window, "shipping", city="Milano", line_1="Via Dante 1")
    for which in ("billing", "shipping"):
        window.page.get_by_label(f"save {which}").check()
    window.page.get_by_role("button", name="Save addresses").click()
    window.page.wait_for_function("order.shipping_address?.city === 'Milano'")
    window.page.get_by_role("radio").click()
    window.page.get_by_label("save card").check()
    pay(window, "4242424242424242")
    window.page.wait_for_function("document.title === 'placed'")
    window.until(lambda: len(sent(window, "PATCH", f"/api/orders/{first}")) == 6)

    book = shop.ask("GET", "customer_addresses?include=address", token)
    assert sorted(one["attributes"]["city"] for one in book["included"]) == ["Milano", "Torino"]
    kept = shop.ask("GET", "customer_payment_sources?include=payment_source", token)
    assert [one["attributes"]["payment_instrument"]["card_last_digits"] for one in kept["included"]] == ["4242"]

    # The card that was kept pays without a form: the server confirms it while it places the order.
    again = shop.cart(token)
    window = chromium.open(shop.address(page, again, token, email="customer@example.com"))
    window.page.locator("#total").get_by_text("€141,00").wait_for()
    fill(window, "billing")
    window.page.get_by_role("button", name="Save addresses").click()
    window.page.wait_for_function("order.billing_address?.city === 'Torino'")
    window.page.get_by_role("radio").click()
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
            14100,
        )


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
