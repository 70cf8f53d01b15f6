"""The proof that money moves exactly once, on the user's own machine: `paydesk prove`.

A client of paydesk like any other, with a licence to kill: it starts the real application and the Stripe sandbox as
processes, asks by HTTP, has processes die at every point of the journal, and compares what Stripe has with what
paydesk has afterwards.
"""
