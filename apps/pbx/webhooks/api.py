"""Webhooks in the API: the events there are, an account's webhooks, and the log of what was sent."""

from __future__ import annotations

from typing import Any

from apps.foundation.accounts.queries import descendants
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Listing, Rows
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, SystemResource, item_route, route
from apps.foundation.crossbar.validation import parse
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import from_gregorian
from apps.pbx.webhooks.actions import (
    create_webhook,
    delete_webhook,
    enable_paused,
    enable_paused_below,
    replace_webhook,
    replay_attempt,
    replay_failed,
    rotate_secret,
)
from apps.pbx.webhooks.documents import ReenableDocument, ReplayDocument, WebhookDocument
from apps.pbx.webhooks.hooks import HOOKS, described, samples
from apps.pbx.webhooks.models import Attempt, Delivery, Webhook

_PREFIXES = ("webhooks_", "webhook_")
_ATTEMPT = {
    "id": "6aadef09f6fcf5fd8bcdfca312e923ba",
    "hook_id": "0123456789abcdef0123456789abcdef",
    "webhook_id": "89abcdef0123456789abcdef01234567_0123456789abcdef0123456789abcdef",
    "hook_event": "channel_create",
    "uri": "https://crm.example.com/calls",
    "timestamp": 63937323000,
    "result": "failure",
    "response_code": "502",
    "response_body": "Bad gateway",
    "reason": "bad response code",
    "duration_ms": 48,
    "retries left": 2,
}
_SAMPLE = {"hook_event": "parking", "event_name": "PARK_PARKED", "parking_slot": "101"}
_SECRET = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}
_LOG = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)


class HooksResource(SystemResource):
    """The events a webhook can wait for: their `id` is the `hook` of a webhook, `modifiers` choose among them."""

    path = "webhooks"
    access = Access(public=("GET",))

    def list(self, request: ApiRequest) -> Any:
        """Every event there is."""
        return Rows([described(name) for name in HOOKS])

    @route("samples", example=["webhooks_channel_answer", "webhooks_channel_bridge"])
    def list_samples(self, request: ApiRequest) -> Any:
        """The ids of the samples there are."""
        return [f"{_PREFIXES[0]}{name}" for name in HOOKS]

    @route("samples/{sample_id}", example=[_SAMPLE])
    def sample(self, request: ApiRequest) -> Any:
        """What a receiver is sent, with every field there can be. `?filter_event_name=` and the like choose."""
        name = request.arguments["sample_id"]
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        if name not in HOOKS:
            raise NotFound(request.arguments["sample_id"])
        return Rows(samples(name))


class WebhookResource(AccountResource):
    """Addresses of a customer's that are told of events by HTTP.

    The answer to creating one says the `secret` it signs with, and nothing else ever does; see
    [checking signatures](../webhooks.md). Whatever answers 2xx has been told. Everything else is tried again, and a
    webhook that fails for long is switched off (`disable_reason`) and the account's administrators are mailed.
    """

    path, model, shape = "webhooks", Webhook, WebhookDocument
    summary = ("id", "name", "hook", "uri", "enabled", "disable_reason")
    actions = Actions(create=create_webhook, replace=replace_webhook, delete=delete_webhook)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {
        "name": "New calls",
        "uri": "https://crm.example.com/calls",
        "hook": "channel_create",
        "http_verb": "post",
        "format": "json",
        "retries": 3,
    }

    def create(self, request: ApiRequest) -> Any:
        """Create from `data`; `secret` is in this answer only."""
        document = request.data
        if not isinstance(document, dict):
            raise ValidationFailed.of("data", "type", "Value did not match type(s): object", target="object")
        hook, secret = create_webhook(self.validate(request, _writable(document)), request.principal)
        made = self.created(request, hook)
        return Answer(made.data | {"secret": secret}, 201, made.revision, made.location)

    def patch(self, request: ApiRequest, instance: Webhook) -> Any:
        """Merge `data` into the document. `{"enable": true}` and `{"re-enable": true}` are `{"enabled": true}`."""
        if isinstance(request.data, dict):
            on = [request.data.pop(name) for name in ("enable", "re-enable") if name in request.data]
            request.data |= {"enabled": on[-1]} if on else {}
        return super().patch(request, instance)

    @route("", methods=("PATCH",), shape=ReenableDocument, example={"enabled": 2})
    def switch_on(self, request: ApiRequest) -> Any:
        """Switch on every webhook that the system has switched off; `data` is `{"re-enable": true}`.

        What happened meanwhile is sent, as far as it is not older than three days.
        """
        wanted = parse(ReenableDocument, request.data)
        return {"enabled": enable_paused(request.principal) if wanted.re_enable else 0}

    @route("attempts", access=_LOG, example=[_ATTEMPT])
    def all_attempts(self, request: ApiRequest) -> Any:
        """What was sent for the account in the last 14 days, the newest first; steps of callflows too."""
        return _listing(Attempt.objects.all())

    @item_route("attempts", access=_LOG, example=[_ATTEMPT])
    def attempts(self, request: ApiRequest, instance: Webhook) -> Any:
        """What was sent to the webhook in the last 14 days, the newest first."""
        return _listing(Attempt.objects.filter(hook_id=instance.id))

    @item_route("attempts", methods=("POST",), access=_LOG, shape=ReplayDocument, example={"replayed": 12})
    def replay(self, request: ApiRequest, instance: Webhook) -> Any:
        """Send again what was given up, `since` a time or all of it: `{"action": "replay", "since": 63937323000}`.

        Each keeps its `webhook-id`. Answers how many there are; they are sent in the background.
        """
        wanted = parse(ReplayDocument, request.data)
        since = None
        if wanted.since:
            try:
                since = from_gregorian(wanted.since)
            except ValueError as error:
                raise ValidationFailed.of("since", "format", str(error), cause=wanted.since) from None
        return Answer({"replayed": replay_failed(instance, since, request.principal)}, status=202)

    @item_route("attempts/{webhook_attempt_id}", access=_LOG, example={**_ATTEMPT, "payload": {"call_id": "c0ffee00"}})
    def attempt(self, request: ApiRequest, instance: Webhook) -> Any:
        """One attempt, with what was sent (`payload`) and where that stands now (`state`)."""
        found = _attempt_of(request, instance)
        delivery = Delivery.objects.filter(id=found.delivery_id).first()
        more = {"payload": delivery.payload, "state": delivery.state} if delivery is not None else {}
        return found.to_document() | more

    @item_route(
        "attempts/{webhook_attempt_id}",
        methods=("POST",),
        access=_LOG,
        shape=ReplayDocument,
        example={"replayed": 1},
    )
    def replay_one(self, request: ApiRequest, instance: Webhook) -> Any:
        """Send what this attempt sent once more, whether it succeeded or not: `{"action": "replay"}`."""
        parse(ReplayDocument, request.data)
        return Answer({"replayed": replay_attempt(_attempt_of(request, instance), request.principal)}, status=202)

    @item_route("secret", methods=("POST",), access=_LOG, example=_SECRET)
    def rotate(self, request: ApiRequest, instance: Webhook) -> Any:
        """Make a new secret, which is told here only. The one before signs beside it for 24 hours."""
        return Answer({"secret": rotate_secret(instance, request.principal)}, status=201)


class DescendantWebhooksResource(AccountResource):
    """What is done with all accounts below at once."""

    path = "descendants"
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)

    @route("webhooks", methods=("PATCH",), shape=ReenableDocument, example={"enabled": 7})
    def switch_on(self, request: ApiRequest) -> Any:
        """Switch on every webhook below that the system has switched off; `data` is `{"re-enable": true}`."""
        if not parse(ReenableDocument, request.data).re_enable:
            return {"enabled": 0}
        below = descendants(request.account).values_list("id", flat=True)
        return {"enabled": enable_paused_below(below, request.principal)}


def _listing(rows: Any) -> Listing:
    return Listing(rows, Attempt.to_document, Attempt.to_document, order="-created", ranges={"created": "created"})


def _attempt_of(request: ApiRequest, hook: Webhook) -> Attempt:
    identifier = request.arguments["webhook_attempt_id"]
    found: Attempt | None = Attempt.objects.filter(hook_id=hook.id, id=identifier).first()
    if found is None:
        raise NotFound(identifier)
    return found


def _writable(document: dict[str, Any]) -> dict[str, Any]:
    from apps.foundation.crossbar.documents import without_read_only

    return without_read_only(document)
