"""addresses: where things go and who is billed."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Denied
from paydesk.commerce.accounts.organizations import setting
from paydesk.declare import (
    ALWAYS,
    FILTER,
    FIND,
    WRITE,
    Access,
    boolean,
    constant,
    derived,
    number,
    string,
    to_many,
    to_one,
)
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_ISO_3166 = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_ISO_3166.split())
"""ISO 3166-1 alpha-2, and Kosovo's XK, which carriers and gateways use."""

_WITHOUT_ZIP_CODE = """
AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GQ GY HK IE JM KI KM KN KP LY ML MO MR
MW NR NU PA QA RW SB SC SL SR ST SX SY TD TG TK TL TO TV UG VU YE ZW
"""
WITHOUT_ZIP_CODE = frozenset(_WITHOUT_ZIP_CODE.split())
"""Countries that have no postal codes, or where an address is complete without one (Universal Postal Union)."""

_PLACE = ("line_1", "line_2", "zip_code", "city", "state_code", "country_code", "phone")
_HARMLESS = frozenset(("reference", "reference_origin", "metadata"))


def _is_blank(value: Any) -> bool:
    return value is None or not str(value).strip()


def full_name(business: bool | None, first_name: str | None, last_name: str | None, company: str | None) -> str:
    if business:
        return company or ""
    return " ".join(part for part in (first_name, last_name) if part)


def full_address(
    line_1: str | None,
    line_2: str | None,
    zip_code: str | None,
    city: str | None,
    state_code: str | None,
    country_code: str | None,
    phone: str | None,
) -> str:
    """`{line_1} {line_2}, {zip} {city} {state} ({country}) {phone}`, without what is not there."""
    street = " ".join(part for part in (line_1, line_2) if part)
    country = f"({country_code})" if country_code else None
    return f"{street}, {' '.join(part for part in (zip_code, city, state_code, country, phone) if part)}"


def full_name_and_address(
    business: bool | None, first_name: str | None, last_name: str | None, company: str | None, *place: str | None
) -> str:
    return f"{full_name(business, first_name, last_name, company)}, {full_address(*place)}"


def _are_given(lat: float | None, lng: float | None) -> bool:
    return lat is not None and lng is not None


class Address(
    Resource,
    type="addresses",
    singular="address",
    access=Access(
        guest="CSUD",
        customer="CSUD",
        guest_sees=ALWAYS,
        customer_sees=ALWAYS,
        guest_writes=ALWAYS,
        customer_writes=ALWAYS,
    ),
):
    """A postal address of an order, a customer or a merchant. Source: Commerce Layer, "Addresses"."""

    loads = ("billed_orders", "shipped_orders", "merchants", "books")

    business = boolean(WRITE | FILTER, default=False, example=False, doc="The address of a company.")
    first_name = string(WRITE | FILTER, example="John", doc="Required unless it is a company's.")
    last_name = string(WRITE | FILTER, example="Smith", doc="Required unless it is a company's.")
    company = string(WRITE | FILTER, example="The Red Brand Inc.", doc="Required for a company's address.")
    full_name = derived(
        "string",
        ("business", "first_name", "last_name", "company"),
        full_name,
        example="John Smith",
        doc="First and last name, or the company.",
    )
    line_1 = string(WRITE | FILTER, required=True, example="2883 Geraldine Lane", doc="Street and number.")
    line_2 = string(WRITE | FILTER, example="Apt.23", doc="Flat, floor, building.")
    city = string(WRITE | FIND, required=True, example="New York", doc="City.")
    zip_code = string(WRITE | FILTER, example="10013", doc="Required where the country has postal codes.")
    state_code = string(WRITE | FIND, example="NY", doc="State, province or region.")
    country_code = string(WRITE | FIND, required=True, example="US", doc="ISO 3166-1 alpha-2.")
    phone = string(
        WRITE | FILTER,
        example="(212) 646-338-1228",
        doc="Required unless the organization says otherwise.",
    )
    full_address = derived("string", _PLACE, full_address, example="text", doc="The whole address on one line.")
    name = derived(
        "string",
        ("business", "first_name", "last_name", "company", *_PLACE),
        full_name_and_address,
        example="text",
        doc="Full name and full address.",
    )
    email = string(WRITE | FILTER, example="john@example.com", doc="An e-mail address for this address.")
    notes = string(WRITE | FILTER, example="Please ring the bell twice", doc="For whoever delivers.")
    lat = number(WRITE | FILTER, example=40.6971494, doc="Latitude in degrees.")
    lng = number(WRITE | FILTER, example=-74.2598672, doc="Longitude in degrees.")
    is_localized = derived("boolean", ("lat", "lng"), _are_given, example=True, doc="Latitude and longitude are known.")
    is_geocoded = constant("boolean", False, example=True, doc="A geocoder found them.")
    provider_name = constant("string", example="google", doc="Which geocoder found them.")
    map_url = constant(
        "string",
        example="https://www.google.com/maps/search/?api=1&query=40.6971494,-74.2598672",
        doc="A map of the place.",
    )
    static_map_url = constant(
        "string",
        example="https://maps.googleapis.com/maps/api/staticmap?center=40.6971494,-74.2598672&size=640x320&zoom=15",
        doc="A picture of the map.",
    )
    billing_info = string(WRITE | FILTER, example="VAT ID IT02382940977", doc="VAT or tax number, codes for invoices.")
    geocoder = to_one("geocoders", WRITE)
    merchants = to_many("merchants", by="address", hidden=True)
    billed_orders = to_many("orders", by="billing_address", hidden=True)
    shipped_orders = to_many("orders", by="shipping_address", hidden=True)
    books = to_many("customer_addresses", by="address", hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Address:
        complete(change.values, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> None:
        self._is_open_to(work, harmless=change.values.keys() <= _HARMLESS)
        complete({**self.row(), **change.values}, work)
        work.change(self, **change.values)

    def updated(self, change: Change, work: Work) -> None:
        for order in (*self.billed_orders, *self.shipped_orders):
            order.moved(self, work)

    def deleting(self, work: Work) -> None:
        self._is_open_to(work)
        work.delete(self)

    def for_carrier(self) -> dict[str, str | None]:
        """Whom and where to ship to, in neutral words."""
        name = full_name(self.business, self.first_name, self.last_name, self.company)
        return {"name": name, **{part: getattr(self, part) for part in _PLACE}}

    def _is_open_to(self, work: Work, *, harmless: bool = False) -> None:
        """A shopper changes no address of a merchant's, of another's book or of another's order, whoever tells the id;
        nor, once an order is placed, where it goes.
        """
        if not work.actor.is_sales_channel:
            return
        if self.merchants:
            raise Denied("the address of a merchant")
        if any(entry.customer_id != work.actor.customer_id for entry in self.books):
            raise Denied("an address in another's book")
        for order in (*self.billed_orders, *self.shipped_orders):
            if not order.guest and order.customer_id != work.actor.customer_id:
                raise Denied("the address of another's order")
            if order.status not in ("draft", "pending") and not harmless:
                raise Denied("the address of a placed order")


def complete(address: dict[str, Any], work: Work) -> None:
    """Check that an address says enough to send something there, noting all that is missing.

    source   Commerce Layer, "Addresses", required attributes
    """
    needed = ["line_1", "city", "country_code"]
    needed += ["company"] if address.get("business") else ["first_name", "last_name"]
    if setting(work, "addresses_phone_required"):
        needed.append("phone")
    country = address.get("country_code")
    if country not in WITHOUT_ZIP_CODE:
        needed.append("zip_code")
    for name in needed:
        if _is_blank(address.get(name)):
            work.invalid(name, "blank")
    if not _is_blank(country) and country not in COUNTRIES:
        work.invalid("country_code", "invalid", value=country)
    for name, limit in (("lat", 90), ("lng", 180)):
        value = address.get(name)
        if value is not None and abs(value) > limit:
            work.invalid(name, "invalid", value=value)
    work.check()


_OWN = frozenset(("id", "created_at", "updated_at"))


def copy_of(address: Address, work: Work, **otherwise: Any) -> Address:
    """A new address that says the same. It keeps the reference, by which a saved address is found again.

    otherwise   what the copy says otherwise
    source      Commerce Layer, "Orders", `_billing_address_clone_id`; official checkout, saved addresses
    """
    said = {name: getattr(address, name) for name in Address.shape.columns if name not in _OWN}
    return work.create(Address, **{**said, **otherwise})


def are_the_same(one: Address, other: Address) -> bool:
    """Whether two addresses say the same, whatever they are referred to by."""
    said = Address.shape.columns.keys() - _OWN - _HARMLESS
    return all(getattr(one, name) == getattr(other, name) for name in said)
