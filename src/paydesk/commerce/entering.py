"""Which markets a caller enters: a private one is for the customers of its group, and for whoever runs the shop."""

from __future__ import annotations

from paydesk.declare import Caller, either, eq, through, within

OPEN = either(within("private", Caller("enters")), eq("customer_group.customers.id", Caller("owner_id")))
"""The markets that the caller enters."""

OF_OPEN = through("market", OPEN) or OPEN
"""Whose market the caller enters."""
