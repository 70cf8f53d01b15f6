"""Names and places of the customers that are made up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

FIRST = (
    "Ada",
    "Bruno",
    "Carla",
    "Dario",
    "Elena",
    "Fabio",
    "Greta",
    "Hugo",
    "Irene",
    "Jonas",
    "Karin",
    "Luca",
    "Marta",
    "Nils",
    "Olga",
    "Paolo",
    "Rosa",
    "Sven",
    "Tina",
    "Ugo",
    "Vera",
    "Walter",
    "Yara",
    "Zeno",
)
LAST = (
    "Adler",
    "Bianchi",
    "Conti",
    "Ferrari",
    "Fischer",
    "Galli",
    "Hansen",
    "Huber",
    "Keller",
    "Lang",
    "Marino",
    "Moretti",
    "Neri",
    "Olsen",
    "Parker",
    "Ricci",
    "Rossi",
    "Sanders",
    "Schmidt",
    "Turner",
    "Vogel",
    "Weber",
    "Young",
    "Ziegler",
)
STREETS = ("Via Roma", "Via Garibaldi", "Lindenstrasse", "Bahnhofstrasse", "Oak Street", "Mill Road", "Park Avenue")


@dataclass(frozen=True)
class Region:
    """Where customers live; a market's taxes follow from its country and state.

    market   the place of its market among the demo's
    """

    market: int
    country: str
    state: str
    cities: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Person:
    """A customer, by the names that stand in orders.

    count   how many orders were placed, of which so many are the customer's `own`
    told    when the last of them was counted, in milliseconds since 1970
    """

    id: str
    email: str
    names: Sequence[str]
    count: int = 0
    own: int = 0
    told: int = 0

    @property
    def all_names(self) -> tuple[str, ...]:
        return (self.id, self.email, *self.names)


REGIONS = (
    Region(0, "IT", "TO", (("Torino", "10122"), ("Ivrea", "10015"), ("Pinerolo", "10064"))),
    Region(1, "US", "CA", (("Oakland", "94607"), ("Fresno", "93721"), ("Davis", "95616"))),
    Region(0, "DE", "BY", (("Augsburg", "86150"), ("Passau", "94032"), ("Bamberg", "96047"))),
    Region(1, "US", "TX", (("Austin", "78701"), ("Waco", "76701"), ("Laredo", "78040"))),
)

MODEL = ("Modelfirst", "Modellast", "1 Model Street", "Modelcity", "MODELZIP", "+00 123 MODEL")
"""What stands in the models for first and last name, street, city, zip code and phone."""


def model_address(region: Region) -> dict[str, str]:
    names = ("first_name", "last_name", "line_1", "city", "zip_code", "phone")
    return dict(zip(names, MODEL, strict=True)) | {"country_code": region.country, "state_code": region.state}


def made_up(region: Region, chance: random.Random) -> list[str]:
    """The same of somebody."""
    city, zip_code = chance.choice(region.cities)
    street = f"{chance.choice(STREETS)} {chance.randrange(1, 200)}"
    phone = f"+{chance.randrange(10, 99)} {chance.randrange(100, 999)} {chance.randrange(1_000_000, 9_999_999)}"
    return [chance.choice(FIRST), chance.choice(LAST), street, city, zip_code, phone]
