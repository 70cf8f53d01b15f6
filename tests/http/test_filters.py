"""Every predicate against real rows: which ids fulfil it, on both databases."""

import pytest

from paydesk.commerce.payments.voids import Void
from tests.http.world import World

ALPHA, ECLAIR, PERCENT, LETTER, PLAIN = "skuAlpha", "skuEclair", "skuPercent", "skuLetter", "skuPlain"
SKUS = [ALPHA, ECLAIR, PERCENT, LETTER, PLAIN]
FULL, PLACED, DRAFT, OLD, LONE = "ordFull", "ordPlaced", "ordDraft", "ordOld", "ordLone"
ORDERS = [FULL, PLACED, DRAFT, OLD, LONE]
EUR, ECLAIR_EUR, USD, LARGE = "prcAlphaEur", "prcEclairEur", "prcAlphaUsd", "prcPercentUsd"
PRICES = [EUR, ECLAIR_EUR, USD, LARGE]


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        # Equality, of which no null is a part.
        ("code_eq", "ALPHA", [ALPHA]),
        ("code_eq", "alpha", []),
        ("code_not_eq", "ALPHA", [ECLAIR, PERCENT, LETTER, PLAIN]),
        ("reference_eq", "", [PLAIN]),
        ("reference_not_eq", "r1", [PERCENT, PLAIN]),
        ("reference_eq_or_null", "r1", [ALPHA, ECLAIR, LETTER]),
        ("reference_not_eq_or_null", "r1", [ECLAIR, PERCENT, LETTER, PLAIN]),
        ("reference_in", "r1,R1,zz", [ALPHA, PERCENT]),
        ("reference_not_in", "r1,zz", [PERCENT, PLAIN]),
        ("reference_in_or_null", "r1", [ALPHA, ECLAIR, LETTER]),
        ("reference_not_in_or_null", "r1,R1", [ECLAIR, LETTER, PLAIN]),
        ("reference_not_eq_all", "r1,R1", [PLAIN]),
        ("id_in", "skuAlpha,skuPlain,skuOther,skuLive", [ALPHA, PLAIN]),
        ("id_eq", "skuAlpha", [ALPHA]),
        ("id_not_in", "skuAlpha,skuPlain", [ECLAIR, PERCENT, LETTER]),
        # Patterns, whatever the case of a letter in any alphabet.
        ("name_cont", "ALPHA", [ALPHA, LETTER]),
        ("name_cont", "éclair", [ECLAIR]),
        ("name_cont", "CRÈME", [ECLAIR]),
        ("name_start", "ÉCL", [ECLAIR]),
        ("name_start", "ЖЖ", [LETTER]),
        ("name_end", "οδος".replace("ς", "σ"), [PERCENT]),
        ("name_cont", "ΣTR", []),
        ("name_cont", "STRAß", [PERCENT]),
        ("name_not_cont", "alpha", [ECLAIR, PERCENT, PLAIN]),
        ("name_not_start", "é", [ALPHA, PERCENT, LETTER, PLAIN]),
        ("name_not_end", "A", [ECLAIR, PERCENT, PLAIN]),
        ("description_not_cont", "x", [ECLAIR, PERCENT, LETTER, PLAIN]),
        ("description_not_cont", "", []),
        ("description_cont", "", [ECLAIR, PERCENT, LETTER, PLAIN]),
        ("name_start_any", "al,pl", [ALPHA, PLAIN]),
        ("name_cont_all", "a,l,p,h", [ALPHA, LETTER]),
        ("name_cont_any", "ß,Ж", [PERCENT, LETTER]),
        ("name_end_any", "a,n", [ALPHA, LETTER, PLAIN]),
        ("name_end_all", "a,ha", [ALPHA, LETTER]),
        ("name_not_cont_all", "a,e", []),
        ("name_not_cont_any", "a,e", [ALPHA, LETTER, PLAIN]),
        ("name_not_start_any", "a,p", SKUS),
        ("name_not_end_all", "a,n", [ECLAIR, PERCENT]),
        # What the caller writes is literal, wildcards and the escape sign too; but in `matches`.
        ("code_start", "50%", [PERCENT]),
        ("code_cont", "0%_o", [PERCENT]),
        ("code_cont", "_", [PERCENT, LETTER]),
        ("description_cont", "\\", [PERCENT]),
        ("description_end", "\\b", [PERCENT]),
        ("description_start", "100%", [PLAIN]),
        ("description_cont", "\n", [LETTER]),
        ("code_matches", "50__off", [PERCENT, LETTER]),
        ("code_matches", "50\\%\\_off", [PERCENT]),
        ("code_matches", "%A%", [ALPHA, ECLAIR, PLAIN]),
        ("code_matches", "alpha", [ALPHA]),
        ("code_matches", "%", SKUS),
        ("code_matches", "_", []),
        ("description_matches", "a\\b", [PERCENT]),
        ("description_matches", "%\\", []),
        ("name_matches", "é%", [ECLAIR]),
        ("code_does_not_match", "%a%", [PERCENT, LETTER]),
        ("code_matches_any", "ALPHA,p%", [ALPHA, PLAIN]),
        ("code_matches_all", "%a,%l%", [ALPHA]),
        ("code_does_not_match_any", "%a%,%x%", SKUS),
        ("code_does_not_match_all", "%a%,%x%", [PERCENT]),
        # Present and blank, null and not null, true and false.
        ("description_present", "true", [PERCENT, LETTER, PLAIN]),
        ("description_present", "false", [ALPHA, ECLAIR]),
        ("description_blank", "1", [ALPHA, ECLAIR]),
        ("description_blank", "0", [PERCENT, LETTER, PLAIN]),
        ("description_null", "true", [ALPHA]),
        ("description_null", "false", [ECLAIR, PERCENT, LETTER, PLAIN]),
        ("description_not_null", "true", [ECLAIR, PERCENT, LETTER, PLAIN]),
        ("description_not_null", "0", [ALPHA]),
        ("metadata_present", "true", [ECLAIR, PERCENT, LETTER]),
        ("metadata_blank", "true", [ALPHA, PLAIN]),
        ("metadata_blank", "false", [ECLAIR, PERCENT, LETTER]),
        ("metadata_null", "true", []),
        ("do_not_ship_true", "true", [ALPHA, LETTER]),
        ("do_not_ship_true", "false", [ECLAIR, PERCENT, PLAIN]),
        ("do_not_ship_false", "1", [ECLAIR, PERCENT, PLAIN]),
        ("do_not_ship_false", "0", [ALPHA, LETTER]),
        ("do_not_ship_eq", "1", [ALPHA, LETTER]),
        ("do_not_ship_not_eq", "true", [ECLAIR, PERCENT, PLAIN]),
        ("do_not_ship_in", "true,false", SKUS),
        ("do_not_ship_not_null", "true", SKUS),
        # JSON containment, as PostgreSQL means it.
        ("metadata_jcont", '{"foo":"bar"}', [ECLAIR]),
        ("metadata_jcont", '{"foo":"BAR"}', []),
        ("metadata_jcont", '{"n":1}', [ECLAIR, PERCENT]),
        ("metadata_jcont", '{"n":"1"}', []),
        ("metadata_jcont", '{"foo":{"bar":[2]}}', [PERCENT]),
        ("metadata_jcont", '{"foo":{"bar":[{"x":null},1,1]}}', [PERCENT]),
        ("metadata_jcont", '{"foo":{"bar":[{}]}}', [PERCENT]),
        ("metadata_jcont", '{"foo":{"bar":[3]}}', []),
        ("metadata_jcont", '{"foo":{"bar":2}}', []),
        ("metadata_jcont", '{"foo":{}}', [PERCENT]),
        ("metadata_jcont", '{"t":true}', [LETTER]),
        ("metadata_jcont", '{"t":1}', []),
        ("metadata_jcont", '{"list":["b","a"]}', [LETTER]),
        ("metadata_jcont", '{"list":"a"}', []),
        ("metadata_jcont", '{"list":[]}', [LETTER]),
        ("metadata_jcont", "{}", SKUS),
        # Several attributes; `_and_` binds closer than `_or_`.
        ("code_or_name_eq", "plain", [PLAIN]),
        ("code_or_description_cont", "off", [PERCENT, LETTER]),
        ("code_and_name_cont", "a", [ALPHA, ECLAIR, PLAIN]),
        ("reference_or_code_and_name_cont", "alpha", [ALPHA]),
        ("created_at_or_updated_at_gt", "2023-01-01T00:14:00Z", [PLAIN]),
        # To-many relationships: any row will do, and no record comes twice.
        ("prices_amount_cents_gt", "500", [ALPHA, PERCENT]),
        ("prices_amount_cents_lt", "500", [ECLAIR]),
        ("prices_price_list_code_eq", "usd", [ALPHA, PERCENT]),
        ("prices_price_list_name_cont", "O", [ALPHA, ECLAIR, PERCENT]),
        ("prices_id_eq", "prcAlphaUsd", [ALPHA]),
        ("prices_compare_at_amount_cents_null", "true", [ECLAIR, PERCENT]),
    ],
)
def test_skus_that_fulfil_a_filter(world: World, name: str, value: str, ids: list[str]) -> None:
    assert world.filtered("skus", **{name: value}) == ids


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("total_amount_cents_eq", "1100", [PLACED, LONE]),
        ("total_amount_cents_gt", "1100", [FULL]),
        ("total_amount_cents_gteq", "1100", [FULL, PLACED, LONE]),
        ("total_amount_cents_lt", "0", [OLD]),
        ("total_amount_cents_lteq", "-5", [OLD]),
        ("total_amount_cents_gt_any", "1100,2000", [FULL]),
        ("total_amount_cents_gteq_any", "1100,2250", [FULL, PLACED, LONE]),
        ("total_amount_cents_gteq_all", "1100,2250", [FULL]),
        ("total_amount_cents_lt_any", "0,1100", [DRAFT, OLD]),
        ("total_amount_cents_lteq_all", "0,1100", [DRAFT, OLD]),
        ("total_amount_cents_in", "-5,0", [DRAFT, OLD]),
        ("total_amount_cents_not_in", "0,1100", [FULL, OLD]),
        ("placed_at_null", "true", [FULL, DRAFT]),
        ("placed_at_present", "true", [PLACED, OLD, LONE]),
        ("placed_at_blank", "true", [FULL, DRAFT]),
        ("placed_at_eq", "2024-05-01T10:00:00Z", [PLACED]),
        ("placed_at_eq", "2024-05-01T12:00:00.001+02:00", [LONE]),
        ("placed_at_gt", "2024-05-01T10:00:00.000Z", [LONE]),
        ("placed_at_gteq", "2024-05-01", [PLACED, LONE]),
        ("placed_at_lt", "1970-01-01", [OLD]),
        ("placed_at_lteq", "1969-12-31T23:59:59.500Z", [OLD]),
        ("placed_at_lt", "1969-12-31T23:59:59.500Z", []),
        ("placed_at_not_eq", "2024-05-01T10:00:00Z", [OLD, LONE]),
        ("placed_at_not_eq_or_null", "2024-05-01T10:00:00Z", [FULL, DRAFT, OLD, LONE]),
        ("placed_at_gt_any", "2000-01-01,2030-01-01", [PLACED, LONE]),
        ("placed_at_gt_all", "1900-01-01,2000-01-01", [PLACED, LONE]),
        ("placed_at_gt", "0001-01-01", [PLACED, OLD, LONE]),
        ("placed_at_lt", "9999-12-31T23:59:59.999Z", [PLACED, OLD, LONE]),
        ("status_eq", "pending", [FULL]),
        ("status_in", "placed,approved", [PLACED, OLD]),
        ("status_not_in", "placed,approved,cancelled", [FULL, DRAFT]),
        ("guest_true", "true", [PLACED, DRAFT, OLD, LONE]),
        # To-one relationships: what has none fulfils nothing, not even a negation.
        ("market_name_eq", "Europe", [FULL, DRAFT, OLD]),
        ("market_name_not_eq", "Europe", [PLACED]),
        ("market_reference_null", "true", [FULL, DRAFT, OLD]),
        ("market_reference_present", "true", [PLACED]),
        ("market_id_eq", "mktUsa", [PLACED]),
        ("market_id_not_eq", "mktUsa", [FULL, DRAFT, OLD]),
        ("market_id_null", "true", [LONE]),
        ("market_id_in", "mktUsa,mktEurope", [FULL, PLACED, DRAFT, OLD]),
        ("market_price_list_tax_included_true", "false", [PLACED]),
        ("market_price_list_code_start", "EU", [FULL, DRAFT, OLD]),
        ("customer_email_eq", "Ada@Example.com", [FULL]),
        ("customer_status_eq", "prospect", [FULL, PLACED, OLD]),
        ("customer_email_or_market_name_cont", "usa", [PLACED]),
        ("billing_address_city_cont", "TORINO", [FULL]),
        ("billing_address_lat_gt", "45", [FULL]),
        ("billing_address_lat_lteq", "45.07", [FULL]),
        ("line_items_sku_code_eq", "ALPHA", [FULL, PLACED]),
        ("line_items_sku_code_null", "true", [PLACED]),
        ("line_items_quantity_gt", "1", [FULL]),
        ("line_items_name_cont", "éclair", [FULL]),
        ("line_items_item_type_eq", "skus", [FULL, PLACED]),
        ("coupon_code_null", "true", ORDERS),
        ("coupon_code_eq", "X", []),
        ("circuit_state_eq", "closed", ORDERS),
        ("metadata_jcont", '{"channel":"web"}', [FULL]),
    ],
)
def test_orders_that_fulfil_a_filter(world: World, name: str, value: str, ids: list[str]) -> None:
    assert world.filtered("orders", **{name: value}) == ids


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("amount_cents_gt", "8999999999", [LARGE]),
        ("amount_cents_lteq", "250", [ECLAIR_EUR]),
        ("compare_at_amount_cents_gt", "1100", [EUR]),
        ("compare_at_amount_cents_not_eq", "1500", [USD]),
        ("compare_at_amount_cents_null", "true", [ECLAIR_EUR, LARGE]),
        ("compare_at_amount_cents_in_or_null", "1500", [EUR, ECLAIR_EUR, LARGE]),
        ("price_list_tax_included_true", "true", [EUR, ECLAIR_EUR]),
        ("price_list_id_in", "lstUsd", [USD, LARGE]),
        ("sku_name_start", "é", [ECLAIR_EUR]),
        ("sku_metadata_jcont", '{"foo":"bar"}', [ECLAIR_EUR]),
        ("sku_do_not_ship_true", "true", [EUR, USD]),
        ("sku_description_blank", "true", [EUR, ECLAIR_EUR, USD]),
        ("sku_prices_amount_cents_eq", "1100", [EUR, USD]),
        ("price_list_name_or_sku_code_cont", "o", [EUR, ECLAIR_EUR, USD, LARGE]),
        ("sku_code_eq", "ALPHA", [EUR, USD]),
        ("sku_code_in", "ALPHA,50%_off", [EUR, USD, LARGE]),
    ],
)
def test_prices_that_fulfil_a_filter(world: World, name: str, value: str, ids: list[str]) -> None:
    assert world.filtered("prices", **{name: value}) == ids


@pytest.mark.parametrize(
    ("type_", "query", "ids"),
    [
        ("skus", "filter[ids]=skuPlain,skuAlpha,nope", [ALPHA, PLAIN]),
        ("skus", "filter[codes]=ALPHA,plain", [ALPHA, PLAIN]),
        ("skus", "filter[code]=plain", [PLAIN]),
        ("skus", "filter[created_at_from]=2023-01-01T00:14:00Z", [LETTER, PLAIN]),
        ("skus", "filter[created_at_to]=2023-01-01T00:11:00Z", [ALPHA]),
        (
            "skus",
            "filter[created_at_from]=2023-01-01T00:13:00Z&filter[created_at_to]=2023-01-01T00:14:00Z",
            [PERCENT, LETTER],
        ),
        ("orders", "filter[market_id]=mktUsa", [PLACED]),
        ("orders", "filter[status]=pending", [FULL]),
        ("orders", "filter[q][status_in]=pending,draft&filter[q][guest_true]=true", [DRAFT]),
        ("orders", "filter[placed_at_from]=2024-05-01T10:00:00.001Z", [LONE]),
        ("line_items", "filter[order_id]=ordFull", ["linAlpha", "linEclair"]),
        ("prices", "filter[sku_codes]=ALPHA,50%25_off", [EUR, USD, LARGE]),
        ("prices", "filter[sku_ids]=skuEclair", [ECLAIR_EUR]),
        ("skus", "filter[q][name_cont]=cr%C3%A8me", [ECLAIR]),
        ("skus", "filter%5Bq%5D%5Bname_eq%5D=%C3%89CLAIR+cr%C3%A8me", [ECLAIR]),
    ],
)
def test_plain_filters_and_how_they_are_written(world: World, type_: str, query: str, ids: list[str]) -> None:
    assert world.get(f"{type_}?sort=created_at&page[size]=25&{query}").ids == ids


def test_transactions_are_found_by_whether_they_succeeded(fresh: World) -> None:
    booked = {"type": "voids", "amount_cents": 1, "currency_code": "EUR", "order_id": "ordOld"}
    fresh.write(
        "shop/test",
        (Void, "voiYes", {**booked, "number": "104/T/001", "object_key": "1", "succeeded": True}),
        (Void, "voiNo", {**booked, "number": "104/T/002", "object_key": "2", "succeeded": False}),
    )
    for type_ in ("voids", "transactions"):
        assert fresh.filtered(type_, succeeded="true") == ["voiYes"]
        assert fresh.filtered(type_, succeeded="0", order_number_eq="104") == ["voiNo"]
    assert fresh.get("orders/ordOld/voids?filter[q][succeeded]=1").ids == ["voiYes"]
    for type_ in ("authorizations", "captures", "refunds"):
        assert fresh.filtered(type_, succeeded="true") == []


def test_the_count_is_that_of_the_filter(world: World) -> None:
    first = world.get("skus?filter[q][code_cont]=l&page[size]=1").document
    assert first["meta"] == {"record_count": 2, "page_count": 2}
    assert [one["id"] for one in first["data"]] == [PLAIN]
