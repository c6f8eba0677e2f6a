from __future__ import annotations

from apps.pbx.metaflows.registry import Action, NoData
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands

#: A word that cannot name a Python module.
NAME = "break"


class StopSounds(Action[NoData]):
    """End the sound that is being played."""

    Data = NoData

    def run(self, talk: Talk, data: NoData) -> None:
        talk.tell(commands.stop_sounds(talk.own.uuid))
