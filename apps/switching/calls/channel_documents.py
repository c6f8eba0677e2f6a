"""Live channels as the API shows them."""

from __future__ import annotations

from typing import Any

from apps.foundation.kit.clock import now, to_gregorian
from apps.switching.calls.models import ChannelState, LiveChannel


def channel_document(channel: LiveChannel) -> dict[str, Any]:
    """crossbar's `channels` document; times in Gregorian seconds."""
    found = {
        "uuid": channel.uuid,
        "call_id": channel.uuid,
        "answered": channel.answered is not None,
        "direction": channel.direction,
        "channel_state": channel.state,
        "is_on_hold": channel.state == ChannelState.HELD,
        "caller_id_name": channel.caller_id_name,
        "caller_id_number": channel.caller_id_number,
        "callee_id_name": channel.callee_id_name,
        "callee_id_number": channel.callee_id_number,
        "destination": channel.destination,
        "other_leg": channel.other_leg,
        "interaction_id": channel.interaction_id,
        "authorizing_id": channel.authorizing_id,
        "authorizing_type": channel.authorizing_type,
        "owner_id": channel.owner_id,
        "callflow_id": channel.callflow_id,
        "presence_id": channel.presence_id,
        "username": channel.presence_id.partition("@")[0],
        "from": channel.from_uri,
        "to": channel.to_uri,
        "switch_hostname": channel.switch,
        "timestamp": to_gregorian(channel.created),
        "elapsed_s": max(0, int((now() - channel.created).total_seconds())),
        "bridged": channel.bridged is not None,
    }
    return {name: value for name, value in found.items() if value != ""}
