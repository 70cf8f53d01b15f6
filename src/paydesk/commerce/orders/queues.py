"""Orders that time alone may end, as background work looks for them."""

from __future__ import annotations

from paydesk.declare import Queue, waiting

EXPIRING = Queue("expiring", ("expires_at",), given=("expires_at",), lacking=("placed_at", "cancelled_at"))
SENT = waiting("capture_due_at", most=0.0)
"""A shipment has left, and what it comes to may have to be captured."""
NOBODYS = Queue("nobodys", ("created_at",), equal={"status": "draft"}, lacking=("customer_id",))
"""Drafts without a customer. By their creation, which never changes: carts in use cost the index nothing."""
