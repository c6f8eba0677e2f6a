"""A conversation as an action finds it: the leg of whoever asked, and the leg it talks to."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.callflows.built_in import GIVEN_FLOW, GIVEN_NUMBER, given_flow
from apps.pbx.conferences.queries import made_up_id
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.legs import EXPORTED, OWN_CALLS, Asking, Member
from apps.pbx.endpoints.queries import documents_of, resolve
from apps.pbx.endpoints.rules import caller_id, group_of
from apps.pbx.media.music import music_for
from apps.pbx.metaflows import consulting
from apps.switching.calls import commands, tasks
from apps.switching.calls.commands import Legs, NodeCommand
from apps.switching.calls.conference_commands import call_into
from apps.switching.calls.dial_string import Leg, Redial, display_text, shown_name
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import CallerId, SwitchRefused
from apps.switching.rooms.queries import room_name
from apps.switching.switches.lines import run_api

#: How long phones ring that are to have the call.
RING_SECONDS = 30


class NotPossible(Exception):
    """The conversation is not one in which this can be done. The text says why."""


@dataclass(frozen=True, slots=True)
class Talk:
    """`own` is the leg of whoever pressed keys, or the one the API named; `digits` what a pattern captured.
    `by_keys`: somebody in the conversation asked for it."""

    own: LiveChannel
    principal: Principal
    digits: str = ""
    by_keys: bool = False

    @property
    def peer(self) -> str:
        """The channel it talks to. Raises NotPossible where it talks to nobody."""
        if not self.own.other_leg:
            raise NotPossible("the channel talks to nobody")
        return self.own.other_leg

    @property
    def sent(self) -> str:
        """The channel that is sent somewhere: whoever presses keys sends the other."""
        return self.peer if self.by_keys else self.own.uuid

    def tell(self, command: NodeCommand) -> None:
        """Raises SwitchRefused."""
        self.told(command)

    def told(self, command: NodeCommand) -> str:
        """The switch's answer. Raises SwitchRefused."""
        answer = run_api(self.own.switch, command.name, command.arguments)
        if not answer.ok:
            raise SwitchRefused(answer.text.strip())
        return answer.text.strip()

    def legs_of(self, members: Sequence[Member], *, besides: str = "") -> tuple[Leg, ...]:
        """The phones of these, not the device `besides`. Raises NotPossible where none can be rung."""
        asking = Asking(authorizing_id=besides, interaction_id=self.own.interaction_id, can_call_self=not besides)
        legs = resolve(members, asking).legs
        if not legs:
            raise NotPossible("none of the phones is registered")
        return legs

    def variables(self, *, shown: str) -> dict[str, str]:
        """What phones are told that ring to have a part in the conversation; `shown` is who calls."""
        return {
            "account_id": current_account_id(),
            "call_kind": "internal",
            "interaction_id": f"{to_gregorian(now())}-{secrets.token_hex(4)}",
            "export_vars": "account_id,interaction_id,call_kind",
            "origination_caller_id_name": shown_name(shown) or "anonymous",
            "origination_caller_id_number": display_text(shown) or "anonymous",
            "originate_timeout": str(RING_SECONDS),
            "ignore_early_media": "true",
        }

    def ring(self, command: NodeCommand) -> None:
        """Have an `originate` run on the conversation's switch."""
        tasks.originate.delay(str(uuid.uuid4()), [self.own.switch], command.arguments, RING_SECONDS)

    def ask(self, number: str, seconds: int, music: str, take_back: str, meet: str) -> None:
        """Have `own` talk to `number` while the other party waits. Raises NotPossible, SwitchRefused, UnsafeValue."""
        commands.extension(number)
        waiting = self.peer
        shown = self._shown_as()
        asks = {
            consulting.ROLE: str(consulting.Part("asks", waiting)),
            consulting.ASKED: number,
            consulting.SECONDS: str(seconds or ""),
            consulting.TAKE_BACK: take_back,
            consulting.MEET: meet,
            consulting.SHOWN_NAME: shown_name(shown.name),
            consulting.SHOWN_NUMBER: display_text(shown.number),
        }
        waits = {
            consulting.ROLE: str(consulting.Part("waits", self.own.uuid)),
            consulting.ASKED: number,
            consulting.THIRD: "",
            consulting.HEARS: music_for(self.own.authorizing_id, self.own.owner_id, music),
        }
        self._set(self.own.uuid, asks)
        self._set(waiting, waits)
        self.tell(commands.transfer(self.own.uuid, consulting.NUMBER, both=True))

    def hold(self, unhold_key: str, own_music: str, music: str) -> None:
        """Have the other party wait with `music` until `own` presses the key. Raises as `ask`."""
        waiting = self.peer
        holds = {consulting.ROLE: str(consulting.Part("holds", waiting)), consulting.HEARS: own_music}
        waits = {consulting.ROLE: str(consulting.Part("waits", self.own.uuid)), consulting.HEARS: music}
        self._set(self.own.uuid, {**holds, consulting.UNHOLD_KEY: unhold_key})
        self._set(waiting, {**waits, consulting.ASKED: "", consulting.THIRD: ""})
        self.tell(commands.transfer(self.own.uuid, consulting.NUMBER, both=True))

    def meet(self, number: str) -> None:
        """Have both parties meet in a conference, and call `number` to join them. Raises as `ask`."""
        command = None
        if number:
            # Dialled as the phone of whoever asks would: what it may not call, it cannot bring in.
            leg = Leg(Redial(number, OWN_CALLS), variables={"loopback_export": EXPORTED})
            shown = self._shown_as()
            own = {
                "authorizing_id": self.own.authorizing_id,
                "authorizing_type": self.own.authorizing_type,
                "owner_id": self.own.owner_id,
                "interaction_id": self.own.interaction_id,
            }
            variables = {**self.variables(shown=shown.number or shown.name), **own}
            room = room_name(current_account_id(), made_up_id(self.own.uuid))
            command = call_into(room, [leg], variables)
        for one in (self.own.uuid, self.peer):
            self._set(one, {consulting.MEETING: self.own.uuid})
        self.tell(commands.transfer(self.own.uuid, consulting.MEETING_NUMBER, both=True))
        if command is not None:
            self.ring(command)

    def _shown_as(self) -> CallerId:
        """Who the phone of `own` is shown as inside the account, where that is not its channel's caller: a leg that the
        switch has made shows who called it."""
        device = Device.objects.filter(id=self.own.authorizing_id).first()
        if device is None or self.own.direction == "inbound":
            return CallerId(self.own.caller_id_name, self.own.caller_id_number)
        account = Account.objects.get(id=current_account_id())
        shown = caller_id("internal", **documents_of(account, device, self.own.owner_id))
        username = str(group_of(device.document, "sip").get("username") or "")
        return shown.or_else(CallerId(device.name, username))

    def _set(self, uuid: str, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            self.tell(commands.set_variable(uuid, name, value))

    def send_into(self, flow: Mapping[str, Any]) -> None:
        """Transfer into a flow that is no callflow of the account. Raises NotPossible."""
        try:
            given = given_flow(flow)
        except ValueError as error:
            raise NotPossible(str(error)) from error
        self._set(self.sent, {GIVEN_FLOW: given})
        self.send_on(GIVEN_NUMBER)

    def send_on(self, number: str) -> None:
        """Transfer, blind."""
        self.tell(commands.transfer(self.sent, number))


def both(leg: str) -> Legs:
    """FreeSWITCH's word for KAZOO's `self`, `peer` and `both`."""
    words: dict[str, Legs] = {"self": "aleg", "peer": "bleg"}
    return words.get(leg, "both")
