"""One account's devices and users as they were loaded, and which legs each member comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from apps.pbx.endpoints import rules
from apps.pbx.endpoints.rules import CallForward, Document, group_of
from apps.switching.calls.dial_string import Contact, Leg, Redial, UnsafeValue, display_text, settable
from apps.switching.calls.port import CallerId, CallKind

MemberType = Literal["device", "user", "group"]

#: What the called party hears who has to press 1 before a forwarded call is his: two short tones.
CONFIRM_SOUND = "tone_stream://%(150,100,523,659);loops=3"
CONFIRM_KEY = "1"
#: The dialplan context of calls from an account's own phones.
OWN_CALLS = "internal"
#: What the new call of a forward must know to be routed as one of the account's own.
EXPORTED = "account_id,call_kind,interaction_id,authorizing_id,authorizing_type,owner_id,forwarded_by"


@dataclass(frozen=True, slots=True)
class Member:
    """Someone to ring. `delay` and `timeout` in seconds; `weight` 1 to 100 is the chance in a weighted draw."""

    id: str
    type: MemberType
    delay: int = 0
    timeout: int | None = None
    weight: int = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """The call that wants to ring. `direct`: it was meant for this endpoint, not for a group it is in."""

    authorizing_id: str = ""
    owner_id: str = ""
    call_kind: CallKind = "internal"
    dialled: str = ""
    caller_id: CallerId = field(default_factory=CallerId)
    direct: bool = True
    can_call_self: bool = False
    suppress_caller_id: bool = False
    static_invite: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Party:
    """A device or a user, as far as ringing is concerned."""

    id: str
    enabled: bool
    owner_id: str
    device_type: str
    document: Document


@dataclass
class Household:
    """`contacts` are `(uri, profile)` of each device that is registered now."""

    account_id: str
    account: Document
    devices: Mapping[str, Party]
    users: Mapping[str, Party]
    contacts: Mapping[str, list[tuple[str, str]]]
    legs: list[Leg] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    _rung: set[str] = field(default_factory=set)

    def ring(self, member: Member, asking: Asking) -> None:
        """Add the legs of one member."""
        if member.type == "device":
            device = self.devices.get(member.id)
            if device is None:
                self._skip(member.id, "no such device")
            else:
                self._ring_device(device, member, asking)
        else:
            self._ring_user(member, asking)

    def _ring_user(self, member: Member, asking: Asking) -> None:
        user = self.users.get(member.id)
        if user is None or not user.enabled:
            self._skip(member.id, "no such user" if user is None else "user disabled")
            return
        if asking.owner_id == user.id and not asking.can_call_self:
            self._skip(user.id, "calls himself")
            return
        if rules.do_not_disturb(user.document):
            self._skip(user.id, "do not disturb")
            return
        forward = rules.call_forward(user.document)
        if forward is not None and forward.applies(direct=asking.direct):
            self._forward(user, forward, member, asking)
            if forward.substitute:
                return
        before = len(self.legs)
        for device in self.devices.values():
            if device.owner_id == user.id:
                self._ring_device(device, member, asking, of_user=True)
        if len(self.legs) == before and forward is not None and forward.rescues(direct=asking.direct):
            self._forward(user, forward, member, asking)

    def _ring_device(self, device: Party, member: Member, asking: Asking, *, of_user: bool = False) -> None:
        if device.id in self._rung:
            return
        owner = self.users.get(device.owner_id)
        if refusal := self._refusal(device, owner, asking):
            self._skip(device.id, refusal)
            return
        self._rung.add(device.id)
        forward = self._forward_of(device, owner, of_user=of_user)
        always = device.device_type in rules.ALWAYS_FORWARDED
        if forward is not None and (always or forward.applies(direct=asking.direct)):
            self._forward(device, forward, member, asking)
            if forward.substitute or always:
                return
        contacts = self._where(device)
        for uri, profile in contacts:
            self._add(device, Contact(self._invited(uri, device, asking), profile), member, asking)
        if contacts:
            return
        if forward is not None and forward.rescues(direct=asking.direct):
            self._forward(device, forward, member, asking)
        else:
            self._skip(device.id, "not registered")

    @staticmethod
    def _refusal(device: Party, owner: Party | None, asking: Asking) -> str:
        if not device.enabled:
            return "device disabled"
        if device.id == asking.authorizing_id and not asking.can_call_self:
            return "it is the calling device"
        if rules.do_not_disturb(device.document, owner.document if owner is not None else {}):
            return "do not disturb"
        return ""

    @staticmethod
    def _forward_of(device: Party, owner: Party | None, *, of_user: bool) -> CallForward | None:
        """The device's own where it is enabled, else its owner's. A user that is rung has seen to his own already."""
        own = rules.call_forward(device.document)
        if of_user or owner is None or (own is not None and (own.enabled or own.failover)):
            return own
        return rules.call_forward(owner.document) or own

    def _where(self, device: Party) -> list[tuple[str, str]]:
        fixed = rules.fixed_contact(group_of(device.document, "sip"))
        return [(fixed, "internal")] if fixed else self.contacts.get(device.id, [])

    @staticmethod
    def _invited(uri: str, device: Party, asking: Asking) -> str:
        return rules.invited_as(uri, group_of(device.document, "sip"), asking.dialled, asking.static_invite)

    def _forward(self, party: Party, forward: CallForward, member: Member, asking: Asking) -> None:
        """A new call of the account to the forward number: its flows, restrictions and limits apply to it."""
        variables = {
            "account_id": self.account_id,
            "call_kind": "internal",
            "forwarded_by": party.id,
            "loopback_export": EXPORTED,
        }
        if forward.ignore_early_media:
            variables["ignore_early_media"] = "true"
        if forward.require_keypress:
            variables |= {"group_confirm_key": CONFIRM_KEY, "group_confirm_file": CONFIRM_SOUND}
        if not forward.keep_caller_id:
            variables |= self._caller_id(party)
        self._add(party, Redial(forward.number, OWN_CALLS), member, asking, variables)

    def _caller_id(self, party: Party) -> dict[str, str]:
        is_user = party.id in self.users
        owner = party if is_user else self.users.get(party.owner_id)
        shown = rules.caller_id(
            "internal",
            account=self.account,
            user=owner.document if owner is not None else {},
            device={} if is_user else party.document,
        )
        return {
            "origination_caller_id_name": display_text(shown.name),
            "origination_caller_id_number": display_text(shown.number),
        }

    def _add(
        self,
        party: Party,
        target: Contact | Redial,
        member: Member,
        asking: Asking,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        is_user = party.id in self.users
        own = {
            "authorizing_id": party.id,
            "authorizing_type": "user" if is_user else "device",
            "owner_id": party.id if is_user else party.owner_id,
            **settable({**rules.custom_headers(group_of(party.document, "sip")), **asking.headers}.items()),
            **settable(self._ringtone(party, asking).items()),
            **(variables or {}),
        }
        if asking.suppress_caller_id:
            own |= {"origination_caller_id_name": "Anonymous", "origination_caller_id_number": "anonymous"}
        leg = Leg(target, member.timeout, member.delay, own)
        try:
            str(leg)
        except UnsafeValue as error:
            self._skip(party.id, str(error))
            return
        self.legs.append(leg)

    @staticmethod
    def _ringtone(party: Party, asking: Asking) -> dict[str, str]:
        side = "internal" if asking.call_kind == "internal" else "external"
        tone = group_of(party.document, "ringtones").get(side)
        return {"alert_info": str(tone)} if tone else {}

    def _skip(self, identifier: str, reason: str) -> None:
        self.skipped.append(f"{identifier}: {reason}")
