"""Which calls light which lamp, as users, devices and callflows say it.

A lamp key on a phone names an extension. An extension shows a device or a user: because he has it as `presence_id`,
because its callflow rings him, or because it is the device's SIP username. Several may say so of one extension, and one
may have several: each document writes its own lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from apps.switching.presence.actions import set_quiet, write_lines

if TYPE_CHECKING:
    from apps.pbx.callflows.models import Callflow
    from apps.pbx.devices.models import Device
    from apps.pbx.users.models import User

#: Verbs that ring one endpoint, named by `id`.
RINGING = ("user", "device")
_MOST_STEPS = 20


def show_user(user: User) -> None:
    write_lines(user.account_id, user.id, [(user.id, _bare(user.presence_id))])
    set_quiet(user.account_id, user.id, _is_quiet(user.document))


def show_device(device: Device) -> None:
    names = (device.sip_username, device.document.get("presence_id"))
    write_lines(device.account_id, device.id, [(device.id, _bare(name)) for name in names])
    set_quiet(device.account_id, device.id, _is_quiet(device.document))


def show_callflow(callflow: Callflow) -> None:
    """The extensions of whomever its flow rings first. A number from outside is no lamp."""
    rung = first_rung(callflow.flow)
    extensions = [number for number in callflow.numbers if number != "no_match" and not number.startswith("+")]
    write_lines(callflow.account_id, callflow.id, [(rung, extension) for extension in extensions])


def show_nothing(account_id: str, source_id: str) -> None:
    """The document is gone."""
    write_lines(account_id, source_id, ())
    set_quiet(account_id, source_id, False)


def first_rung(flow: Any) -> str:
    """The id of the user or device that is rung first where nobody presses anything, empty for none."""
    node = flow
    for _step in range(_MOST_STEPS):
        if not isinstance(node, Mapping):
            return ""
        data, children = node.get("data"), node.get("children")
        if node.get("module") in RINGING:
            return str(data.get("id") or "") if isinstance(data, Mapping) else ""
        node = children.get("_") if isinstance(children, Mapping) else None
    return ""


def _bare(presence_id: Any) -> str:
    return str(presence_id or "").partition("@")[0]


def _is_quiet(document: Mapping[str, Any]) -> bool:
    given = document.get("do_not_disturb")
    return bool(given.get("enabled")) if isinstance(given, Mapping) else False
