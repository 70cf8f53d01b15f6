"""Creating and deleting a Stripe gateway, and keeping its webhook endpoint: the calls, and how each settles."""

from __future__ import annotations

from typing import Any, TypeVar

from paydesk.base.errors import GatewayRefused, Invalid
from paydesk.commerce.payments.asks import EndpointAsk, KeyAsk, RegisterAsk, RenewAsk, UnregisterAsk
from paydesk.commerce.payments.stripe_gateways import StripeGateway, delete_gateway, draft
from paydesk.declare import Rule, eq
from paydesk.gateways.port.account import Registration
from paydesk.gateways.port.problems import Refused
from paydesk.rules.asking import Find
from paydesk.rules.asks import Ask
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

E = TypeVar("E", bound=Ask)
K = TypeVar("K", bound=KeyAsk)


class CreateGateway(Plan[K]):
    """Create a gateway once its key was probed, so a key that Stripe refuses leaves nothing."""

    probes = True
    tries_key = True

    def gateway(self, call: Journalled[K]) -> Resource | None:
        return draft(call.ask.record, call.record_id)

    def refused(self, call: Journalled[K], problem: No, work: Work) -> Any:
        assert call.record_id is not None
        if isinstance(problem, Refused) and problem.lacks:
            return Invalid("login", "missing_rights", problem.message, rights=list(problem.lacks))
        if isinstance(problem, Refused) and problem.http_status in (401, 403):
            return Invalid("login", "invalid", problem.message)
        # The address does not suit Stripe: the gateway works without webhooks, by polling and `_refresh`.
        return work.create(StripeGateway, id=call.record_id, **call.ask.record)


class RegisterEndpoint(CreateGateway[RegisterAsk]):
    """The webhook endpoint is registered first."""

    kind = "register_endpoint"
    asks = RegisterAsk
    verb = "register"

    def settle(self, call: Journalled[RegisterAsk], answer: Registration, work: Work) -> Any:
        seal = work.settings["seal"]
        secret = answer.secret
        assert call.record_id is not None
        return work.create(
            StripeGateway,
            id=call.record_id,
            **call.ask.record,
            own_account=answer.owner,
            webhook_endpoint_id=answer.endpoint_id,
            webhook_endpoint_url=answer.url,
            sealed_webhook_secret=seal(secret, f"webhook/{call.record_id}") if secret else None,
        )


class TryKey(CreateGateway[KeyAsk]):
    """Create a gateway that Stripe could send nothing to: its key is only probed."""

    kind = "try_key"
    asks = KeyAsk

    def settle(self, call: Journalled[KeyAsk], answer: Any, work: Work) -> Any:
        """answer   the account that the key is of, None where it may not be seen"""
        assert call.record_id is not None
        return work.create(StripeGateway, id=call.record_id, **call.ask.record, own_account=answer)


class RemoveEndpoint(Plan[UnregisterAsk]):
    """Delete a gateway together with its endpoint."""

    kind = "remove_endpoint"
    asks = UnregisterAsk
    verb = "unregister"
    tries_key = True

    def settle(self, call: Journalled[UnregisterAsk], answer: Any, work: Work) -> Rule:
        gateway = yield Find(StripeGateway, eq("id", call.subject_id))
        if gateway is not None:
            yield from delete_gateway(gateway, work)
        return gateway

    def refused(self, call: Journalled[UnregisterAsk], problem: No, work: Work) -> Any:
        if isinstance(problem, Refused) and problem.http_status == 404:
            return self.settle(call, None, work)
        if isinstance(problem, Refused) and problem.unauthorized:
            # The key is dead: nothing can be removed with it, and the record must not stay for ever.
            return self.settle(call, None, work)
        return GatewayRefused(problem.message, getattr(problem, "code", None) or "api_error")


class EndpointPlan(Plan[E]):
    """Something about the endpoint of a gateway that stands."""

    tries_key = True

    def refused(self, call: Journalled[E], problem: No, work: Work) -> Any:
        # Without an endpoint payments stay right by `_refresh`; the next start tries again.
        return GatewayRefused(problem.message, getattr(problem, "code", None) or "api_error")


class RenewEndpoint(EndpointPlan[RenewAsk]):
    """Register an endpoint for a gateway that has none at Stripe any more, or none as it should be."""

    kind = "renew_endpoint"
    asks = RenewAsk
    verb = "register"

    def settle(self, call: Journalled[RenewAsk], answer: Registration, work: Work) -> Rule:
        gateway = yield Find(StripeGateway, eq("id", call.subject_id), lock=True)
        if gateway is not None:
            gateway.renewed(answer, call.ask.replaces, work)
        return gateway


class MoveEndpoint(EndpointPlan[EndpointAsk]):
    """Tell Stripe the gateway's address, and what the endpoint there is to hear of."""

    kind = "move_endpoint"
    asks = EndpointAsk
    verb = "move_endpoint"

    def settle(self, call: Journalled[EndpointAsk], answer: Registration, work: Work) -> Rule:
        gateway = yield Find(StripeGateway, eq("id", call.subject_id), lock=True)
        if gateway is not None:
            gateway.renewed(answer, None, work)
        return gateway


class DropEndpoint(EndpointPlan[UnregisterAsk]):
    """Remove an endpoint at Stripe whose secret nobody knows, or that was replaced."""

    kind = "drop_endpoint"
    asks = UnregisterAsk
    verb = "unregister"

    def settle(self, call: Journalled[UnregisterAsk], answer: Registration, work: Work) -> Rule:
        gateway = yield Find(StripeGateway, eq("id", call.subject_id))
        return gateway


PLANS: tuple[Plan[Any], ...] = (
    RegisterEndpoint(),
    TryKey(),
    RemoveEndpoint(),
    RenewEndpoint(),
    MoveEndpoint(),
    DropEndpoint(),
)
