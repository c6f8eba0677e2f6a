"""Registrations in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import now, to_gregorian
from apps.switching.registrar.models import Registration


class RegistrationResource(AccountResource):
    """Phones that are registered now: one row per contact. Deleting makes the switch forget; the phone registers again
    when its time is up, or when it is restarted."""

    path, model, key, hex_ids = "registrations", Registration, "username", False
    parents = {"users": "owner_id", "devices": "device_id"}
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN, own="owner_id")
    order = "-registered"
    summary = (
        "username",
        "realm",
        "account_realm",
        "account_name",
        "authorizing_id",
        "authorizing_type",
        "owner_id",
        "contact",
        "contact_ip",
        "contact_port",
        "user_agent",
        "expires",
        "event_timestamp",
        "call_id",
        "from_user",
        "from_host",
        "to_user",
        "to_host",
        "network_ip",
        "network_port",
    )

    def rows(self, request: ApiRequest) -> QuerySet[Any]:
        """Those that have not run out: the switch tells of that late."""
        return super().rows(request).filter(expires__gt=now())

    def document(self, instance: Registration) -> dict[str, Any]:
        return registration_document(instance)

    def listing(self, request: ApiRequest) -> Any:
        name = request.account.name
        found = super().listing(request)
        return type(found)(
            found.rows,
            lambda row: {**self.summarize(row), "account_name": name},
            found.document,
            order=found.order,
            ranges=found.ranges,
            time_column=found.time_column,
        )

    @route("count", methods=("GET",), example={"count": 4})
    def count(self, request: ApiRequest) -> dict[str, int]:
        """How many contacts are registered."""
        return {"count": self.visible(request).count()}

    @route("", methods=("DELETE",), example="ok")
    def flush(self, request: ApiRequest) -> str:
        """Have the switches forget every contact of the account."""
        self._flush(request.account.id)
        return "ok"

    def delete(self, request: ApiRequest, instance: Registration) -> str:
        """Have the switches forget the contacts of one user name."""
        self._flush(instance.account_id, instance.username)
        return "ok"

    def check_id(self, request: ApiRequest) -> None:
        if len(request.id) > 64:
            raise NotFound(request.id)

    def _flush(self, account_id: str, username: str = "") -> None:
        from apps.switching.calls.tasks import flush_registrations

        flush_registrations.delay(account_id, username)


def registration_document(row: Registration) -> dict[str, Any]:
    """crossbar's `registrations` document; `expires` counts the seconds left."""
    return {
        "id": str(row.pk),
        "username": row.username,
        "realm": row.realm,
        "account_realm": row.realm,
        "account_id": row.account_id,
        "authorizing_id": row.device_id,
        "authorizing_type": "device",
        "owner_id": row.owner_id,
        "contact": row.contact,
        "original_contact": row.contact,
        "contact_ip": row.network_ip,
        "contact_port": row.network_port,
        "network_ip": row.network_ip,
        "network_port": row.network_port,
        "user_agent": row.user_agent,
        "call_id": row.call_id,
        "expires": max(0, int((row.expires - now()).total_seconds())),
        "event_timestamp": to_gregorian(row.registered),
        "from_user": row.username,
        "from_host": row.realm,
        "to_user": row.username,
        "to_host": row.realm,
        "switch_nodename": row.switch,
    }
