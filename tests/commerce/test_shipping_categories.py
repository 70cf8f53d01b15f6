"""Goods are sent by the ways that their shipping category allows; each sku is of one."""

import pytest

from tests.commerce.conftest import Refused, Shop


async def test_a_sku_is_of_one_category_and_is_found_by_it(shop: Shop) -> None:
    sent = await shop.integration.create("shipping_categories", name="Merchandise", code="goods", reference="g-1")
    assert (sent["name"], sent["code"], sent["reference"]) == ("Merchandise", "goods", "g-1")
    sku = await shop.integration.create("skus", {"shipping_category": sent}, code="HAT", name="Hat")
    await shop.sku("COAT", 100)
    found = await shop.integration.list(f"skus?filter[q][shipping_category_id_eq]={sent.id}")
    assert [one["code"] for one in found] == ["HAT"]
    assert [one["code"] for one in await shop.integration.list(f"shipping_categories/{sent.id}/skus")] == ["HAT"]
    document = await shop.integration.send("GET", f"skus/{sku.id}?include=shipping_category")
    assert document["data"]["relationships"]["shipping_category"]["data"] == sent.link
    assert [one["attributes"]["name"] for one in document["included"]] == ["Merchandise"]


async def test_a_sku_needs_a_category_and_keeps_it(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        await shop.integration.create("skus", code="HAT", name="Hat")
    assert (refused.value.status, refused.value.said) == (422, [("/data/relationships/shipping_category", "blank")])
    assert await shop.integration.list("skus") == []
    sku = await shop.sku("HAT", None)
    with pytest.raises(Refused) as refused:
        await shop.integration.update(sku, {"shipping_category": None})
    assert refused.value.said == [("/data/relationships/shipping_category", "blank")]
    other = await shop.integration.create("shipping_categories", name="Bulky")
    await shop.integration.update(sku, {"shipping_category": other})
    assert [one["code"] for one in await shop.integration.list(f"shipping_categories/{other.id}/skus")] == ["HAT"]


async def test_a_category_with_skus_is_not_deleted(shop: Shop) -> None:
    category = await shop.integration.create("shipping_categories", name="Merchandise")
    sku = await shop.integration.create("skus", {"shipping_category": category}, code="HAT", name="Hat")
    with pytest.raises(Refused) as refused:
        await shop.integration.send("DELETE", f"shipping_categories/{category.id}")
    assert refused.value.status == 423
    await shop.integration.send("DELETE", f"skus/{sku.id}")
    await shop.integration.send("DELETE", f"shipping_categories/{category.id}")
    assert await shop.integration.list("shipping_categories") == []


async def test_a_guest_reads_none(shop: Shop) -> None:
    category = await shop.integration.create("shipping_categories", name="Merchandise")
    for path in ("shipping_categories", f"shipping_categories/{category.id}"):
        with pytest.raises(Refused) as refused:
            await shop.guest.send("GET", path)
        assert refused.value.status == 401
