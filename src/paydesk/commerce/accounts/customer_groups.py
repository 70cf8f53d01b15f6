"""customer_groups: customers who are let into a private market."""

from __future__ import annotations

from paydesk.declare import FIND, NONE, WRITE, string, to_many
from paydesk.rules.resource import Resource


class CustomerGroup(Resource, type="customer_groups", singular="customer_group", unique=(("code",),)):
    """Customers for whom there are markets of their own. A market that has a group is seen and used by its customers
    alone. Source: Commerce Layer, "Customer groups".
    """

    name = string(WRITE | FIND, required=True, example="VIP", doc="What people call it.")
    code = string(WRITE | FIND, example="vip1", doc="Your own code.")
    customers = to_many("customers", by="customer_group", flags=NONE)
    markets = to_many("markets", by="customer_group", flags=NONE)
