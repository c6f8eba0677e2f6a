from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.conferences.documents import LONGEST_NUMBER, ConferenceSettings, Tone
from apps.pbx.conferences.joining import TRIES, Entrance, discover, join
from apps.pbx.conferences.queries import Opened, conference_by_number, made_up_id, open_conference
from apps.switching.calls.port import Call


class WelcomePrompt(Shape):
    media_id: str = Field("", max_length=2048, description="A media id, a tone or an http(s) URL.")
    play: bool = Field(True, description="Whether the caller is welcomed.")


class ConferenceData(VerbData):
    id: str = Field(
        "", max_length=128, description="The conference. Without one, the caller keys in its number.",
        json_schema_extra={"names": "conference"},
    )  # fmt: skip
    config: ConferenceSettings | None = Field(None, description="A conference of this callflow alone, without an id.")
    moderator: bool | None = Field(None, description="Who comes this way is a moderator, or a member; else by PIN.")
    play_entry_tone: Tone | None = Field(None, description="In place of the conference's own.")
    play_exit_tone: Tone | None = Field(None, description="In place of the conference's own.")
    welcome_prompt: WelcomePrompt = Field(default_factory=WelcomePrompt, description="How the caller is welcomed.")

    def entrance(self, number: str) -> Entrance:
        """How this leads into a conference that was reached by `number`."""
        welcome = self.welcome_prompt.media_id or True if self.welcome_prompt.play else False
        return Entrance(self.moderator, number, welcome, self.play_entry_tone, self.play_exit_tone)


class JoinConference(Verb[ConferenceData]):
    """Let the caller into a conference: a certain one, or the one whose number he keys in.

    Wrong PINs are counted across calls, and whoever keyed in too many within an hour is turned away.
    """

    Data = ConferenceData
    children: ClassVar[dict[str, str]] = {"_": "the conference is over for the caller, or he did not come in"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"id": "0123456789abcdef0123456789abcdef"},
        {},
        {"config": {"member": {"pins": ["1234"]}, "max_participants": 10}, "welcome_prompt": {"play": False}},
    )

    async def run(self, call: Call, data: ConferenceData) -> Branch:
        if data.id:
            opened = await in_account(call.account_id, open_conference, data.id)
            if opened is None:
                return go_on(why=f"there is no conference {data.id}")
            return await join(call, opened, data.entrance(call.destination))
        if data.config is not None:
            made_up = Opened(made_up_id(call.variables.get("callflow_id", "")), "of the callflow", data.config)
            return await join(call, made_up, data.entrance(call.destination))
        await call.answer()
        found = await discover(call)
        if found is None:
            return go_on(why="no conference was chosen")
        return await join(call, found[0], data.entrance(found[1]))

    def explain(self, asking: Asking, data: ConferenceData) -> Branch:
        if data.id:
            opened = open_conference(data.id)
            return go_on(why=f"in the conference {opened.name}" if opened else f"there is no conference {data.id}")
        if data.config is not None:
            return go_on(why="in the conference of this callflow")
        for _try in range(TRIES):
            keyed = asking.press(LONGEST_NUMBER)
            opened = conference_by_number(keyed or "")
            if opened is not None:
                return go_on(why=f"in the conference {opened.name}")
        return go_on(why="in the conference whose number is keyed in")
