from __future__ import annotations

from apps.pbx.metaflows.registry import Action, NoData
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands


class Resume(Action[NoData]):
    """Take the call back from hold."""

    Data = NoData

    def run(self, talk: Talk, data: NoData) -> None:
        talk.tell(commands.hold(talk.own.uuid, False))
