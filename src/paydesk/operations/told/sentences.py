"""What is said in each situation: where the money is, what to tell the customer, what to do.

With usual amounts each line fits into 80 columns, its name included. Stripe's reason for a decline is for the shop: to
the customer the bank explains itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paydesk.operations.told.situations import Situation as S


@dataclass(frozen=True)
class Sentences:
    """`money` is None where the sums say it. In braces stand the names of `Words`."""

    money: str | None
    say: str
    do: str


SENTENCES: Mapping[S, Sentences] = {
    S.UNKNOWN_REFUND: Sentences(
        None,
        "Your refund is being made; we will confirm it as soon as we can.",
        "Do not refund again: the outcome is unknown. A server asks on by itself.",
    ),
    S.UNKNOWN_CAPTURE: Sentences(
        None,
        "Your payment is being taken; we will confirm it as soon as we can.",
        "Do not capture again: the outcome is unknown. A server asks on by itself.",
    ),
    S.UNKNOWN_RELEASE: Sentences(
        None,
        "The amount that is reserved is being let go.",
        "Wait: the outcome is unknown. A server asks on by itself.",
    ),
    S.UNKNOWN_PAYMENT: Sentences(
        "not known yet: Stripe was asked, and has not answered",
        "Your payment is being checked; please do not pay again for now.",
        "Wait: the outcome is unknown. A server asks on by itself.",
    ),
    S.SHARED: Sentences(
        None,
        "We are looking into it, and call you back.",
        "Run `paydesk reconcile`: this payment pays several orders. Cancel none.",
    ),
    S.BROKEN: Sentences(
        None,
        "We are looking into it, and call you back.",
        "Run `paydesk reconcile`: the order's amounts contradict each other.",
    ),
    S.DISPUTED: Sentences(
        None,
        "Your bank has taken the payment back, as you asked it to.",
        "Answer the dispute at Stripe until {due}; do not refund meanwhile.",
    ),
    S.DISPUTE_IN_REVIEW: Sentences(
        None,
        "Your bank decides on your complaint; that can take three months.",
        "Wait for the bank; do not refund while the dispute is open.",
    ),
    S.INQUIRY: Sentences(
        None,
        "Your bank asks us about the payment; we can refund you directly.",
        "Answer the inquiry at Stripe until {due}, or refund the customer.",
    ),
    S.INQUIRY_IN_REVIEW: Sentences(
        None,
        "Your bank looks at our answer; nothing was taken back so far.",
        "Wait for the bank; a refund is possible and ends the inquiry.",
    ),
    S.REFUND_FAILED: Sentences(
        None,
        "The refund of {failed} did not reach you; we send it another way.",
        "Refund {failed} again or another way: {why}.",
    ),
    S.REFUND_PENDING: Sentences(
        None,
        "A refund of {pending} is pending; your bank shows it in 5 to 10 days.",
        "Wait: the refund is pending. Do not refund {pending} again.",
    ),
    S.UNCAPTURED: Sentences(
        None,
        "We could not take your payment; we will come back to you.",
        "Capture it before it ends, or have it paid anew: capturing it failed.",
    ),
    S.SURPLUS: Sentences(
        None,
        "You paid {surplus} too much; we send it back.",
        "Refund {surplus}: more was taken than the order costs.",
    ),
    S.GONE: Sentences(
        "nothing is held any more, and nothing was taken",
        "The amount is no longer reserved; the order has to be paid again.",
        "Have the order paid anew, or cancel it: send nothing.",
    ),
    S.UNPLACED: Sentences(
        None,
        "We have your payment, and are completing your order.",
        "Place the order, or void or refund the payment: it is not placed.",
    ),
    S.UNAPPROVED: Sentences(
        None,
        "We received your payment on {taken}.",
        "Approve the order, or refund it: it was captured outside paydesk.",
    ),
    S.SPARE: Sentences(
        None,
        "Some of it is reserved twice; the second part is let go.",
        "Void the authorization that the order does not need: {spare}.",
    ),
    S.EARLY: Sentences(
        None,
        "We received {captured} on {taken}. Your order is on its way soon.",
        "Send the goods, or refund it: it was taken before its hold ended.",
    ),
    S.ENDED: Sentences(
        "{held} was held until {ends}; nothing was taken",
        "The amount is no longer reserved; the order has to be paid again.",
        "Send nothing. Have the order paid anew, or cancel it.",
    ),
    S.EXPIRING: Sentences(
        "{held} held, only until {ends}; nothing taken yet",
        "The amount is reserved, and is taken when we send the goods.",
        "Capture it before {ends}, or it is lost; else cancel the order.",
    ),
    S.FRAUD_WARNING: Sentences(
        None,
        "We received your payment, and check it.",
        "Look before you send: the bank warns of fraud. Refunding averts worse.",
    ),
    S.FRAUD_REVIEW: Sentences(
        None,
        "We received your payment, and check it.",
        "Decide on the review in Stripe's dashboard before you send anything.",
    ),
    S.DISPUTE_LOST: Sentences(
        None,
        "Your bank decided for you, and the money is back with you.",
        "Nothing: the dispute is lost. Do not refund it as well.",
    ),
    S.DISPUTE_WON: Sentences(
        None,
        "Your bank decided that the payment stands.",
        "Nothing: the dispute is won, and the money is back.",
    ),
    S.DISPUTE_PREVENTED: Sentences(
        None,
        "Your complaint was settled with your bank.",
        "Look at Stripe whether the dispute was averted by a refund.",
    ),
    S.INQUIRY_CLOSED: Sentences(
        None,
        "Your bank has closed its inquiry; the payment stands.",
        "Nothing: the inquiry is closed, and nothing was taken back.",
    ),
    S.REFUNDED: Sentences(
        "all of the {captured} that was taken was sent back {back}",
        "We sent {refunded} back on {back}; a bank takes 5 to 10 days.",
        "Nothing.",
    ),
    S.REFUNDED_PARTLY: Sentences(
        None,
        "We sent {refunded} back on {back}; a bank takes 5 to 10 days.",
        "Nothing.",
    ),
    S.WIRE_RETURNED: Sentences(
        "{refunded} noted as sent back {back}",
        "We sent {refunded} back to your bank account on {back}.",
        "See that the bank has sent it: paydesk only notes it.",
    ),
    S.CAPTURED: Sentences(None, "We received {captured} on {taken}. Thank you.", "Nothing."),
    S.CAPTURED_PARTLY: Sentences(
        None,
        "We received {captured} on {taken}, of {total}.",
        "Nothing, if the rest is not to be sent; else have it paid.",
    ),
    S.WIRE_RECEIVED: Sentences(
        "{captured} noted as arrived by wire {taken}",
        "Your transfer of {captured} arrived on {taken}. Thank you.",
        "Nothing.",
    ),
    S.RELEASED: Sentences(
        "nothing was taken; {voided} was held, and let go {let_go}",
        "Nothing was charged; the reservation goes away within days.",
        "Nothing.",
    ),
    S.RELEASED_PARTLY: Sentences(
        None,
        "A part is no longer reserved, and was not charged.",
        "Capture what is still held, or cancel the order.",
    ),
    S.HELD: Sentences(
        "{held} held until {ends}; nothing taken yet",
        "The amount is reserved, and is taken when we send the goods.",
        "{act} before {ends}, or cancel the order.",
    ),
    S.HELD_PARTLY: Sentences(
        "{held} of {total} held until {ends}; nothing taken yet",
        "Only {held} of {total} is reserved; the rest has to be paid.",
        "Have the rest paid, or void the authorization.",
    ),
    S.WIRE_AWAITED: Sentences(
        "{held} awaited by wire; nothing has arrived yet",
        "We wait for your transfer of {held}; name the order {number}.",
        "Capture it once the bank account shows the transfer.",
    ),
    S.WIRE_CHOSEN: Sentences(
        "nothing was paid: a wire is chosen, the order not placed",
        "Please finish your order in the shop; then send the transfer.",
        "Nothing: the shopper has yet to place the order.",
    ),
    S.WIRE_CANCELLED: Sentences(
        "nothing is awaited any more, and nothing has arrived",
        "Please do not send the transfer: the order is not open any more.",
        "Nothing; send the money back if it arrives all the same.",
    ),
    S.PLACING: Sentences(
        None,
        "Your order is being completed; you will hear from us in a moment.",
        "Wait a moment; if it stays so, see the order's resource errors.",
    ),
    S.PROCESSING: Sentences(
        "nothing has arrived yet: the bank decides, within days",
        "Your payment is on its way; your bank needs up to some days.",
        "Wait; send nothing before the money has arrived.",
    ),
    S.AUTHENTICATION: Sentences(
        "nothing was taken: 3-D Secure is not finished",
        "Your bank wants you to approve the payment; please pay again.",
        "Nothing: the shopper goes back to the checkout.",
    ),
    S.UNCONFIRMED: Sentences(
        "nothing was taken: a card is chosen, and not confirmed",
        "The payment was not finished; please go back and pay.",
        "Nothing: the shopper goes back to the checkout.",
    ),
    S.DECLINED: Sentences(
        "nothing was taken: declined ({reason})",
        "Your bank declined the payment; ask it why, or pay another way.",
        "Nothing: the shopper tries again or with another card.",
    ),
    S.UNTRIED: Sentences(
        "nothing was taken: nobody has tried to pay yet",
        "We have no payment of yours; please go back to the checkout.",
        "Nothing: the shopper goes back to the checkout.",
    ),
    S.RETURNED_EARLY: Sentences(
        "nothing is left: what was paid was undone before placing",
        "Your first payment was undone; please pay again.",
        "Nothing: the order can be paid anew.",
    ),
    S.CANCELED: Sentences(
        "nothing was taken: the payment was canceled",
        "Nothing was charged; the payment was canceled before.",
        "Nothing; an order that is open can be paid anew.",
    ),
    S.CANCELLED_UNPAID: Sentences(
        "nothing was paid",
        "The order was cancelled, and nothing was charged.",
        "Nothing.",
    ),
    S.FREE: Sentences(
        "nothing is to be paid",
        "The order costs nothing.",
        "Nothing.",
    ),
    S.NO_PAYMENT: Sentences(
        "nothing was paid: no payment was begun",
        "We have no payment of yours; please go back to the checkout.",
        "Nothing: the shopper goes back to the checkout.",
    ),
    S.OTHER: Sentences(
        "not known: Stripe calls the payment {status}",
        "We are looking into it, and call you back.",
        "Look at the payment in Stripe's dashboard.",
    ),
    S.LOST: Sentences(
        "{held} is at Stripe, and its order is not here",
        "We have your payment, and are putting your order right.",
        "Run `paydesk payments make-order {intent}`.",
    ),
}
