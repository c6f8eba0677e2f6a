"""Quick calls in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import Conflict, NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity.principal import Role
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.quickcall import LONGEST_SECONDS, SHORTEST_SECONDS, NobodyToRing, QuickCall, start_quickcall
from apps.pbx.users.models import User
from apps.switching.calls import jobs
from apps.switching.calls.dial_string import UnsafeValue


class QuickcallResource(AccountResource):
    """Calls made for somebody: the phones of a user (`/users/{id}/quickcall/{number}`) or a device
    (`/devices/{id}/quickcall/{number}`) ring, and who answers is connected to the number.

    Options, in the query or in `data`: `timeout` (seconds of ringing, 3 to 120, default 30), `auto_answer`,
    `cid-name`, `cid-number`, `ignore-early-media`. A plain user may do this for themselves and their own devices.
    """

    path = "quickcall"
    parents = {"users": "owner_id", "devices": "device_id"}
    access = Access(read=Role.USER, write=Role.USER)

    @route("{number}", methods=("GET",), example={"job_id": "7c3f…", "status": "started"})
    def start(self, request: ApiRequest) -> Answer:
        """Begin and answer at once with 202."""
        return Answer({"job_id": self._begin(request), "status": "started"}, status=202)

    @route("{number}", methods=("POST",), example={"job_id": "7c3f…", "status": "answered", "call_id": "1f0a…"})
    def call(self, request: ApiRequest) -> Answer:
        """Begin and wait until somebody answers or the ringing ends.

        `status` is `answered` (with `call_id`), `failed` (with `cause`) or, where it takes longer than is waited,
        `started`.
        """
        job_id = self._begin(request)
        found = jobs.wait_for(job_id, _seconds(request) + 5)
        if found is None:
            return Answer({"job_id": job_id, "status": "started"}, status=202)
        if found.ok:
            return Answer({"job_id": job_id, "status": "answered", "call_id": found.text})
        return Answer({"job_id": job_id, "status": "failed", "cause": found.text})

    def _begin(self, request: ApiRequest) -> str:
        member_id, member_type = _member(request)
        wanted = QuickCall(
            member_id=member_id,
            member_type=member_type,  # type: ignore[arg-type]
            number=request.arguments["number"],
            timeout=_seconds(request),
            auto_answer=request.flag("auto_answer", request.flag("auto-answer")),
            ignore_early_media=request.flag("ignore-early-media", True),
            caller_name=str(request.value("cid-name", "")),
            caller_number=str(request.value("cid-number", "")),
        )
        try:
            return start_quickcall(wanted)
        except NobodyToRing as error:
            raise Conflict(str(error)) from error
        except UnsafeValue:
            message = _("This cannot be dialled")
            raise ValidationFailed.of("number", "pattern", message, value=wanted.number) from None


def _member(request: ApiRequest) -> tuple[str, str]:
    """Whose phones ring. Raises NotFound for nobody of this account, and for what is not a plain user's own."""
    user_id, device_id = request.parent_ids.get("users"), request.parent_ids.get("devices")
    own = request.principal.user_id if request.principal.role is Role.USER else None
    if user_id and User.objects.filter(id=user_id).exists() and own in (None, user_id):
        return user_id, "user"
    device = Device.objects.filter(id=device_id).first() if device_id else None
    if device is not None and own in (None, device.owner_id):
        return device.id, "device"
    raise NotFound(user_id or device_id or "")


def _seconds(request: ApiRequest) -> int:
    given: Any = request.value("timeout", 30)
    try:
        return min(max(int(given), SHORTEST_SECONDS), LONGEST_SECONDS)
    except (TypeError, ValueError):
        raise ValidationFailed.of("timeout", "type", _("Value did not match type(s): integer"), value=given) from None
