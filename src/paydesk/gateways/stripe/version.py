"""The version of Stripe's API that requests are written for and answers are read in: that of the SDK's release."""

from __future__ import annotations

from typing import Final

API_VERSION: Final = "2026-10-28.endive"
