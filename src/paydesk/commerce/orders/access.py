"""Who reaches an order. Once it is placed, shoppers may still send it a few triggers."""

from __future__ import annotations

from dataclasses import replace

from paydesk.commerce.orders.acts.update import AROUND_PLACING
from paydesk.commerce.owning import OWN_ORDER
from paydesk.commerce.payable import CUSTOMER_PLACED, GUEST_PLACED, ORDER_ACCESS
from paydesk.commerce.payments.acts import save
from paydesk.declare import Late, both, within

ACCESS = replace(
    ORDER_ACCESS,
    late=(
        Late(frozenset((save.SAVE,)), customer=both(OWN_ORDER, within("status", ("placed", "approved")))),
        Late(AROUND_PLACING | {"_place"}, guest=GUEST_PLACED, customer=CUSTOMER_PLACED),
    ),
)
