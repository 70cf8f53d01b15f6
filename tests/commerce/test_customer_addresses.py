"""Address books: kept by customers, by orders and by the back office, each customer's own."""

from typing import Any

import pytest

from tests.commerce.conftest import ADDRESS, Client, Record, Refused, Shop

BILLING, SHIPPING = (f"_save_{which}_address_to_customer_address_book" for which in ("billing", "shipping"))
NAME = "Ada Rossi, Via Garibaldi 12, 10122 Torino TO (IT) +39 011 0000000"


async def account(shop: Shop, name: str) -> tuple[Record, Client]:
    customer = await shop.guest.create("customers", email=f"{name}@example.com", password="secret")
    return customer, shop.signed_in(customer)


async def refused(attempt: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as raised:
        await attempt
    return raised.value.status, raised.value.said


async def book(caller: Client) -> list[Record]:
    return await caller.list("customer_addresses?sort=created_at,id")


async def test_a_customer_keeps_and_forgets_addresses(shop: Shop) -> None:
    ada, client = await account(shop, "ada")
    address = await client.create("addresses", **ADDRESS)
    kept = await client.create("customer_addresses", {"customer": ada, "address": address}, reference="home")
    assert (kept["name"], kept["customer_email"], kept["reference"]) == (NAME, "ada@example.com", "home")
    await client.update(address, reference=kept.id, city="Milano")
    listed = await client.send("GET", "customer_addresses?include=address&page[size]=10&page[number]=1")
    assert listed["meta"] == {"record_count": 1, "page_count": 1}
    assert [one["attributes"]["reference"] for one in listed["included"]] == [kept.id]
    other = await client.create("addresses", **{**ADDRESS, "country_code": "FR"})
    changed = await client.update(kept, {"address": other}, metadata={"a": 1})
    assert (changed["metadata"], changed["name"]) == ({"a": 1}, NAME.replace("(IT)", "(FR)"))
    of_customer = await client.get(ada, "customer_addresses.address")
    assert of_customer.related("customer_addresses") == [kept.link]
    assert [one.id for one in await client.list("customer_addresses?filter[country_code]=FR")] == [kept.id]
    assert await client.list("customer_addresses?filter[country_code]=IT") == []
    await client.delete(kept)
    assert await book(client) == []
    assert (await client.get(other))["country_code"] == "FR"


async def test_it_is_in_the_book_of_whose_token_or_email_it_comes_with(shop: Shop) -> None:
    ada, client = await account(shop, "ada")
    eve, _ = await account(shop, "eve")

    async def address() -> Record:
        return await shop.integration.create("addresses", **ADDRESS)

    own = await client.create("customer_addresses", {"address": await address()})
    assert own["customer_email"] == "ada@example.com"
    office = shop.integration
    named = await office.create("customer_addresses", {"address": await address()}, customer_email="EVE@example.com")
    assert (await office.get(named, "customer")).related("customer") == eve.link
    for given, said in (
        ({}, ("/data/relationships/customer", "blank")),
        ({"customer_email": "nobody@example.com"}, ("/data/attributes/customer_email", "invalid")),
    ):
        attempt = office.create("customer_addresses", {"address": await address()}, **given)
        assert await refused(attempt) == (422, [said])
    attempt = office.create(
        "customer_addresses", {"customer": ada, "address": await address()}, customer_email="eve@example.com"
    )
    assert await refused(attempt) == (422, [("/data/attributes/customer_email", "invalid")])
    attempt = office.create("customer_addresses", {"customer": ada})
    assert await refused(attempt) == (422, [("/data/relationships/address", "blank")])
    assert await refused(office.update(own, {"customer": None})) == (422, [("/data/relationships/customer", "blank")])
    assert await refused(office.update(own, {"address": None})) == (422, [("/data/relationships/address", "blank")])
    assert len(await book(office)) == 2


async def test_it_is_nobody_elses(shop: Shop) -> None:
    ada, client = await account(shop, "ada")
    eve, stranger = await account(shop, "eve")
    address = await client.create("addresses", **ADDRESS)
    kept = await client.create("customer_addresses", {"address": address})
    assert await book(stranger) == []
    for attempt in (
        stranger.get(kept),
        stranger.update(kept, reference="x"),
        stranger.delete(kept),
        shop.guest.get(kept),
        shop.guest.list("customer_addresses"),
        shop.guest.create("customer_addresses", {"address": address}, customer_email="ada@example.com"),
        stranger.update(address, city="Milano"),
        shop.guest.update(address, city="Milano"),
        shop.guest.delete(address),
    ):
        assert (await refused(attempt))[0] == 401
    attempt = stranger.create("customer_addresses", {"customer": ada, "address": address})
    assert (await refused(attempt))[0] == 422
    # Whoever keeps what another has keeps a copy.
    copied = await stranger.create("customer_addresses", {"address": address})
    own = (await stranger.get(copied, "address")).related("address")
    assert own != address.link
    assert (await shop.integration.get(address))["city"] == "Torino"
    # What the back office brings in is shown once the address was proved: anybody may have opened the account.
    brought = await shop.integration.create("addresses", **ADDRESS)
    await shop.integration.create("customer_addresses", {"customer": ada, "address": brought})
    assert [one.id for one in await book(client)] == [kept.id]
    moved = await shop.integration.update(kept, {"customer": eve})
    assert moved["customer_email"] == "eve@example.com"
    assert (await book(client), [one.id for one in await book(stranger)]) == ([], [copied.id])


async def test_an_order_keeps_its_addresses_once(shop: Shop) -> None:
    _, client = await account(shop, "ada")
    billing = await client.create("addresses", **ADDRESS, reference="old", metadata={"a": 1})
    order = await client.create("orders", {"billing_address": billing})
    # What is not there is not kept, and costs nobody the order.
    await client.update(order, **{SHIPPING: True})
    assert await book(client) == []
    await client.update(order, _shipping_address_same_as_billing=True)
    await client.update(order, **{BILLING: True, SHIPPING: True})
    (kept,) = await book(client)
    assert kept["name"] == NAME
    (saved,) = (await client.get(kept, "address")).included
    assert saved["id"] != billing.id
    assert (saved["attributes"]["reference"], saved["attributes"]["metadata"]) == (kept.id, {"a": 1})
    # From the book to another order and back again.
    again = await client.create("orders")
    again = await client.update(again, _billing_address_clone_id=saved["id"])
    full = await client.get(again, "billing_address")
    assert full.included[0]["attributes"]["reference"] == kept.id
    await client.update(again, **{BILLING: True})
    assert [one.id for one in await book(client)] == [kept.id]
    taken = await client.update(again, {"billing_address": {"type": "addresses", "id": saved["id"]}})
    assert (await client.get(taken, "billing_address")).related("billing_address")["id"] != saved["id"]
    elsewhere = await client.create("addresses", **{**ADDRESS, "city": "Milano"})
    await client.update(again, {"billing_address": elsewhere}, **{BILLING: True})
    assert sorted(one["name"] for one in await book(client)) == [NAME.replace("Torino", "Milano"), NAME]


async def test_a_guest_and_a_stranger_keep_nothing(shop: Shop) -> None:
    _, client = await account(shop, "ada")
    address = await shop.guest.create("addresses", **ADDRESS)
    order = await shop.guest.create("orders", {"billing_address": address}, customer_email="ada@example.com")
    await shop.guest.update(order, **{BILLING: True})
    assert (await book(client), await book(shop.integration)) == ([], [])
    # The back office may; it is shown to the customer once the address was proved.
    await shop.integration.update(order, **{BILLING: True})
    assert (await book(client), len(await book(shop.integration))) == ([], 1)
    # The customer's own order says the same: the entry is the customer's own from then on.
    own = await client.create("orders", {"billing_address": await client.create("addresses", **ADDRESS)})
    await client.update(own, **{BILLING: True})
    assert [one.id for one in await book(client)] == [one.id for one in await book(shop.integration)]


async def test_a_customer_goes_with_the_book(shop: Shop) -> None:
    ada, client = await account(shop, "ada")
    address = await client.create("addresses", **ADDRESS)
    await client.create("customer_addresses", {"address": address})
    assert await refused(client.delete(address)) == (423, [("", "LOCKED")])
    await client.delete(ada)
    assert await book(shop.integration) == []


async def test_a_customer_with_what_was_brought_in_does_not_go_unproved(shop: Shop) -> None:
    ada, client = await account(shop, "ada")
    address = await shop.integration.create("addresses", **ADDRESS)
    await shop.integration.create("customer_addresses", {"customer": ada, "address": address})
    assert (await refused(client.delete(ada)))[0] == 401
    assert await refused(client.update(ada, email="mine@example.com")) == (
        422,
        [("/data/attributes/email", "unproved")],
    )
    assert len(await book(shop.integration)) == 1
