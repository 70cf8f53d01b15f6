"""packages: boxes of which shops have many alike, as what parcels are packed into."""

from __future__ import annotations

from paydesk.declare import FIND, WRITE, number, string, to_many, to_one
from paydesk.rules.resource import Resource


class Package(Resource, type="packages", singular="package"):
    """A kind of box of a stock location. Source: Commerce Layer, "Packages"."""

    name = string(WRITE | FIND, required=True, example="Large (60x40x30)", doc="What people call it.")
    code = string(WRITE | FIND, example="YYYY 2000", doc="Your own code.")
    length = number(WRITE | FIND, required=True, minimum=0, example=40.0, doc="Its length.")
    width = number(WRITE | FIND, required=True, minimum=0, example=40.0, doc="Its width.")
    height = number(WRITE | FIND, required=True, minimum=0, example=25.0, doc="Its height.")
    unit_of_length = string(WRITE | FIND, required=True, example="gr", doc="What these count, such as cm or in.")
    stock_location = to_one("stock_locations", WRITE | FIND, required=True)
    parcels = to_many("parcels", by="package")
