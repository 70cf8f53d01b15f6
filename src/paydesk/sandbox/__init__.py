"""A Stripe look-alike with a memory: an ASGI application of its own that imports nothing of paydesk.

Any Stripe integration in any language can be pointed at it. `http.app.create_app` makes the application,
`python -m paydesk.sandbox` serves it. Cards, SEPA debits and redirecting methods behave as in Stripe's test mode.
Payouts, billing and terminals are not there, and no answer pretends that they are.

A room imports only the rooms before it:

    core/     the state, the clock, keys and accounts, a call's view of them
    objects/  Stripe's objects, a file for each, with the calls that make and change it
    running/  the work beside the requests: the schedule does jobs, the deliverer sends events
    http/     requests in, replies out: routes, parameters, idempotency keys, control calls, pages
"""
