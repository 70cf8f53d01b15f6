"""From nothing to the first payment by the command line: an organization with a shop, and the key to Stripe."""

import re
from dataclasses import replace

from paydesk.operations.founding import Created
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import ADDRESS, Api, Running, Stripe

OPENING = ("organization", "create", "Acme Books", "--slug", "books", "--with-shop", "eur", "--country", "it")


def credentials(said: Said, kind: str) -> tuple[str, str]:
    """A new application's id and secret, as they were told."""
    found = re.search(rf"^{kind}  .*\n +client_id +(\S+)\n +client_secret +(\S+)$", said.out, re.M)
    assert found is not None, said.out
    return found[1], found[2]


async def storefront(api: Api, said: Said, kind: str) -> Api:
    """The same server, asked with the credentials that were told."""
    made = Created(kind.partition(",")[0], "test", kind, *credentials(said, kind))
    known = replace(api.founded, applications={**api.founded.applications, kind: made})
    other = Api(api.app, api.http, known, api.stripe)
    scope = {"scope": "market:code:main"} if kind.startswith("sales_channel") else {}
    other.token = await other.log_in(kind, **scope)
    return other


async def test_a_new_organization_sells_once_its_gateway_has_a_key(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        said = await paydesk(running, *OPENING)
        assert (said.status, said.out.splitlines()[-1]) == (0, "To be paid by Stripe: paydesk gateways add -o books")
        office = await storefront(api, said, "integration, test")
        found = {}
        for type, name in (
            ("markets", "test market"),
            ("price_lists", "  price list"),
            ("shipping_categories", "  shipping category"),
        ):
            (one,) = (await office.get(type)).data
            assert f"\n{name.ljust(22)}{one['id']}\n" in said.out
            assert (one["attributes"]["name"], one["attributes"]["code"]) == ("Acme Books", "main")
            found[type] = {"type": type, "id": one["id"]}
        added = await paydesk(
            running, "gateways", "add", "-o", "books", "--stdin", "--publishable-key", "pk_test_x", given=account.key
        )
        assert (added.status, account.key in added.out + added.err) == (0, False)
        assert added.lines[-1] == "pays for orders of  Acme Books"
        category, prices = found["shipping_categories"], found["price_lists"]
        goods = {"code": "BOOK", "name": "A book", "do_not_ship": True, "do_not_track": True}
        sku = await office.create("skus", goods, shipping_category=category)
        await office.create("prices", {"amount_cents": 4500}, sku=sku, price_list=prices)

        front = await storefront(api, said, "sales_channel, test")
        order = await front.create("orders", {"customer_email": "ada@example.com"})
        await front.create("line_items", {"sku_code": "BOOK", "quantity": 2}, order=order)
        address = await front.create("addresses", ADDRESS)
        (method,) = (await front.get(f"orders/{order.id}/available_payment_methods")).data
        await front.update(order, billing_address=address, payment_method={k: method[k] for k in ("type", "id")})
        payment = await front.create("stripe_payments", order=order)
        assert payment["publishable_key"] == "pk_test_x"
        await account.confirm(payment["stripe_id"])
        await office.update(payment, {"_refresh": True})
        placed = await office.get(order)
        assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
        assert placed["formatted_total_amount_with_taxes"] == "€90,00"
        assert [one.amount for one in await account.intents()] == [9000]


async def test_a_key_in_the_environment_makes_the_gateway_with_the_shop(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        said = await paydesk(running, *OPENING, PAYDESK_STRIPE_SECRET_KEY=account.key)
        assert said.status == 0
        assert said.lines[-1] == "pays for orders of  Acme Books"
        assert account.key not in said.out + said.err
        office = await storefront(api, said, "integration, test")
        (gateway,) = (await office.get("stripe_gateways")).data
        again = await paydesk(running, "gateways", "add", "-o", "books", PAYDESK_STRIPE_SECRET_KEY=account.key)
        assert (again.status, again.out) == (1, "")
        assert again.err.splitlines() == [
            f"error: There is a gateway Stripe for test payments of books: {gateway['id']}.",
            f"  `paydesk gateways rekey {gateway['id']}` gives it another key; --name names a second one.",
        ]
        assert len((await office.get("payment_methods")).data) == 1
        live = await storefront(api, said, "integration, live")
        assert len((await live.get("markets")).data) == 1
        assert (await live.get("stripe_gateways")).data == []


async def test_a_currency_or_country_that_is_none_makes_nothing(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        before = await api.rows("organizations", "slug")
        for wrong, told in (
            (("--with-shop", "EURO"), "currency: EURO is no currency of ISO 4217, such as EUR"),
            (("--with-shop", "EUR", "--country", "Italy"), "country: ITALY is no country of ISO 3166, such as IT"),
        ):
            said = await paydesk(running, "organization", "create", "Books", *wrong)
            assert (said.status, said.err) == (2, f"error: {told}\n")
        said = await paydesk(running, "gateways", "add", "-o", "nobodys", PAYDESK_STRIPE_SECRET_KEY=account.key)
        assert (said.status, said.err) == (1, "error: There is no organization with the slug nobodys.\n")
        said = await paydesk(running, "gateways", "add", "-o", "acme", PAYDESK_STRIPE_SECRET_KEY="sk_test_short")
        assert said.status == 1
        assert "sk_test_short" not in said.err
        assert await api.rows("organizations", "slug") == before
        assert await api.rows("payment_methods", "id") == []
