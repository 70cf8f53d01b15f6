"""A Stripe look-alike with a memory: an ASGI application of its own that imports nothing of paydesk.

Any Stripe integration in any language can be pointed at it. `http.app.create_app` makes the application,
`python -m paydesk.sandbox` serves it. What it cannot play is left out of its answers, never made up: cards, SEPA debits
and redirecting methods behave as Stripe's test mode does; payouts, billing and terminals are not there.
"""
