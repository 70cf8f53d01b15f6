"""What a comparison comes to: plain values, to be drawn or told to a program."""

from __future__ import annotations

from dataclasses import dataclass, field

from paydesk.operations.matters import Matter


@dataclass(frozen=True)
class Finding:
    """A difference, and where it is.

    payment      `{type}/{id}` of our record, None for what only the gateway knows
    payment_id   the gateway's name for the payment, None for what is about no payment
    do           what a person does about it
    mended       `--fix` brings our books to it
    idle         `--fix` cancels the payment
    marked       an integration marked a transaction otherwise than the gateway has it
    """

    organization: str
    mode: str
    gateway: str
    what: str
    ours: str | None
    theirs: str | None
    do: str
    order: str | None = None
    number: str | None = None
    payment: str | None = None
    payment_id: str | None = None
    mended: bool = False
    idle: bool = False
    marked: bool = False


@dataclass(frozen=True)
class Wrong:
    """Something of a placed order that contradicts its own lines or transactions, whatever a gateway says.

    rule     which kind, as `commerce.orders.invariants` has them
    stored   what stands in the books
    right    what would be right
    """

    organization: str
    mode: str
    order: str
    number: str | None
    rule: str
    what: str
    stored: str
    right: str


@dataclass(frozen=True)
class Attention:
    """A matter of `operations.matters`, and where it is."""

    organization: str
    mode: str
    matter: Matter
    line: str


@dataclass
class Report:
    """What was compared, and what differs.

    orders     how many orders of ours were recomputed from their lines and transactions
    wrong      what of them does not follow; it is told and never altered
    attention  what a person should look at, whatever the period; it may be right as it stands
    payments   how many of ours were read at their gateways
    listed     how many the gateways have in the period, whosever they are
    mended     how many payments were brought to what their gateway says
    canceled   how many were canceled, since no order needs them
    without_fees  of how many the gateway told fees that were not kept here, and `fees_kept` of how many they are since
    """

    since: str
    until: str
    payments: int = 0
    listed: int = 0
    mended: int = 0
    canceled: int = 0
    without_fees: int = 0
    fees_kept: int = 0
    orders: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)
