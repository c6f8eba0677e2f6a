"""Quick calls and hotdesks in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import Conflict, Forbidden, NotFound, Unauthenticated, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity.principal import Role
from apps.foundation.identity.restrictions import allowed
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.hotdesking import desks
from apps.pbx.endpoints.quickcall import LONGEST_SECONDS, SHORTEST_SECONDS, NobodyToRing, QuickCall, start_quickcall
from apps.pbx.users.models import User
from apps.switching.calls import jobs
from apps.switching.calls.dial_string import UnsafeValue, settable

_PUNCTUATION = str.maketrans("", "", " ()./-")


class QuickcallResource(AccountResource):
    """Calls made for somebody: the phones of a user (`/users/{id}/quickcall/{number}`) or a device
    (`/devices/{id}/quickcall/{number}`) ring, and who answers is connected to the number.

    Options, in the query or in `data`: `timeout` (seconds of ringing, 3 to 120, default 30), `auto_answer`,
    `cid-name`, `cid-number`, `ignore-early-media`, `custom_application_vars` (an object of texts), `number_filter`
    (false: the number stays as it is written). A plain user may do this for themselves and their own devices.
    """

    path = "quickcall"
    parents = {"users": "owner_id", "devices": "device_id"}
    access = Access(read=Role.USER, write=Role.USER)

    @route(
        "{number}",
        methods=("GET",),
        access=Access(read=Role.USER, write=Role.USER, public=("GET",)),
        example={"job_id": "7c3f…", "status": "started"},
    )
    def start(self, request: ApiRequest) -> Answer:
        """Begin and answer at once with 202.

        Whoever is not signed in may do this for users and devices that say `allow_anonymous_quickcalls`.
        """
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
            number=_dialled(request),
            timeout=_seconds(request),
            auto_answer=request.flag("auto_answer", request.flag("auto-answer")),
            ignore_early_media=request.flag("ignore-early-media", True),
            caller_name=str(request.value("cid-name", "")),
            caller_number=str(request.value("cid-number", "")),
            variables=_application_variables(request),
        )
        try:
            return start_quickcall(wanted)
        except NobodyToRing as error:
            raise Conflict(str(error)) from error
        except UnsafeValue:
            message = _("This cannot be dialled")
            raise ValidationFailed.of("number", "pattern", message, value=wanted.number) from None


def _member(request: ApiRequest) -> tuple[str, str]:
    """Whose phones ring. Raises NotFound for nobody of this account, and for what is not a plain user's own; for a
    caller who is not signed in, Unauthenticated."""
    user_id, device_id = request.parent_ids.get("users"), request.parent_ids.get("devices")
    user = User.objects.filter(id=user_id).first() if user_id else None
    device = Device.objects.filter(id=device_id).first() if device_id else None
    found, owner = (user, user_id) if user is not None else (device, device.owner_id if device is not None else None)
    if found is not None and (_is_open(request, found) or _is_entitled(request, owner)):
        return found.id, "user" if user is not None else "device"
    if request.identified is None:
        raise Unauthenticated
    raise NotFound(user_id or device_id or "")


def _is_open(request: ApiRequest, found: User | Device) -> bool:
    """Nobody is signed in, and nobody needs to be: for such a visitor throttling is by the address alone."""
    return request.identified is None and found.document.get("allow_anonymous_quickcalls") is True


def _is_entitled(request: ApiRequest, owner: str | None) -> bool:
    """The address is open to everybody, so that who is signed in is looked at here: an administrator of the account or
    of one above it, or the person himself."""
    caller = request.identified
    if caller is None:
        return False
    if not allowed(caller, request.account, "quickcall", [request.arguments["number"]], request.verb):
        raise Forbidden(_("access denied by token restrictions"))
    if caller.role is Role.USER:
        return caller.account_id == request.account.id and caller.user_id == owner
    return request.account.is_within(caller.account_id)


def _dialled(request: ApiRequest) -> str:
    """The number without what people write between digits, unless `number_filter` is off."""
    number: str = request.arguments["number"]
    return number if not request.flag("number_filter", True) else number.translate(_PUNCTUATION)


def _application_variables(request: ApiRequest) -> dict[str, str]:
    given: Any = request.value("custom_application_vars", {})
    if not isinstance(given, dict):
        message = _("Value did not match type(s): object")
        raise ValidationFailed.of("custom_application_vars", "type", message, target="object")
    return settable((f"cav_{name}", str(value)) for name, value in given.items())


def _seconds(request: ApiRequest) -> int:
    given: Any = request.value("timeout", 30)
    try:
        return min(max(int(given), SHORTEST_SECONDS), LONGEST_SECONDS)
    except (TypeError, ValueError):
        raise ValidationFailed.of("timeout", "type", _("Value did not match type(s): integer"), value=given) from None


class HotdeskResource(AccountResource):
    """Who is logged in to which phone that is not his: of the account, of a user or of a device.

    People log in and out by dialling (`hotdesk` in a callflow), or by writing `hotdesk.users` of a device.
    """

    path = "hotdesks"
    parents = {"users": "owner_id", "devices": "device_id"}
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN)

    @route("", methods=("GET",), example=[{"device_id": "0f1e…", "user_id": "7c3f…", "hotdesk_id": "77"}])
    def logged_in(self, request: ApiRequest) -> list[dict[str, Any]]:
        """Every login, one row each. A plain user sees his own."""
        devices = Device.objects.exclude(logged_in=[]).order_by("name", "id")
        if device_id := request.parent_ids.get("devices"):
            devices = devices.filter(id=device_id)
        found = desks(devices)
        if user_id := request.parent_ids.get("users"):
            found = [desk for desk in found if desk.user.id == user_id]
        if request.principal.role is Role.USER:
            found = [desk for desk in found if desk.user.id == request.principal.user_id]
        return [desk.to_document() for desk in found]
