"""A Stripe look-alike with a memory: an ASGI application of its own that imports nothing of paydesk.

Any Stripe integration in any language can be pointed at it. `http.app.create_app` makes the application,
`python -m paydesk.sandbox` serves it. What it cannot play is left out of its answers, never made up: cards, SEPA debits
and redirecting methods behave as Stripe's test mode does; payouts, billing and terminals are not there.

A room imports only the rooms before it:

    core/     the state, the clock, keys and accounts, a call's view of them
    objects/  Stripe's objects, a file for each, with the calls that make and change it
    running/  what runs beside the requests: the schedule that does jobs, the deliverer that sends events
    http/     requests in, replies out: routes, parameters, idempotency keys, control calls, pages
"""
