"""From Stripe's objects to the values of `port`: plain dicts in, frozen values out; no I/O. A file for each of them."""
