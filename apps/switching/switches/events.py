"""What is announced about calls and phones, with KAZOO's field names (as its websockets and webhooks carry them)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian
from apps.switching.switches.facts import DeviceRegistered, Leg

_ACCOUNT = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60"
_DEVICE = "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
_OWNER = "c2a9e1f04b7d4d7c9d3b6e8f1a5c7e92"
_CALL = "c0ffee00-1111-2222-3333-444455556666"


@dataclass(frozen=True, slots=True)
class CallChanged(Event):
    """A leg began, was answered, connected, held or ended. `name` is CHANNEL_CREATE, CHANNEL_ANSWER, CHANNEL_BRIDGE,
    CHANNEL_HOLD, CHANNEL_UNHOLD or CHANNEL_DESTROY.
    `ended`, `hangup_cause` and `hangup_code` belong to the last."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "call.CHANNEL_CREATE.{call_id}",
        "call.CHANNEL_ANSWER.{call_id}",
        "call.CHANNEL_BRIDGE.{call_id}",
        "call.CHANNEL_HOLD.{call_id}",
        "call.CHANNEL_UNHOLD.{call_id}",
        "call.CHANNEL_DESTROY.{call_id}",
    )

    name: str
    leg: Leg
    ended: datetime | None = None
    hangup_cause: str = ""
    hangup_code: str = ""

    @classmethod
    def examples(cls) -> Sequence[Event]:
        began = Leg(uuid=_CALL, switch="fs1", account_id=_ACCOUNT, direction="inbound", created=now())
        whole = replace(
            began,
            answered=now(),
            call_kind="inbound",
            caller_id_name="Bob",
            caller_id_number="+13125550100",
            callee_id_name="Ada",
            callee_id_number="101",
            destination="101",
            other_leg="c0ffee00-1111-2222-3333-777788889999",
            interaction_id="63931000000-5b2d11f0",
            authorizing_id=_DEVICE,
            authorizing_type="device",
            owner_id=_OWNER,
            callflow_id=_DEVICE,
            presence_id="101@bakery.example.com",
            from_uri="bob@bakery.example.com",
            to_uri="101@bakery.example.com",
            request_uri="101@bakery.example.com",
        )
        inner = replace(began, channel_name="loopback/101-a")
        ended = cls(_ACCOUNT, "CHANNEL_DESTROY", whole, now(), "BUSY", "486")
        return [cls(_ACCOUNT, "CHANNEL_CREATE", began), cls(_ACCOUNT, "CHANNEL_CREATE", inner), ended]

    @property
    def key(self) -> str:
        return f"call.{self.name}.{self.leg.uuid}"

    def data(self) -> dict[str, Any]:
        leg = self.leg
        found = {
            "event_category": "call_event",
            "event_name": self.name,
            "timestamp": to_gregorian(self.ended or now()),
            "call_id": leg.uuid,
            "call_direction": leg.direction,
            "other_leg_call_id": leg.other_leg,
            "caller_id_name": leg.caller_id_name,
            "caller_id_number": leg.caller_id_number,
            "callee_id_name": leg.callee_id_name,
            "callee_id_number": leg.callee_id_number,
            "destination": leg.destination,
            "from": leg.from_uri,
            "to": leg.to_uri,
            "request": leg.request_uri,
            "presence_id": leg.presence_id,
            "switch_nodename": leg.switch,
            "account_id": leg.account_id,
            "authorizing_id": leg.authorizing_id,
            "owner_id": leg.owner_id,
            "channel_created_time": to_gregorian(leg.created),
            # Said only of those: a number dialled anew through the dialplan has two.
            "is_internal_leg": leg.channel_name.startswith("loopback/") or "",
            "custom_channel_vars": _custom_channel_vars(leg),
        }
        return {name: value for name, value in (found | self._end()).items() if value != ""}

    def _end(self) -> dict[str, Any]:
        if self.ended is None:
            return {}
        answered = self.leg.answered
        ringing = int(((answered or self.ended) - self.leg.created).total_seconds())
        billing = int((self.ended - answered).total_seconds()) if answered else 0
        return {
            "hangup_cause": self.hangup_cause,
            "hangup_code": self.hangup_code,
            "ringing_seconds": max(0, ringing),
            "billing_seconds": max(0, billing),
            "duration_seconds": max(0, int((self.ended - self.leg.created).total_seconds())),
        }


@dataclass(frozen=True, slots=True)
class RegistrationChanged(Event):
    """A phone announced itself, or is reachable no longer: it has a contact it did not have (`registered`),
    or has it no longer. `reason` is empty, `goodbye`, `expired` or `gone`."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "registration.registered.{authorizing_id}",
        "registration.unregistered.{authorizing_id}",
    )

    registered: bool
    device_id: str
    owner_id: str
    realm: str
    username: str
    contact: str
    user_agent: str = ""
    network_ip: str = ""
    reason: str = ""

    @classmethod
    def of(cls, fact: DeviceRegistered) -> RegistrationChanged:
        return cls(
            fact.account_id,
            registered=True,
            device_id=fact.device_id,
            owner_id=fact.owner_id,
            realm=fact.realm,
            username=fact.username,
            contact=fact.contact,
            user_agent=fact.user_agent,
            network_ip=fact.network_ip,
        )

    @classmethod
    def examples(cls) -> Sequence[Event]:
        phone = (_DEVICE, _OWNER, "bakery.example.com", "ada1", "sip:ada1@192.0.2.7:5060")
        came = cls(_ACCOUNT, True, *phone, "Yealink SIP-T54W", "192.0.2.7")
        gone = cls(_ACCOUNT, False, _DEVICE, "", *phone[2:], reason="expired")
        return [came, gone]

    @property
    def key(self) -> str:
        return f"registration.{'registered' if self.registered else 'unregistered'}.{self.device_id}"

    def data(self) -> dict[str, Any]:
        found = {
            "event_category": "registration",
            "event_name": "registered" if self.registered else "unregistered",
            "timestamp": to_gregorian(now()),
            "account_id": self.account_id,
            "authorizing_id": self.device_id,
            "authorizing_type": "device",
            "owner_id": self.owner_id,
            "realm": self.realm,
            "username": self.username,
            "contact": self.contact,
            "user_agent": self.user_agent,
            "network_ip": self.network_ip,
            "reason": self.reason,
        }
        return {name: value for name, value in found.items() if value != ""}


def _custom_channel_vars(leg: Leg) -> dict[str, str]:
    found = {
        "account_id": leg.account_id,
        "authorizing_id": leg.authorizing_id,
        "authorizing_type": leg.authorizing_type,
        "owner_id": leg.owner_id,
        "callflow_id": leg.callflow_id,
        "call_interaction_id": leg.interaction_id,
        "call_kind": leg.call_kind,
    }
    return {name: value for name, value in found.items() if value}
