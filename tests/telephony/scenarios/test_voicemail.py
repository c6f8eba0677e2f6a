"""Mailboxes: make-busy's cases 75 to 83, and what must never happen to a message.

What is said is known by its sound: on the real switch every line says a tone of its own, and the tone a caller left is
looked for in the file and heard again in the owner's phone.
"""

from __future__ import annotations

import asyncio
import io
import json
import time
from typing import Any

import httpx
import numpy
import soundfile

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.events.models import OutboxEntry
from apps.foundation.events.outbox import relay
from apps.foundation.kit.clock import now
from tests.telephony.cast import Cast, Customer, Line, Person
from tests.telephony.stack import until

PIN = "1234"


async def doing(cast: Cast, application: str, text: str = "", seconds: float = 20) -> None:
    """Wait until the one call there is runs this application."""
    seen: set[str] = set()

    async def now() -> bool:
        rows = json.loads(await cast.fs("show", "channels as json") or "{}").get("rows") or []
        told = [f"{row.get('application')} {row.get('application_data')}" for row in rows]
        seen.update(told)
        return any(one.startswith(f"{application} ") and text in one for one in told)

    try:
        await until(now, f"the switch runs {application} {text}", seconds)
    except BaseException:
        print(sorted(seen))  # noqa: T201 - pytest shows it with the failure
        raise


async def asked(cast: Cast, number: int) -> None:
    """Wait until the caller is asked for the so-many-th time."""
    await doing(cast, "play_and_get_digits", f" collected_digits_{number} ")


async def keyed(cast: Cast, call: Line, *answers: str, first: int = 1) -> int:
    """Answer so many questions, each when it is asked; the number of the next question."""
    for place, keys in enumerate(answers, start=first):
        await asked(cast, place)
        if keys:
            await call.press(keys)
    return first + len(answers)


async def an_office(cast: Cast, **document: Any) -> tuple[Customer, Person, dict[str, Any]]:
    """Ben with the mailbox 3000, left messages in at 3000 and listened to at 3001."""
    bakery = await cast.customer()
    ben = await bakery.user("ben", phones=1)
    quick = {"skip_greeting": True, "skip_instructions": True, "is_setup": True, "pin": PIN}
    box = await bakery.put("vmboxes", {"name": "Ben", "mailbox": "3000", "owner_id": ben.id, **quick, **document})
    await bakery.flow(["3000"], "voicemail", {"id": box["id"]})
    await bakery.flow(["3001"], "voicemail", {"action": "check"})
    await bakery.put("feature_codes")
    return bakery, ben, box


async def leave(cast: Cast, call: Line, *answers: str, seconds: float = 2.0) -> None:
    """Say something for so long, then answer the menu behind it."""
    await doing(cast, "record")
    await _talking(seconds)
    await call.press("#")
    await keyed(cast, call, *answers)


async def _talking(seconds: float) -> None:
    """A line says its tone all the time: this is how long the message is."""
    await asyncio.sleep(seconds)


async def messages(bakery: Customer, box: dict[str, Any], count: int, folder: str = "new") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        found[:] = await bakery.get(f"vmboxes/{box['id']}/messages?folder={folder}")
        return len(found) == count

    await until(there, f"{count} messages are {folder}", 20)
    return found


async def sound(bakery: Customer, box: dict[str, Any], message: dict[str, Any]) -> tuple[Any, int]:
    """The samples of a message as the API gives it."""
    base = f"{bakery.api.base}v2/accounts/{bakery.account_id}/vmboxes/{box['id']}/messages/{message['media_id']}/raw"

    async def there() -> bytes | None:
        async with httpx.AsyncClient() as client:
            answer = await client.get(base, headers={"X-Auth-Token": bakery.api.token})
        return answer.content if answer.status_code == 200 else None

    content: bytes = await until(there, "the sound of the message is here", 30)
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    return samples, int(rate)


async def holds_tone(cast: Cast, bakery: Customer, box: dict[str, Any], message: dict[str, Any], hertz: int) -> None:
    """The message is the tone, on the switch that has tones."""
    samples, rate = await sound(bakery, box, message)
    if cast.is_real:
        middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
        loudest = numpy.fft.rfftfreq(len(middle), 1 / rate)[numpy.abs(numpy.fft.rfft(middle)).argmax()]
        assert abs(loudest - hertz) < 15, f"{loudest:.0f} Hz, not {hertz}"


def speaks(cast: Cast, call: Line, hertz: int) -> int:
    """Have a line say this tone from now on."""
    if cast.is_real:
        call.tone = call.call.audio.frequency = hertz  # type: ignore[attr-defined]
    return hertz


async def test_75_the_owner_sets_the_mailbox_up(cast: Cast) -> None:
    bakery, ben, box = await an_office(cast, is_setup=False)
    call = await ben.phones[0].dial("3000")
    await keyed(cast, call, "1111#", "1111#")
    await doing(cast, "playback")
    await call.press("1")  # a key ends the words before the tone
    await doing(cast, "record")
    await _talking(1.5)
    await call.press("#")
    await keyed(cast, call, "2", "", first=3)
    await asked(cast, 4)
    await call.press("1")
    await asked(cast, 5)
    await call.press("#")
    await call.ended()
    found = await bakery.get(f"vmboxes/{box['id']}")
    assert (found["pin"], found["is_setup"], list(found["media"])) == ("1111", True, ["unavailable"])


async def test_76_somebody_else_sets_it_up_with_the_pin(cast: Cast) -> None:
    bakery, _ben, box = await an_office(cast, is_setup=False)
    anna = await bakery.phone("anna")
    call = await anna.dial("3001")
    await keyed(cast, call, "3000#", f"{PIN}#", "2222#", "2222#")
    await doing(cast, "record", seconds=40)
    await _talking(1.5)
    await call.press("#")
    await keyed(cast, call, "1", "#", first=5)
    await call.ended()
    found = await bakery.get(f"vmboxes/{box['id']}")
    assert (found["pin"], found["is_setup"]) == ("2222", True)


async def test_77_the_owner_changes_the_pin(cast: Cast) -> None:
    bakery, ben, box = await an_office(cast, require_pin=True)
    call = await ben.phones[0].dial("3001")
    await keyed(cast, call, f"{PIN}#", "5", "3", "4321#", "4321#", "0", "#")
    await call.ended()
    assert (await bakery.get(f"vmboxes/{box['id']}"))["pin"] == "4321"


async def test_78_somebody_logs_in_during_the_greeting(cast: Cast) -> None:
    bakery, _ben, _box = await an_office(cast, skip_greeting=False)
    anna = await bakery.phone("anna")
    call = await anna.dial("3000")
    await doing(cast, "playback")
    await call.press("*")
    await keyed(cast, call, f"{PIN}#", "#")
    assert await call.ended() == 200


async def test_79_a_message_is_left_heard_and_deleted(cast: Cast) -> None:
    bakery, ben, box = await an_office(cast)
    anna = await bakery.phone("anna")
    call = await anna.dial("3000")
    hertz = speaks(cast, call, 600)
    await leave(cast, call, "2", "1")
    await call.ended()
    (message,) = await messages(bakery, box, 1)
    assert (message["caller_id_number"], message["folder"]) == ("anna", "new")
    assert message["length"] >= 1000
    await holds_tone(cast, bakery, box, message, hertz)
    (row,) = await bakery.get("vmboxes")
    assert (row["messages"], row["new_messages"]) == (1, 1)
    owner = await ben.phones[0].dial("*97")
    await keyed(cast, owner, "1")
    await owner.hears_tone(hertz, 15, lasting=0.8)
    await keyed(cast, owner, "7", "#", first=2)
    await owner.ended()
    await messages(bakery, box, 1, "deleted")
    await messages(bakery, box, 0)


async def test_80_the_second_recording_is_kept(cast: Cast) -> None:
    bakery, _ben, box = await an_office(cast)
    anna = await bakery.phone("anna")
    call = await anna.dial("3000")
    speaks(cast, call, 600)
    await leave(cast, call, "3")
    hertz = speaks(cast, call, 900)
    await doing(cast, "record")
    await _talking(2)
    await call.press("#")
    await keyed(cast, call, "1", first=2)
    await call.ended()
    (message,) = await messages(bakery, box, 1)
    await holds_tone(cast, bakery, box, message, hertz)


async def test_81_a_message_is_saved_and_heard_again(cast: Cast) -> None:
    bakery, ben, box = await an_office(cast)
    anna = await bakery.phone("anna")
    call = await anna.dial("3000")
    hertz = speaks(cast, call, 600)
    await leave(cast, call, "1")
    await call.ended()
    await messages(bakery, box, 1)
    owner = await ben.phones[0].dial("3001")
    await keyed(cast, owner, "1", "1", "#")
    await owner.ended()
    await messages(bakery, box, 1, "saved")
    owner = await ben.phones[0].dial("3001")
    await keyed(cast, owner, "2")
    await owner.hears_tone(hertz, 15, lasting=0.8)
    await owner.hang_up()
    await messages(bakery, box, 1, "saved")


async def test_82_a_message_nobody_is_mailed_about_is_not_deleted(cast: Cast) -> None:
    bakery, ben, box = await an_office(cast, delete_after_notify=True)
    await bakery.patch(f"users/{ben.id}", {"email": None})
    anna = await bakery.phone("anna")
    call = await anna.dial("3000")
    await leave(cast, call, "1")
    await call.ended()
    (message,) = await messages(bakery, box, 1)
    await sound(bakery, box, message)

    async def told() -> bool:
        found = await bakery.get(f"vmboxes/{box['id']}/messages/{message['media_id']}")
        return bool(found["notification"]["status"] == "none")

    await until(told, "it is known that nobody is to be mailed", 20)
    await messages(bakery, box, 1)


async def test_83_a_mailbox_is_reset_over_the_api(cast: Cast) -> None:
    bakery, _ben, box = await an_office(cast)
    await bakery.put(f"vmboxes/{box['id']}/messages", {"caller_id_number": "1001"})
    await messages(bakery, box, 1)
    await bakery.delete(f"vmboxes/{box['id']}/messages")
    reset = await bakery.patch(f"vmboxes/{box['id']}", {"pin": "0000", "is_setup": False, "media": None})
    assert (reset["pin"], reset["is_setup"], reset["media"]) == ("0000", False, {})
    await messages(bakery, box, 0)


async def test_whoever_hangs_up_while_speaking_has_left_a_message(cast: Cast) -> None:
    bakery, _ben, box = await an_office(cast)
    number = await bakery.number("", "voicemail", {"id": box["id"]})
    call = await cast.carrier.dial(number, "+12125550199")
    hertz = speaks(cast, call, 600)
    await doing(cast, "record")
    await _talking(2)
    await call.hang_up()
    (message,) = await messages(bakery, box, 1)
    assert message["caller_id_number"] == "+12125550199"
    await holds_tone(cast, bakery, box, message, hertz)


async def test_leaving_a_message_in_anybodys_mailbox_by_star_code(cast: Cast) -> None:
    bakery, _ben, box = await an_office(cast)
    anna = await bakery.phone("anna")
    call = await anna.dial("**3000")
    await leave(cast, call, "4", "1")
    await call.ended()
    (message,) = await messages(bakery, box, 1)
    assert message["urgent"]
    listener = await anna.dial("*983000")
    await keyed(cast, listener, f"{PIN}#", "1", "1", "#")
    await listener.ended()
    await messages(bakery, box, 1, "saved")


async def test_the_owner_is_called_about_a_new_message(cast: Cast) -> None:
    """`notify.callback`: again where nobody takes the call, and no more once somebody did."""
    callback = {"number": "1007", "attempts": 3, "interval_s": 10, "timeout_s": 10}
    bakery, _ben, box = await an_office(cast, notify={"callback": callback})
    mobile = await bakery.phone("mobile", extension="1007")
    anna = await bakery.phone("anna")
    call = await anna.dial("3000")
    hertz = speaks(cast, call, 600)
    await leave(cast, call, "1")
    await call.ended()
    first = await mobile.rings(30)
    assert (first.caller_name, first.caller_number) == ("Ben", "3000")
    await first.reject(486)
    await in_directory(call_again)
    again = await mobile.rings(30)
    await again.answer()
    await keyed(cast, again, f"{PIN}#", "1")
    await again.hears_tone(hertz, 15, lasting=0.8)
    await again.hang_up()
    await cast.idle()
    await in_directory(call_again)
    await mobile.stays_silent(3)
    await messages(bakery, box, 1)


def call_again() -> None:
    """What beat has done once the time between two calls is over."""
    deadline = time.monotonic() + 20
    waiting = OutboxEntry.objects.filter(name="voicemail.call_owner")
    while not waiting.update(due=now()):
        assert time.monotonic() < deadline, "no further call waits"
        time.sleep(0.1)
    assert relay() == 1
