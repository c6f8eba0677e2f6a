from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, jump
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, Ring, ring
from apps.pbx.directories.queries import Entry, Opened, open_directory
from apps.pbx.endpoints.legs import Member
from apps.pbx.media.speech import Media, Number, Part, Prompt, Words, sound
from apps.switching.calls.port import Call

#: How often a caller may begin again.
TRIES = 5
#: Keys where the directory sets no limit; results that are read out for one search.
MOST_KEYS, MOST_RESULTS = 20, 20
CONNECT, NEXT, AGAIN = "1", "2", "3"
_ASK = {
    "first_name": "dir-enter_person_firstname",
    "last_name": "dir-enter_person_lastname",
    "both": "dir-enter_person",
}


class DirectoryData(VerbData):
    id: str = Field("", max_length=128, description="The directory.", json_schema_extra={"names": "directory"})


class DialByName(Verb[DirectoryData]):
    """Let the caller find somebody by spelling the name on the keys, and call him."""

    Data = DirectoryData
    children: ClassVar[dict[str, str]] = {**BRIDGE_CHILDREN, "_": "nobody was chosen, or nobody answered"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef"},)

    async def run(self, call: Call, data: DirectoryData) -> Branch:
        directory = await in_account(call.account_id, open_directory, data.id)
        if directory is None:
            return go_on(why=f"there is no directory {data.id}")
        await call.answer()
        for _try in range(TRIES):
            keys = await _spelled(call, directory)
            if len(keys) < directory.settings.min_dtmf:
                await _say(call, Prompt("dir-specify_minimum"))
                continue
            if (chosen := await _chosen(call, directory, keys)) is not None:
                return await _connect(call, chosen)
        return go_on(why="nobody was chosen")

    def explain(self, asking: Asking, data: DirectoryData) -> Branch | list[Branch]:
        directory = open_directory(data.id)
        if directory is None:
            return go_on(why=f"there is no directory {data.id}")
        ways = [
            jump(entry.callflow_id, why=f"{entry.name} is chosen") for entry in directory.entries if entry.callflow_id
        ]
        return [*ways[:MOST_RESULTS], go_on(why="nobody is chosen")]


async def _spelled(call: Call, directory: Opened) -> str:
    settings = directory.settings
    return await call.collect(
        await sound(call, *_question(settings.search_fields)),
        maximum=settings.max_dtmf or MOST_KEYS,
        timeout=10_000,
        interdigit_timeout=3_000,
    )


def _question(search_fields: str) -> tuple[Part, ...]:
    if search_fields == "both":
        return (Prompt(_ASK["both"]), Prompt("dir-last_name"))
    return (Prompt(_ASK[search_fields]),)


async def _chosen(call: Call, directory: Opened, keys: str) -> Entry | None:
    """Who is to be called; None where the caller begins again."""
    found = directory.spelled(keys)
    if not found:
        await _say(call, Prompt("dir-no_results_found"))
        return None
    if len(found) == 1:
        only = found[0]
        if not directory.settings.confirm_match:
            return only
        return only if await _ask(call, _name(only), Prompt("dir-confirm_menu")) == CONNECT else None
    for place, entry in enumerate(found[:MOST_RESULTS], start=1):
        said = (Prompt("dir-result_number"), Number(place), _name(entry), Prompt("dir-result_menu"))
        pressed = await _ask(call, *said)
        if pressed == CONNECT:
            return entry
        if pressed == AGAIN:
            return None
    await _say(call, Prompt("dir-no_more_results"))
    return None


async def _ask(call: Call, *parts: Part) -> str:
    return await call.collect(await sound(call, *parts), maximum=1, timeout=5_000, interdigit_timeout=2_000)


async def _say(call: Call, part: Part) -> None:
    await call.play(await sound(call, part))


def _name(entry: Entry) -> Part:
    return Media(entry.name_media_id) if entry.name_media_id else Words(entry.name)


async def _connect(call: Call, entry: Entry) -> Branch:
    await _say(call, Prompt("dir-please_hold"))
    if entry.callflow_id:
        return jump(entry.callflow_id, why=f"{entry.name} was chosen")
    return await ring(call, Ring((Member(entry.user_id, "user"),)))
