"""Reviews: payments that Radar queues for a human decision. Source: stripe.md §11; Stripe, "Reviewing payments"."""

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.objects import cards


def open_where_due(call: Call, intent: Record, charge: Record) -> None:
    """Open a review of a payment whose test card has elevated risk."""
    card = cards.CARDS.get(charge.inner.get("number", ""))
    if card is None or not card.review:
        return
    review = call.add(
        "review",
        "prv",
        {
            "object": "review",
            "billing_zip": None,
            "charge": charge.id,
            "closed_reason": None,
            "created": call.now,
            "ip_address": None,
            "ip_address_location": None,
            "livemode": False,
            "open": True,
            "opened_reason": "rule",
            "payment_intent": intent.id,
            "reason": "rule",
            "session": None,
        },
    )
    charge.body["review"] = intent.body["review"] = review.id
    call.save(charge)
    call.save(intent)
    call.emit("review.opened", review)


def listing(call: Call) -> bytes:
    """GET /v1/reviews: the open ones"""
    return page(call, "review", "/v1/reviews", condition="json_extract(body, '$.open') = 1")


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/reviews/:id"""
    return call.get("review", identifier)


def approve(call: Call, identifier: str) -> Record:
    """POST /v1/reviews/:id/approve"""
    review = call.get("review", identifier)
    if not review.body["open"]:
        raise invalid(f"Review {identifier} is already closed.")
    review.body.update(open=False, reason="approved", closed_reason="approved")
    call.save(review)
    call.emit("review.closed", review)
    return review
