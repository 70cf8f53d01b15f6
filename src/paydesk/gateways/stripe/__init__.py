"""Stripe: the only place that knows its SDK, its words and its units."""

from .adapter import StripeGateway
from .lanes import Patience

__all__ = ["Patience", "StripeGateway"]
