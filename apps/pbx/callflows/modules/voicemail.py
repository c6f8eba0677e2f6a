from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, stop
from apps.pbx.endpoints.documents import BlankIsAbsent, Identifier
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.voicemail import leaving
from apps.pbx.voicemail.phone.check import check_box
from apps.pbx.voicemail.phone.compose import compose
from apps.pbx.voicemail.queries import Mailbox, boxes_of, find_box, find_mailbox
from apps.switching.calls.port import Call


class VoicemailData(VerbData):
    id: Annotated[Identifier | None, BlankIsAbsent] = Field(
        None,
        description="The mailbox. Without one it is the one that was dialled behind a star code, else the caller's.",
        json_schema_extra={"names": "voicemail"},
    )
    action: Literal["compose", "check"] = Field("compose", description="Leave a message, or listen to messages.")
    login: bool = Field(False, description="Ask for the mailbox and its PIN, also on the owner's phone.")
    callerid_match_login: bool = Field(
        False, description="Take the mailbox whose number is the caller's; only its PIN is asked."
    )
    single_mailbox_login: bool = Field(
        False, description="With `login`: ask a caller who owns one mailbox only for its PIN."
    )
    interdigit_timeout: int = Field(
        2_000, ge=1, le=30_000, description="Time to wait for each next digit. Milliseconds."
    )
    max_message_length: int = Field(500, ge=1, le=3_600, description="The longest message. Seconds.")


class Voicemail(Verb[VoicemailData]):
    """Let the caller leave a message in a mailbox, or its owner hear them.

    The greeting can be skipped with any key; `*` logs in to the mailbox, `0` leads to the operator. Whoever hangs up
    while recording has left a message.
    """

    Data = VoicemailData
    children: ClassVar[dict[str, str]] = {"_": "a message was left, or there is no such mailbox"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "compose", "id": "0123456789abcdef0123456789abcdef"},
        {"action": "check"},
        {"action": "check", "login": True},
    )

    async def run(self, call: Call, data: VoicemailData) -> Branch:
        dialled = call.variables.get("capture_group", "")
        box = await in_account(call.account_id, _box, data, dialled, call.owner_id, call.caller_id.number)
        if data.action == "check":
            return await check_box(call, box, always_ask=data.login, interdigit=data.interdigit_timeout)
        if box is None:
            await call.answer()
            await call.play(await sound(call, Prompt("vm-mailbox_does_not_exist")))
            return go_on(why=f"there is no mailbox {data.id or dialled}")
        return await compose(call, box, longest=data.max_message_length, interdigit=data.interdigit_timeout)

    async def resume(self, call: Call, data: VoicemailData) -> Branch:
        """What was being recorded is a message."""
        if await leaving.keep_unfinished(call):
            await call.play(await sound(call, Prompt("vm-message_sent")))
            return go_on(why="left a message")
        return await self.run(call, data)

    def explain(self, asking: Asking, data: VoicemailData) -> Branch | list[Branch]:
        box = _box(data, asking.capture_group, asking.owner_id, asking.caller_number)
        if data.action == "check":
            who = f"mailbox {box.mailbox}" if box is not None else "a mailbox, whose number is asked,"
            return stop(why=f"hears the messages of {who}")
        if box is None:
            return go_on(why=f"there is no mailbox {data.id or asking.capture_group}")
        if box.settings.check_if_owner and box.is_owned_by(asking.owner_id):
            return stop(why=f"hears the messages of mailbox {box.mailbox}, which is the caller's")
        if box.settings.announcement_only:
            return go_on(why=f"hears the greeting of mailbox {box.mailbox}, which takes no messages")
        return go_on(why=f"leaves a message in mailbox {box.mailbox}")


def _box(data: VoicemailData, dialled: str, owner_id: str, caller: str) -> Mailbox | None:
    """The mailbox that is meant; None where there is none, or where it has to be asked for."""
    if data.id:
        return find_box(data.id)
    if dialled:
        return find_mailbox(dialled)
    if data.action == "compose" or (data.login and not data.single_mailbox_login):
        return None
    mine = boxes_of(owner_id)
    if len(mine) == 1:
        return mine[0]
    return find_mailbox(caller) if data.callerid_match_login else None
