"""A conversation as an action finds it: the leg of whoever asked, and the leg it talks to."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.endpoints.queries import resolve
from apps.switching.calls import commands, tasks
from apps.switching.calls.commands import Legs, NodeCommand
from apps.switching.calls.dial_string import Leg, display_text
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import SwitchRefused
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
        answer = run_api(self.own.switch, command.name, command.arguments)
        if not answer.ok:
            raise SwitchRefused(answer.text.strip())

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
            "origination_caller_id_name": display_text(shown) or "anonymous",
            "origination_caller_id_number": display_text(shown) or "anonymous",
            "originate_timeout": str(RING_SECONDS),
            "ignore_early_media": "true",
        }

    def ring(self, command: NodeCommand) -> None:
        """Have an `originate` run on the conversation's switch."""
        tasks.originate.delay(str(uuid.uuid4()), [self.own.switch], command.arguments, RING_SECONDS)

    def send_on(self, number: str) -> None:
        """Transfer, blind."""
        self.tell(commands.transfer(self.sent, number))


def both(leg: str) -> Legs:
    """FreeSWITCH's word for KAZOO's `self`, `peer` and `both`."""
    words: dict[str, Legs] = {"self": "aleg", "peer": "bleg"}
    return words.get(leg, "both")
