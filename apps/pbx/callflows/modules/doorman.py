from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.models import FileKind
from apps.pbx.callflows.ending import EndedCall, at_call_end, at_end
from apps.pbx.callflows.registry import DEFAULT_CHILD, Branch, Verb, VerbData, go_on
from apps.pbx.callflows.ringing import Ring, ring
from apps.pbx.endpoints.legs import Member
from apps.pbx.lists.queries import is_on_list
from apps.pbx.media.speech import File, PhoneNumber, Prompt, sound
from apps.switching.calls.files import drop_recorded, keep_recorded
from apps.switching.calls.port import Call, Recorded, RecordRequest

REFUSE, TO_VOICEMAIL = "2", "3"
REFUSED, VOICEMAIL = "REJECTED", "VOICEMAIL"
DUTY = "doorman_name"
BEEP = File("tone_stream://%(500,0,640)")
#: Milliseconds; less is no name.
SHORTEST_NAME = 400


class DoormanData(VerbData):
    id: str = Field("", max_length=128, description="Who is rung: a user or a device.")
    endpoint_type: Literal["user", "device"] = Field("user", description="What `id` is.")
    timeout: int = Field(30, ge=5, le=600, description="Seconds to ring, and for the answer what to do with the call.")
    known_lists: list[str] = Field(
        default_factory=list, max_length=20, description="Lists and match lists whose numbers are let through unasked."
    )
    screen_internal: bool = Field(False, description="Also ask callers of the account itself.")
    name_seconds: int = Field(5, ge=2, le=30, description="The longest name that is recorded. Seconds.")


class Doorman(Verb[DoormanData]):
    """Ask who is calling, and let the called person decide: he hears the name and takes the call (1), refuses it (2) or
    has it sent to voicemail (3). Callers of the account and those on `known_lists` are not asked.

    The name is removed when the call is over.
    """

    Data = DoormanData
    children: ClassVar[dict[str, str]] = {
        REFUSED: "the called person has refused the call",
        VOICEMAIL: "the called person sends the caller to voicemail; without this child, `REJECTED`",
        "_": "nobody answered, or nobody could be rung",
        "USER_BUSY, NO_ANSWER, CALL_REJECTED …": "ringing failed with this hangup cause",
        "sip:486, sip:603 …": "ringing failed with this SIP status",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"id": "0123456789abcdef0123456789abcdef"},
        {
            "id": "0123456789abcdef0123456789abcdef",
            "endpoint_type": "device",
            "timeout": 20,
            "known_lists": ["fedcba9876543210fedcba9876543210"],
        },
    )

    async def run(self, call: Call, data: DoormanData) -> Branch:
        wanted = Ring((Member(data.id, data.endpoint_type),), timeout=data.timeout)
        if await _is_known(call, data):
            return await ring(call, wanted)
        await call.answer()
        name = await _name_of(call, data.name_seconds)
        who = File(name.path) if name.milliseconds >= SHORTEST_NAME else PhoneNumber(call.caller_id.number)
        asks = await sound(call, Prompt("screen-call_from"), who, Prompt("screen-menu"))
        await call.play(await sound(call, Prompt("screen-please_hold")))
        branch = await ring(call, replace(wanted, confirm_with=asks, refusing_keys=REFUSE + TO_VOICEMAIL))
        return await _decided(call, data, branch)


async def _is_known(call: Call, data: DoormanData) -> bool:
    if call.call_kind == "internal" and not data.screen_internal:
        return True
    return await in_account(call.account_id, _is_on_any, data.known_lists, call.original_caller_id.number)


def _is_on_any(lists: list[str], number: str) -> bool:
    return any(is_on_list(one, number) for one in lists)


async def _name_of(call: Call, seconds: int) -> Recorded:
    await call.play(await sound(call, Prompt("screen-say_name"), BEEP))
    file = f"{call.account_id}/name-{new_id()}.wav"
    await at_end(call, DUTY, {"path": call.recording_path(file), "switch": call.switch})
    return await call.record(RecordRequest(file, limit=seconds, silence_seconds=2))


@at_call_end(DUTY)
def forget_name(ended: EndedCall, data: Mapping[str, Any]) -> None:
    """Have the caller's name removed from the switch."""
    drop_recorded(keep_recorded(FileKind.GREETING, str(data["path"]), switch=str(data["switch"]), name="name.wav"))


async def _decided(call: Call, data: DoormanData, branch: Branch) -> Branch:
    keys = {f"key:{REFUSE}": (REFUSED,), f"key:{TO_VOICEMAIL}": (VOICEMAIL, REFUSED)}.get(next(iter(branch.keys), ""))
    if keys is None:
        return branch
    if not {*keys, DEFAULT_CHILD} & data.child_keys:
        await call.play(await sound(call, Prompt("screen-rejected")))
    why = "the called person " + ("has refused the call" if len(keys) == 1 else "sends the caller to voicemail")
    return go_on(*keys, cause="CALL_REJECTED", why=why)
