"""organizations: the shop itself, one record for both environments."""

from __future__ import annotations

from paydesk.declare import ALWAYS, WRITE, Access, boolean, constant, document, hidden, integer, number, string
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class Organization(
    Resource,
    type="organizations",
    singular="organization",
    singleton=True,
    actions=("retrieve",),
    tenancy="organization",
    versions=False,
    server_wide=(("slug",),),
    access=Access(guest="S", customer="S", guest_sees=ALWAYS, customer_sees=ALWAYS),
):
    """The account that everything else belongs to, with the switches that tune how orders and addresses behave.

    Source: Commerce Layer, "Organizations". Switches of features that this server does not have are constant.
    """

    name = string(WRITE, example="The Blue Brand", doc="What people call it.")
    slug = string(example="the-blue-brand", doc="Its first label in host names.")
    domain = string(example="the-blue-brand.commercelayer.io", doc="The host its API is known by.")
    support_phone = string(WRITE, example="+01 30800857", doc="Where shoppers call.")
    support_email = string(WRITE, example="support@bluebrand.com", doc="Where shoppers write.")
    logo_url = string(WRITE, example="https://bluebrand.com/img/logo.svg", doc="Its logo.")
    favicon_url = string(WRITE, example="https://bluebrand.com/img/favicon.ico", doc="Its favicon.")
    primary_color = string(WRITE, example="#C8984E", doc="Main colour of the checkout, as hexadecimal.")
    gtm_id = string(WRITE, example="GTM-5FJXX6", doc="Google Tag Manager id of the live environment.")
    gtm_id_test = string(WRITE, example="GTM-5FJXX7", doc="Google Tag Manager id of the test environment.")
    config = document(doc="Settings of the storefront applications.")
    api_auth_redirect = constant(
        "boolean", True, example=True, doc="Answers token requests on the organization's own host."
    )
    api_rules_engine = constant("boolean", False, example=False, doc="The rules engine is on.")
    api_rules_engine_max_conditions_size = constant("integer", 150, example=150, doc="Most conditions of one rule.")
    api_rules_engine_max_rules_size = constant("integer", 15, example=15, doc="Most rules of one record.")
    api_new_auth = constant("boolean", True, example=True, doc="Tokens come from the authentication host.")
    api_purge_single_resource = constant("boolean", False, example=False, doc="Caches are purged record by record.")
    api_max_regex_length = constant("integer", 5000, example=5000, doc="Longest regular expression accepted.")
    addresses_avs_check = boolean(
        default=True, example=True, doc="The shipping address is told to the payment gateway."
    )
    addresses_phone_required = boolean(default=True, example=True, doc="An address needs a phone number.")
    orders_sales_channel_guest_only = constant(
        "boolean", True, example=True, doc="A sales channel without owner reaches guest orders only."
    )
    orders_min_rebuild_shipments_lapse = constant(
        "float", 0, example=0.0, doc="Seconds between two rebuilds of an order's shipments."
    )
    orders_min_refresh_lapse = number(
        default=0, example=0.0, doc="Seconds between two automatic refreshes of an order."
    )
    orders_autorefresh_cutoff_test = integer(
        default=50, example=50, doc="Line items beyond which a test order stops refreshing by itself."
    )
    orders_autorefresh_cutoff_live = integer(
        default=500, example=500, doc="Line items beyond which a live order stops refreshing by itself."
    )
    orders_number_editable_test = boolean(
        default=False, example=False, doc="Integrations may choose the number of a test order."
    )
    orders_number_editable_live = boolean(
        default=False, example=False, doc="Integrations may choose the number of a live order."
    )
    orders_number_as_reference = boolean(
        default=True, example=True, doc="The order number is told to the payment gateway."
    )
    orders_invalid_coupon_errors = boolean(
        default=True, example=True, doc="An unknown coupon code is an error; otherwise it is ignored."
    )
    orders_invalid_gift_card_errors = boolean(
        default=True, example=True, doc="An unknown gift card code is an error; otherwise it is ignored."
    )
    orders_validate_shipping_stock = constant(
        "boolean", False, example=False, doc="Stock is checked once more at placement."
    )
    bundles_max_items_count = constant("integer", 10, example=10, doc="Most skus of one bundle.")
    coupons_min_code_length = constant("integer", 8, example=8, doc="Shortest coupon code.")
    coupons_max_code_length = constant("integer", 40, example=40, doc="Longest coupon code.")
    gift_cards_exact_code_matching = constant(
        "boolean", False, example=False, doc="Gift card codes match as a whole only."
    )
    gift_cards_min_code_length = constant("integer", 8, example=8, doc="Shortest gift card code.")
    gift_cards_max_code_length = constant("integer", 40, example=40, doc="Longest gift card code.")
    cleanups_max_concurrent_count = constant("integer", 10, example=10, doc="Most cleanups at a time.")
    exports_max_concurrent_count = constant("integer", 10, example=10, doc="Most exports at a time.")
    imports_max_concurrent_count = constant("integer", 10, example=10, doc="Most imports at a time.")
    imports_purge_cache = constant("boolean", True, example=True, doc="An import purges caches.")
    imports_skip_errors = constant("boolean", False, example=False, doc="An import goes on after errors.")
    inventory_models_max_stock_locations_cutoff = constant(
        "integer", 10, example=10, doc="Most stock locations of one inventory model."
    )
    promotions_max_concurrent_count = constant("integer", 10, example=10, doc="Most promotions active at a time.")
    promotions_max_conditions_size = constant("integer", 150, example=150, doc="Most conditions of a promotion's rule.")
    promotions_max_rules_size = constant("integer", 15, example=15, doc="Most rules of a promotion.")
    price_lists_max_conditions_size = constant(
        "integer", 150, example=150, doc="Most conditions of a price list's rule."
    )
    price_lists_max_rules_size = constant("integer", 15, example=15, doc="Most rules of a price list.")
    imports_trigger_webhooks = constant("integer", False, example="false", doc="An import triggers webhooks.")
    discount_engines_enabled = constant("boolean", False, example=False, doc="External discount engines are on.")
    discount_engines_errors = constant("boolean", False, example=False, doc="A failing discount engine is an error.")
    tags_max_name_length = constant("integer", 25, example=25, doc="Longest tag name.")
    tags_max_allowed_number = constant("integer", 10, example=10, doc="Most tags of one record.")
    tax_calculators_errors = constant("boolean", False, example=False, doc="A failing tax calculator is an error.")
    external_promotions_errors = constant(
        "boolean", False, example=False, doc="A failing external promotion is an error."
    )
    external_prices_errors = constant("boolean", True, example=True, doc="A failing external price is an error.")
    captures_before_end_hours = hidden(
        "integer", doc="How many hours before its end what is authorized is captured by itself; null: it is not."
    )
    captures_shipped = hidden("boolean", doc="What a shipment comes to is captured by itself once it has left.")
    codes_matched_since = hidden("datetime", doc="Since when expressions match codes of skus; null: there were none.")


def told(organization: Organization | None, name: str) -> bool | int | float:
    """What an organization says of `name`, otherwise what it says unless told otherwise."""
    value: bool | int | float = getattr(organization, name, Organization.shape.fields[name].default)
    return value


def setting(work: Work, name: str) -> bool | int | float:
    """What the caller's organization says of `name`."""
    return told(work.settings.get("organization"), name)
