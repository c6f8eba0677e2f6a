from __future__ import annotations

from apps.pbx.metaflows.registry import Action, NoData
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands


class Hold(Action[NoData]):
    """Put the call on hold: the other party hears music until it is taken back."""

    Data = NoData

    def run(self, talk: Talk, data: NoData) -> None:
        talk.tell(commands.hold(talk.own.uuid, True))
