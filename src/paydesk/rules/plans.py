"""Plans: how each kind of gateway call is made, and how its answer is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from paydesk.base.errors import Refusal
from paydesk.base.instants import passed
from paydesk.gateways.port.problems import Declined, Refused
from paydesk.gateways.port.verbs import Verb
from paydesk.rules.asks import Ask
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

No = Declined | Refused
"""What a gateway says that does not do what is asked."""

A = TypeVar("A", bound=Ask)
C = TypeVar("C", bound=Ask, covariant=True)


@dataclass(frozen=True)
class Journalled(Generic[C]):
    """A gateway call as the journal keeps it: what `Plan.settle` is told of it.

    fingerprint  of the request that asks, empty where none does; `waiting`: the write that waits with the call
    held_at      when this process was given it, by `instants.passed`
    """

    id: str
    tenant: str
    kind: str
    subject_type: str
    subject_id: str
    record_id: str | None
    attempt: int
    gateway_id: str
    key: str
    ask: C
    parameters: dict[str, Any]
    who: dict[str, Any]
    tries: int
    created_at: str
    fingerprint: str = ""
    waiting: Any = None
    held_at: float = field(default_factory=passed, compare=False)


class Plan(Generic[A]):
    """One kind of gateway call: what is asked, by which verb, and how the answer is settled.

    kind    names it in the journal
    asks    the type of what it asks
    verb    the gateway's verb; None for a call that only reads and therefore is not journalled
    local   no gateway is asked: `settle` alone does what is owed, in the background (its answer is None)
    lane    calls of one lane about one subject exclude each other; None for a lane of its own
    probes  the rights of the credentials are looked at first; some that lack are a refusal that names them
    tries_key
            that the gateway does not take the credentials is an answer; of another call, which may have been made with
            them before, it says nothing: that one stays open until they are replaced
    about   what the call is about and therefore reads: a payment, a saved payment method, the setting up of one, or a
            customer at the gateway
    shared  what it makes is for all who ask: a request that meets an open one waits for its end and goes on from there
    exact   an equal request joins an open one only where it would send the very same: what it asks for follows from
            more than it says
    owes    repeated by a client that was not told what came of it, it would be done twice: its answer is owed until it
            was told

    A call that `settle` asks for, unless deferred, is made by the same request, which is answered with its outcome.

    The desk does the waiting. `settle` runs in a transaction after the answer, by the request that asked, by the next
    equal request, or by recovery, and returns the record that the request is about.
    """

    kind: str
    asks: type[A]
    verb: Verb | None = None
    local: bool = False
    lane: str | None = None
    probes: bool = False
    tries_key: bool = False
    about: Literal["payment", "instrument", "setup", "customer"] = "payment"
    shared: bool = False
    exact: bool = False
    owes: bool = False

    @property
    def journalled(self) -> bool:
        return self.verb is not None or self.local

    def found(self, ask: A) -> Mapping[str, str]:
        """Metadata by which the gateway finds what this call made, for calls too old to repeat; {} when it cannot."""
        return {}

    def repeats(self, ask: A, former: A, record_id: str | None) -> bool:
        """An equal request asks again for what a former one brought about.

        ask, former   what each asks, or asked; record_id: the record that the former one was about
        """
        return True

    def gateway(self, call: Journalled[A]) -> Resource | None:
        """The gateway record, where the call itself keeps it since it is not stored yet."""
        return None

    def key(self, ask: A) -> str | None:
        """The idempotency key, where calls exclude each other at the gateway though their subjects, tenants or
        installations differ; None for a key of the call's own.
        """
        return None

    def reads(self, call: Journalled[A]) -> str | None:
        """What to look at before anything is done, by the gateway's name for it; None to go ahead."""
        return None

    def looks(self, call: Journalled[A]) -> str | None:
        """The same, to look at before asking under another key, and after a refusal; None for nothing."""
        return None

    def proceeds(self, call: Journalled[A], snapshot: Any) -> bool:
        """Whether the call is still to be made, now that the payment was looked at."""
        return True

    def closely(self, call: Journalled[A]) -> bool:
        """Whether `reads` looks also for reviews and warnings of fraud."""
        return False

    def still(self, call: Journalled[A]) -> Any:
        """The same by our own records, for who comes back to a call later: False leaves it with what was looked up.
        May be a `Rule`.
        """
        return True

    def settle(self, call: Journalled[A], answer: Any, work: Work) -> Any:
        """Book a gateway's answer; returns the record that the call is about, or what the client is told instead. What
        it raises is told as well, and then nothing is written but what `apart` writes. May be a `Rule`.
        """
        raise AssertionError(f"{self.kind} does not say how it is settled")

    def refused(self, call: Journalled[A], problem: No, work: Work) -> Any:
        """Book a definite no, and return what the client is told. May be a `Rule`."""
        raise AssertionError(f"{self.kind} does not say what a refusal means")

    def done(self, call: Journalled[A]) -> list[dict[str, Any]]:
        """What is told as done (JSON) where a call moved money and its request is told no all the same."""
        return []

    def apart(self, call: Journalled[A], answer: Any, *, is_no: bool, refusal: Refusal, work: Work) -> Any:
        """Book an answer, which may be a no, though `refusal` is told: what the request assigned beside is not
        written, so nothing is to follow that relies on it. May be a `Rule`.
        """
        return self.refused(call, answer, work) if is_no else self.settle(call, answer, work)


AnyCall = Journalled[Any]
AnyPlan = Plan[Any]
