from __future__ import annotations

from typing import Any, ClassVar

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.modules.conference import ConferenceData
from apps.pbx.callflows.registry import Branch, Verb, go_on
from apps.pbx.conferences.documents import ConferenceSettings
from apps.pbx.conferences.joining import join
from apps.pbx.conferences.queries import Opened, conference_by_number, made_up_id
from apps.switching.calls.port import Call


class ConferenceFeatureData(ConferenceData):
    pass


class JoinDialledConference(Verb[ConferenceFeatureData]):
    """Meet in the conference that was dialled behind the code.

    A number that no conference of the account has is a conference of its own, for everybody who dials it.
    """

    Data = ConferenceFeatureData
    children: ClassVar[dict[str, str]] = {"_": "the conference is over for the caller, or no number was dialled"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"config": {"play_welcome": False}, "moderator": True})

    async def run(self, call: Call, data: ConferenceFeatureData) -> Branch:
        number = call.variables.get("capture_group", "")
        if not number:
            return go_on(why="no number was dialled behind the code")
        opened = await in_account(call.account_id, conference_by_number, number)
        if opened is None:
            opened = Opened(made_up_id(number), number, data.config or ConferenceSettings())
        return await join(call, opened, data.entrance(number))

    def explain(self, asking: Asking, data: ConferenceFeatureData) -> Branch:
        if not asking.capture_group:
            return go_on(why="no number was dialled behind the code")
        opened = conference_by_number(asking.capture_group)
        return go_on(why=f"in the conference {opened.name if opened else asking.capture_group}")
