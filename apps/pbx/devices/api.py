"""Devices in the API."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import Conflict
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route, route
from apps.foundation.identity.principal import Role
from apps.foundation.kit.secrets import SecretUnreadable
from apps.pbx.devices.actions import create_device, delete_device, replace_device
from apps.pbx.devices.documents import DeviceDocument
from apps.pbx.devices.models import Device
from apps.pbx.devices.queries import registered_among


class DeviceResource(AccountResource):
    """Phones, and everything else that is rung.

    `sip.password` is shown to administrators who read or write one device; never in lists, events or the audit trail.
    """

    path, model, shape = "devices", Device, DeviceDocument
    summary = ("id", "name", "mac_address", "owner_id", "enabled", "device_type", "mobile", "call_recording", "flags")
    actions = Actions(create=create_device, replace=replace_device, delete=delete_device)
    parents = {"users": "owner_id"}
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN, own="owner_id")
    example = {"name": "Front desk", "device_type": "sip_device", "mac_address": "00:04:f2:ab:7e:fd"}

    def summarize(self, instance: Device) -> Mapping[str, Any]:
        return {**super().summarize(instance), "username": instance.sip_username or None}

    def get(self, request: ApiRequest, instance: Device) -> Answer:
        answer: Answer = super().get(request, instance)
        return _with_password(answer, request, instance)

    def created(self, request: ApiRequest, instance: Device) -> Answer:
        return _with_password(super().created(request, instance), request, instance)

    def store(self, request: ApiRequest, instance: Device, document: dict[str, Any]) -> Answer:
        answer: Answer = super().store(request, instance, document)
        return _with_password(answer, request, instance)

    @route("status", methods=("GET",), example=[{"device_id": "0f1e…", "registered": True, "registrable": True}])
    def status(self, request: ApiRequest) -> list[dict[str, Any]]:
        """Which devices are registered.

        `registrable` is false for devices that never register, such as a cell phone.
        """
        devices = list(self.visible(request).order_by("name", "id"))
        registered = registered_among(devices)
        return [
            {"device_id": device.id, "registered": device.id in registered, "registrable": device.registers}
            for device in devices
        ]

    @item_route("sync", methods=("POST",), example="sync request sent")
    def sync(self, request: ApiRequest, instance: Device) -> Any:
        """Tell the phone to fetch its configuration again, or to restart.

        Sends a SIP NOTIFY `check-sync` to every contact the device registered with; 409 where there is none.
        """
        from apps.switching.calls.tasks import sync_device

        if not registered_among([instance]):
            raise Conflict(_("The device is not registered"))
        sync_device.delay(instance.account_id, instance.id)
        return "sync request sent"


def _with_password(answer: Answer, request: ApiRequest, device: Device) -> Answer:
    if request.principal.role < Role.ACCOUNT_ADMIN or not device.sip_password_encrypted:
        return answer
    try:
        password = device.sip_password
    except SecretUnreadable:
        return answer
    return replace(answer, data={**answer.data, "sip": {**answer.data.get("sip", {}), "password": password}})
