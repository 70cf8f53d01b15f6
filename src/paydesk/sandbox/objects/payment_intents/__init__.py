"""PaymentIntents: created, changed, confirmed, authenticated, captured, canceled.

Every move between the seven statuses is made in this folder. Source: stripe.md §2 to §4, §12; Stripe, "The Payment
Intents API", "How PaymentIntents and SetupIntents work", "Place a hold".
"""
