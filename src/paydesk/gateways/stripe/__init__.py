"""Stripe: the only place that knows its SDK, its words and its units."""

from paydesk.gateways.stripe.adapter import StripeGateway
from paydesk.gateways.stripe.lanes import Patience

__all__ = ["Patience", "StripeGateway"]
