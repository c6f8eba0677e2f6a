from __future__ import annotations

from apps.pbx.metaflows.consulting import UNHOLD_KEY
from apps.pbx.metaflows.registry import Action, NoData
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands
from apps.switching.calls.models import ChannelState


class Resume(Action[NoData]):
    """Take the call back from hold."""

    Data = NoData

    def run(self, talk: Talk, data: NoData) -> None:
        key = talk.told(commands.get_variable(talk.own.uuid, UNHOLD_KEY))
        if len(key) == 1:
            talk.tell(commands.press(talk.own.uuid, key))
        if len(key) != 1 or talk.own.state == ChannelState.HELD:
            talk.tell(commands.hold(talk.own.uuid, False))
