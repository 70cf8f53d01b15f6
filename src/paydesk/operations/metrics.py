"""What an operator watches, in the text format of Prometheus, at `/metrics`.

All numbers but the breakers' are read from the database, so every process tells the same. Nothing of it names a
customer, an order or a secret, and still it is for the operator alone: see `answers`.

Source: Prometheus, "Exposition formats".
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from paydesk.base.instants import SKEW_SECONDS, Clock, instant, seconds
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.gateways.port.gateway import Gateway
from paydesk.http.origin import Origin, is_within
from paydesk.operations.matters import counted, matters
from paydesk.settings import Settings
from paydesk.store.inbox import tallies
from paydesk.store.sql.ask import Database
from paydesk.store.upkeep import measures

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")

_COUNTED = {
    "foreign_events": "Signed events of other programs, accounts or modes; they were answered and change nothing.",
    "forged_events": "Events that nobody known had signed; they were refused.",
    "orphaned_events": "Events about money of this installation's making that no payment here knows of.",
}


def answers(settings: Settings, peer: str, came: Origin, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request may see the metrics: its client is in PAYDESK_METRICS_NETWORKS.

    A proxy lends everybody its own address, so what a proxy that is not trusted passed on is refused, and what was sent
    to an organization's own address.
    """
    if any(name in headers for name in _FORWARDED) and not is_within(peer, settings.trusted_proxies):
        return False
    domain = settings.public_domain
    if domain is not None and (came.host == domain or came.host.endswith(f".{domain}")):
        return False
    return is_within(came.client, settings.metrics_networks)


class Metrics:
    """Reads and tells them."""

    def __init__(
        self, database: Database, gateways: Mapping[str, Gateway], clock: Clock, payments: Sequence[type[PaymentSource]]
    ) -> None:
        """`payments` are the types of payment sources whose authorizations end."""
        self.database = database
        self.gateways = gateways
        self.clock = clock
        self.payments = payments
        self.stopped: Callable[[], str | None] = lambda: None

    async def text(self) -> str:
        """The whole page. Raises Unavailable."""
        calls, waiting, doors, overdue, found = await self.database.read(self._read)
        told = _Page(self.clock())
        told.gauge(
            "paydesk_acting",
            "1 while gateways are asked for what has an effect; 0 where this is a copy of an installation that acts "
            "elsewhere.",
            [({}, int(self.stopped() is None))],
        )
        told.gauge(
            "paydesk_gateway_calls_open", "Gateway calls whose outcome is not settled yet.", [({}, calls.number)]
        )
        told.gauge(
            "paydesk_gateway_calls_oldest_seconds", "Age of the oldest of them.", [({}, told.age(calls.since, 0))]
        )
        told.gauge("paydesk_gateway_events_waiting", "Events kept and not worked yet.", [({}, waiting.number)])
        told.gauge(
            "paydesk_gateway_events_lag_seconds", "Age of the oldest of them.", [({}, told.age(waiting.since, 0))]
        )
        told.gauge(
            "paydesk_payments_overdue", "Payments still under way 8 days after they should have ended.", [({}, overdue)]
        )
        told.gauge(
            "paydesk_matters",
            "What needs a person's attention, as `paydesk reconcile` tells it.",
            [({"kind": kind}, count) for kind, count in counted(found).items()],
        )
        told.gauge(
            "paydesk_gateway_event_age_seconds",
            "Time since a gateway's last event that was signed by it.",
            [({"gateway": door.gateway_id}, told.age(door.verified_at)) for door in doors],
        )
        told.gauge(
            "paydesk_gateway_list_age_seconds",
            "Time since a gateway's own list of events was read to its end.",
            [({"gateway": door.gateway_id}, told.age(door.reached_at)) for door in doors],
        )
        told.gauge(
            "paydesk_gateway_unheard_seconds",
            "How long events have come by a gateway's own list alone, and by no webhook; 0 while webhooks come.",
            [({"gateway": door.gateway_id}, told.age(door.unheard_since, 0)) for door in doors],
        )
        for at, name in enumerate(tallies.COUNTED):
            series = [({"gateway": door.gateway_id}, door.counts[at]) for door in doors]
            told.series(f"paydesk_gateway_{name}_total", "counter", _COUNTED[name], series)
        told.gauge(
            "paydesk_gateway_breakers",
            "Sets of credentials by the state of their circuit breaker, in the process that answers.",
            [
                ({"type": kind, "state": state}, count)
                for kind, gateway in self.gateways.items()
                if gateway.account is not None
                for state, count in gateway.account.breakers().items()
            ],
        )
        return told.text()

    def _read(self) -> Generator[Any, Any, tuple[Any, Any, Any, Any, Any]]:
        calls = yield from measures.open_calls()
        waiting = yield from measures.waiting_events()
        doors = yield from measures.doors(PaymentGateway)
        overdue = 0
        for payments in self.payments:
            overdue += yield from measures.overdue(payments)
        found = yield from matters(instant(self.clock()), self.payments)
        return calls, waiting, doors, overdue, found


class _Page:
    def __init__(self, now: float) -> None:
        self.now = now
        self.lines: list[str] = []

    def age(self, since: str | None, none: float | None = None) -> float | None:
        if since is None:
            return none
        passed = self.now - seconds(since)
        # A time that is yet to come is of a clock that ran ahead: that is to be seen.
        return round(passed if passed < -SKEW_SECONDS else max(passed, 0.0), 3)

    def gauge(self, name: str, sentence: str, values: list[tuple[dict[str, str], float | None]]) -> None:
        self.series(name, "gauge", sentence, values)

    def series(self, name: str, kind: str, sentence: str, values: list[tuple[dict[str, str], Any]]) -> None:
        """One metric; what has no value yet is left out. Labels are ids and words of ours: nothing to escape."""
        self.lines += [f"# HELP {name} {sentence}", f"# TYPE {name} {kind}"]
        for labels, value in values:
            if value is not None:
                told = ",".join(f'{label}="{text}"' for label, text in labels.items())
                self.lines.append(f"{name}{{{told}}} {value}" if told else f"{name} {value}")

    def text(self) -> str:
        return "\n".join([*self.lines, ""])
