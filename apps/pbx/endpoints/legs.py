"""One account's devices and users as they were loaded, and which legs each member comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from apps.pbx.endpoints import forwarding, invite, rules
from apps.pbx.endpoints.forwarding import CONDITIONS, CallForward, Circumstances, Condition, Forward
from apps.pbx.endpoints.rules import Document, group_of
from apps.pbx.media.music import HOLD_MUSIC, named_music
from apps.switching.calls.dial_string import Contact, Leg, Redial, UnsafeValue, display_text, settable
from apps.switching.calls.port import CallerId, CallKind

MemberType = Literal["device", "user", "group"]

#: What the called party hears who has to press 1 before a forwarded call is his, where no prompt can be had.
CONFIRM_SOUND = "tone_stream://%(150,100,523,659);loops=3"
CONFIRM_KEY = "1"
#: The dialplan context of calls from an account's own phones.
OWN_CALLS = "internal"
#: What the new call of a forward must know to be routed as one of the account's own.
EXPORTED = (
    "account_id,call_kind,interaction_id,authorizing_id,authorizing_type,owner_id,forwarded_by,forward_chain,"
    "caller_id_kept"
)


_NO_NAME = {"origination_caller_id_name": "Anonymous"}
_NO_NUMBER = {"origination_caller_id_number": "anonymous"}
#: What a leg shows of a caller who hides, by what he hides.
_ANONYMOUS = {"full": _NO_NAME | _NO_NUMBER, "name": _NO_NAME, "number": _NO_NUMBER}


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
    """The call that wants to ring. `direct`: it was meant for this endpoint, not for a group it is in; `for_queue`: a
    queue offers it. `forwarded_by` are the ids of those who forwarded it so far. With `skip_busy` nobody is rung who
    has a call; without, only those who want no second one are left out. With `insists` it rings the phones themselves,
    whatever do-not-disturb and forwarding say. `interaction_id` is the call's own."""

    authorizing_id: str = ""
    owner_id: str = ""
    call_kind: CallKind = "internal"
    dialled: str = ""
    caller_id: CallerId = field(default_factory=CallerId)
    interaction_id: str = ""
    direct: bool = True
    for_queue: bool = False
    can_call_self: bool = False
    insists: bool = False
    skip_busy: bool = False
    suppress_caller_id: bool = False
    #: What the caller hides of himself (the verb `privacy`): full, name, number, or empty.
    hidden: str = ""
    static_invite: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    forwarded_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """A device or a user, as far as ringing is concerned. `users` are a device's (see `rules`)."""

    id: str
    enabled: bool
    users: tuple[str, ...]
    device_type: str
    document: Document

    @property
    def owner_id(self) -> str:
        return self.users[0] if self.users else ""


@dataclass
class Household:
    """`contacts` are `(uri, profile)` of each device that is registered now; `busy` the ids of devices and users who
    have a call, `refusing` of those whose own blacklists turn the caller away; `music` what their music on hold is to
    the switch, by what their documents call it.

    What comes of ringing: `legs`, `later` (where a call goes on to when ringing them ended so), and `cause`, the hangup
    cause that says best why nobody could be rung.
    """

    account_id: str
    account: Document
    devices: Mapping[str, Party]
    users: Mapping[str, Party]
    contacts: Mapping[str, list[tuple[str, str]]]
    busy: frozenset[str] = frozenset()
    refusing: frozenset[str] = frozenset()
    circumstances: Circumstances = field(default_factory=Circumstances)
    music: Mapping[str, str] = field(default_factory=dict)
    legs: list[Leg] = field(default_factory=list)
    later: dict[Condition, list[Leg]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    cause: str = ""
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
        if user.id in self.refusing:
            self._skip(user.id, "the caller is on a blacklist of his", "CALL_REJECTED")
            return
        forwards = CallForward() if asking.insists else forwarding.call_forward(user.document)
        at_once = forwards.at_once(self.circumstances, direct=asking.direct)
        if at_once is not None:
            self._forward(user, at_once, member, asking)
            if at_once.substitute:
                return
        self._promise(user, forwards, member, asking)
        if not asking.insists and rules.do_not_disturb(user.document, self.account):
            self._skip(user.id, "do not disturb", "USER_BUSY")
            return
        if asking.skip_busy and user.id in self.busy:
            self._skip(user.id, "has a call", "USER_BUSY")
            return
        before = len(self.legs)
        for device in self.devices.values():
            if user.id in device.users:
                self._ring_device(device, member, asking, of_user=user)
        rescue = forwards.after("unreachable", direct=asking.direct)
        if len(self.legs) == before and rescue is not None and self.cause != "USER_BUSY":
            self._rescue(user, rescue, member, asking)

    def _ring_device(self, device: Party, member: Member, asking: Asking, *, of_user: Party | None = None) -> None:
        if device.id in self._rung:
            return
        owner = of_user or self.users.get(device.owner_id)
        if refusal := self._refusal(device, asking):
            self._skip(device.id, refusal)
            return
        self._rung.add(device.id)
        forwards = self._forwards_of(device, None if asking.insists else owner, of_user=of_user is not None)
        if asking.insists and device.device_type not in rules.ALWAYS_FORWARDED and device.device_type != "mobile":
            forwards = CallForward()
        at_once = forwards.at_once(self.circumstances, direct=asking.direct)
        if at_once is not None:
            self._forward(device, at_once, member, asking)
            if at_once.substitute:
                return
        self._promise(device, forwards, member, asking)
        if why := self._busy(device, owner, asking):
            self._skip(device.id, why, "USER_BUSY")
            return
        sip = group_of(device.document, "sip")
        contacts = invite.contacts_of(
            device.device_type, sip, self.contacts.get(device.id, []), asking.dialled, asking.static_invite
        )
        for contact in contacts:
            self._add(device, contact, member, asking)
        if contacts:
            return
        rescue = forwards.after("unreachable", direct=asking.direct)
        if rescue is not None:
            self._rescue(device, rescue, member, asking)
        else:
            self._skip(device.id, "not registered")

    def _refusal(self, device: Party, asking: Asking) -> str:
        if not device.enabled:
            return "device disabled"
        if device.id in self.refusing:
            return "the caller is on a blacklist of its"
        if device.id == asking.authorizing_id and not asking.can_call_self:
            return "it is the calling device"
        if asking.for_queue and device.document.get("exclude_from_queues"):
            return "excluded from queues"
        return ""

    def _busy(self, device: Party, owner: Party | None, asking: Asking) -> str:
        user = owner.document if owner is not None else {}
        if not asking.insists and rules.do_not_disturb(device.document, user, self.account):
            return "do not disturb"
        if device.id not in self.busy:
            return ""
        waits = rules.call_waiting(account=self.account, user=user, device=device.document)
        return "has a call" if asking.skip_busy or not waits else ""

    @staticmethod
    def _forwards_of(device: Party, owner: Party | None, *, of_user: bool) -> CallForward:
        """The device's own, then its owner's. A user that is rung has seen to his own already."""
        if device.device_type in rules.ALWAYS_FORWARDED:
            return _where_it_is(forwarding.call_forward(device.document, always=True))
        if device.device_type == "mobile" and (number := group_of(device.document, "mobile").get("mdn")):
            return CallForward(Forward(str(number), require_keypress=False))
        own = forwarding.call_forward(device.document)
        if of_user or owner is None:
            return own
        return forwarding.or_else(own, forwarding.call_forward(owner.document))

    def _promise(self, party: Party, forwards: CallForward, member: Member, asking: Asking) -> None:
        """Note where the call goes on to if ringing comes to nothing. A user's own word counts before his devices'; a
        group goes on with its other members."""
        for condition in CONDITIONS if asking.direct else ():
            found = forwards.after(condition, direct=True)
            promised = self.later.get(condition, [])
            if found is None or any(leg.variables["authorizing_id"] in self.users for leg in promised):
                continue
            leg = self._forwarded(party, found, Member(member.id, member.type), asking)
            if leg is not None:
                self.later.setdefault(condition, []).append(leg)

    def _forward(self, party: Party, forward: Forward, member: Member, asking: Asking) -> None:
        leg = self._forwarded(party, forward, member, asking)
        if leg is not None:
            self.legs.append(leg)

    def _rescue(self, party: Party, forward: Forward, member: Member, asking: Asking) -> None:
        """Nothing of the party's can be reached, so that the forward for that is used now and not once more later."""
        self.later.pop("unreachable", None)
        self._forward(party, forward, member, asking)

    def _forwarded(self, party: Party, forward: Forward, member: Member, asking: Asking) -> Leg | None:
        """A new call of the account to the forward number: its flows, restrictions and limits apply to it."""
        chain = (*asking.forwarded_by, party.id)
        if party.id in asking.forwarded_by or len(chain) > forwarding.MOST_HOPS:
            self._skip(party.id, f"forwarded in a circle: {' > '.join(chain)}", forwarding.LOOP_CAUSE)
            return None
        variables = {
            "account_id": self.account_id,
            "call_kind": "internal",
            "forwarded_by": party.id,
            "forward_chain": forwarding.CHAIN_SEPARATOR.join(chain),
            "caller_id_kept": "true" if forward.keep_caller_id else "false",
            "loopback_export": EXPORTED,
        }
        if forward.ignore_early_media:
            variables["ignore_early_media"] = "true"
        if forward.require_keypress:
            variables |= {"group_confirm_key": CONFIRM_KEY, "group_confirm_file": CONFIRM_SOUND}
        if not forward.keep_caller_id:
            variables |= self._caller_id(party)
        return self._leg(party, Redial(forward.number, OWN_CALLS), member, asking, variables)

    def _documents(self, party: Party) -> dict[str, Document]:
        is_user = party.id in self.users
        owner = party if is_user else self.users.get(party.owner_id)
        return {
            "account": self.account,
            "user": owner.document if owner is not None else {},
            "device": {} if is_user else party.document,
        }

    def _caller_id(self, party: Party) -> dict[str, str]:
        shown = rules.caller_id("internal", **self._documents(party))
        return {
            "origination_caller_id_name": display_text(shown.name),
            "origination_caller_id_number": display_text(shown.number),
        }

    def _add(self, party: Party, target: Contact, member: Member, asking: Asking) -> None:
        leg = self._leg(party, target, member, asking, invite.media_variables(party.document))
        if leg is not None:
            self.legs.append(leg)

    def _hold_music(self, party: Party) -> dict[str, str]:
        """Of the device, else of its user; the account's is given to all legs at once."""
        owner = self.users.get(party.owner_id)
        for document in (party.document, owner.document if owner is not None else {}):
            if found := self.music.get(named_music(document)):
                return {HOLD_MUSIC: found}
        return {}

    def _leg(
        self, party: Party, target: Contact | Redial, member: Member, asking: Asking, variables: Mapping[str, str]
    ) -> Leg | None:
        is_user = party.id in self.users
        headers = {**invite.custom_headers(group_of(party.document, "sip")), **asking.headers}
        own = {
            "authorizing_id": party.id,
            "authorizing_type": "user" if is_user else "device",
            "owner_id": party.id if is_user else party.owner_id,
            # Each leg's own: what is said of all of them together would win over what a forward says of itself.
            "call_kind": asking.call_kind,
            **settable(self._ringtone(party, asking).items()),
            **settable(self._hold_music(party).items()),
            **settable(headers.items()),
            **settable(variables.items()),
        }
        own |= _ANONYMOUS.get("full" if asking.suppress_caller_id else asking.hidden, {})
        leg = Leg(target, member.timeout, member.delay, own)
        try:
            str(leg)
        except UnsafeValue as error:
            self._skip(party.id, str(error))
            return None
        return leg

    def _ringtone(self, party: Party, asking: Asking) -> dict[str, str]:
        side = "internal" if asking.call_kind == "internal" else "external"
        tone = rules.ringtone(side, **self._documents(party))
        return {"alert_info": tone} if tone else {}

    def _skip(self, identifier: str, reason: str, cause: str = "") -> None:
        self.skipped.append(f"{identifier}: {reason}")
        if not self.cause or cause == forwarding.LOOP_CAUSE:
            self.cause = cause


def _where_it_is(forwards: CallForward) -> CallForward:
    """A cell phone's number is no forwarding of anybody's: groups ring it too."""
    found = forwards.unconditional
    return CallForward(replace(found, direct_calls_only=False) if found is not None else None)
