from __future__ import annotations

from apps.pbx.metaflows.registry import Action, NoData
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands


class HangUp(Action[NoData]):
    """End the conversation."""

    Data = NoData

    def run(self, talk: Talk, data: NoData) -> None:
        talk.tell(commands.hang_up(talk.own.uuid))
