"""Recordings: by rules and by callflow, with both sides on channels of their own, and none of them lost."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import numpy
import soundfile

from tests.telephony.cast import Cast, Customer, Line, talk
from tests.telephony.stack import until
from tests.web_server import Answer, Asked, customer_server

#: Enough of a conversation to be told apart.
TALK_SECONDS = 2.0


async def recordings(customer: Customer, count: int = 1, seconds: float = 30, place: str = "") -> list[dict[str, Any]]:
    """The account's recordings, once so many are stored and made what they were asked for, the first one first."""

    async def there() -> list[dict[str, Any]] | None:
        rows: list[dict[str, Any]] = await customer.get(f"{place}recordings")
        ready = [row for row in rows if row["state"] == "stored" and row["duration_ms"]]
        return sorted(ready, key=lambda row: str(row["id"])) if len(ready) >= count else None

    found: list[dict[str, Any]] = await until(there, f"{count} recordings are stored", seconds)
    return found


async def fetched(customer: Customer, recording_id: str, accept: str, expected: str) -> tuple[Any, int]:
    """The sound as a customer's program gets it, as samples by channel, and its rate."""
    url = f"{customer.api.base}v2/accounts/{customer.account_id}/recordings/{recording_id}"
    headers = {"X-Auth-Token": customer.api.token, "Accept": accept}
    async with httpx.AsyncClient(timeout=20) as client:

        async def converted() -> httpx.Response | None:
            answer = await client.get(url, headers=headers)
            assert answer.status_code == 200, answer.text[:300]
            return answer if answer.headers["content-type"] == expected else None

        answer: httpx.Response = await until(converted, f"the sound is {expected}", 20)
        part = await client.get(url, headers={**headers, "Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, answer.content[:10])
    samples, rate = soundfile.read(io.BytesIO(answer.content), always_2d=True)
    return samples, rate


def loudness(samples: Any, rate: int, hertz: int) -> float:
    """How much of a channel's energy is in the tone, 0 to 1."""
    steady = samples[int(rate * 0.3) :]
    spectrum = numpy.abs(numpy.fft.rfft(steady)) ** 2
    frequencies = numpy.fft.rfftfreq(len(steady), 1 / rate)
    total = spectrum[1:].sum()
    return float(spectrum[abs(frequencies - hertz) < 15].sum() / total) if total else 0.0


def both_sides(samples: Any, rate: int, caller: Line, called: Line) -> None:
    """The caller is on the left channel, the other on the right."""
    assert samples.shape[1] == 2
    assert loudness(samples[:, 0], rate, caller.tone) > 0.5
    assert loudness(samples[:, 1], rate, called.tone) > 0.5
    assert loudness(samples[:, 0], rate, called.tone) < 0.2
    assert loudness(samples[:, 1], rate, caller.tone) < 0.2


async def test_a_rule_of_the_account_records_calls_from_outside(cast: Cast) -> None:
    bakery = await cast.customer()
    await bakery.patch("", {"call_recording": {"account": {"inbound": {"offnet": {"enabled": True, "format": "wav"}}}}})
    anna = await bakery.phone("anna")
    number = await bakery.number("", "device", {"id": anna.device_id})
    ear = await bakery.listen("call.RECORD_START.*", "call.RECORD_STOP.*", "object.doc_created.call_recording")
    call = await cast.carrier.dial(number)
    ring = await anna.rings()
    await ring.answer()
    await talk(call, ring)
    await asyncio.sleep(TALK_SECONDS)
    await call.hang_up()
    found = (await recordings(bakery))[0]
    assert found["origin"] == "inbound from offnet to account"
    assert found["duration"] >= 1
    assert (found["media_type"], found["content_type"]) == ("wav", "audio/wav")
    for event in ("RECORD_START", "RECORD_STOP"):
        await ear.hears(event)
    legs = await bakery.legs(2)
    recorded = next(leg for leg in legs if leg["call_id"] == found["call_id"])
    assert recorded["media_recordings"] == [found["id"]]
    assert found["cdr_id"] == recorded["id"]
    samples, rate = await fetched(bakery, found["id"], "audio/wav", "audio/wav")
    assert samples.shape[1] == 2
    if cast.is_real:
        both_sides(samples, rate, call, ring)
    # Calls inside the account are none of this rule's business.
    await anna.behave("answer")
    ben = await bakery.phone("ben")
    await bakery.flow(["1001"], "device", {"id": anna.device_id})
    inside = await ben.dial("1001")
    await inside.answered()
    await inside.hang_up()
    await bakery.legs(2)
    assert len(await bakery.get("recordings")) == 1


async def test_the_rule_of_who_is_rung_records_as_mp3_for_its_owner(cast: Cast) -> None:
    bakery = await cast.customer()
    rule = {"inbound": {"any": {"enabled": True, "format": "mp3"}}}
    anna = await bakery.user("anna", extension="1001", call_recording=rule)
    ben = await bakery.phone("ben")
    call = await ben.dial("1001")
    ring = await anna.phones[0].rings()
    await ring.answer()
    await talk(call, ring)
    await asyncio.sleep(TALK_SECONDS)
    await ring.hang_up()
    found = (await recordings(bakery, place=f"users/{anna.id}/"))[0]
    assert (found["origin"], found["owner_id"]) == ("inbound from onnet to endpoint", anna.id)
    samples, rate = await fetched(bakery, found["id"], "audio/mpeg", "audio/mpeg")
    if cast.is_real:
        both_sides(samples, rate, call, ring)


async def test_a_callflow_starts_and_stops(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    tail = {"module": "sleep", "data": {"duration": 30}, "children": {}}
    stop = {"module": "record_call", "data": {"action": "stop"}, "children": {"_": tail}}
    wait = {"module": "sleep", "data": {"duration": 3}, "children": {"_": stop}}
    start = {"action": "start", "format": "wav", "label": "test", "media_name": "Statement"}
    record = {"module": "record_call", "data": start, "children": {"_": wait}}
    await bakery.flow(["8000"], "answer", {}, children={"_": record})
    call = await anna.dial("8000")
    await call.answered()
    # It is here while the call goes on: stopping it is its end.
    found = (await recordings(bakery))[0]
    assert not await call.is_ended()
    assert found["name"] == "Statement"
    assert found["origin"] == "callflow : record_call: test"
    assert 2000 <= found["duration_ms"] <= 6000
    samples, rate = await fetched(bakery, found["id"], "audio/wav", "audio/wav")
    if cast.is_real:
        assert loudness(samples[:, 0], rate, call.tone) > 0.5
    await call.hang_up()


async def test_a_caller_who_hangs_up_in_the_middle_is_kept_and_short_ones_are_not(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    wait = {"module": "sleep", "data": {"duration": 60}, "children": {}}
    short = {"module": "record_call", "data": {"record_min_sec": 600, "media_name": "short"}, "children": {"_": wait}}
    kept = {"module": "record_call", "data": {"format": "wav", "media_name": "kept"}, "children": {"_": short}}
    await bakery.flow(["8000"], "answer", {}, children={"_": kept})
    call = await anna.dial("8000")
    await call.answered()
    await asyncio.sleep(TALK_SECONDS)
    await call.hang_up()
    found = await recordings(bakery)

    async def short_is_gone() -> bool:
        return [row["name"] for row in await bakery.get("recordings")] == ["kept"]

    await until(short_is_gone, "the short recording is dropped", 30)
    assert [row["name"] for row in found if row["name"] == "kept"]


async def test_what_was_recorded_while_the_worker_was_down_is_delivered_later(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    wait = {"module": "sleep", "data": {"duration": 60}, "children": {}}
    record = {"module": "record_call", "data": {"format": "wav"}, "children": {"_": wait}}
    await bakery.flow(["8000"], "answer", {}, children={"_": record})
    cast.stack.end("worker")
    try:
        call = await anna.dial("8000")
        await call.answered()
        await asyncio.sleep(TALK_SECONDS)
        await call.hang_up()

        async def awaited() -> bool:
            return [row["state"] for row in await bakery.get("recordings")] == ["awaited"]

        await until(awaited, "the recording is complete on the switch", 20)
    finally:
        cast.stack.begin("worker")
    found = (await recordings(bakery, seconds=60))[0]
    assert found["duration"] >= 1


async def test_a_caller_leaves_a_statement(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    after = {"_": {"module": "sleep", "data": {"duration": 20}, "children": {}}}
    await bakery.flow(["8000"], "record_caller", {"format": "wav", "time_limit": 5}, children=after)
    call = await anna.dial("8000")
    await call.answered()
    found = (await recordings(bakery, seconds=60))[0]
    assert found["origin"] == "callflow : record_caller"
    assert found["duration_ms"] >= 1000
    await call.hang_up()


async def test_an_api_deletes_a_recording_with_its_sound(cast: Cast) -> None:
    bakery = await cast.customer(recording_announcement=True)
    anna = await bakery.phone("anna")
    wait = {"module": "sleep", "data": {"duration": 60}, "children": {}}
    record = {"module": "record_call", "data": {"format": "wav"}, "children": {"_": wait}}
    await bakery.flow(["8000"], "answer", {}, children={"_": record})
    call = await anna.dial("8000")
    await call.answered()
    await call.hears_sound()
    await asyncio.sleep(5)
    await call.hang_up()
    found = (await recordings(bakery))[0]
    await bakery.delete(f"recordings/{found['id']}")
    assert await bakery.get("recordings") == []


async def test_a_recording_ends_with_a_transfer_where_it_is_to(cast: Cast) -> None:
    bakery = await cast.customer()
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    cleo = await bakery.phone("cleo", extension="1003")
    ring_ben = {"module": "device", "data": {"id": ben.device_id}, "children": {}}
    ends = {"format": "wav", "media_name": "ends", "should_follow_transfer": False}
    second = {"module": "record_call", "data": ends, "children": {"_": ring_ben}}
    await bakery.flow(["8000"], "record_call", {"format": "wav", "media_name": "stays"}, children={"_": second})
    call = await anna.dial("8000")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await ring.transfer("1003")
    further = await cleo.rings()
    await further.answer()
    await talk(call, further)
    assert [row["name"] for row in await recordings(bakery)] == ["ends"]
    await asyncio.sleep(TALK_SECONDS)
    await call.hang_up()
    lasted = {row["name"]: row["duration_ms"] for row in await recordings(bakery, 2)}
    assert lasted["stays"] > lasted["ends"] + 1000


async def test_a_copy_is_sent_to_the_customers_server(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    wait = {"module": "sleep", "data": {"duration": 60}, "children": {}}
    with customer_server() as server:
        tried: list[Asked] = []

        def take(asked: Asked) -> Answer:
            tried.append(asked)
            return Answer(status=503 if len(tried) == 1 else 201)

        server.pages["/in"] = take
        start = {"format": "wav", "url": f"{server.url}/in", "method": "post"}
        record = {"module": "record_call", "data": start, "children": {"_": wait}}
        await bakery.flow(["8000"], "answer", {}, children={"_": record})
        call = await anna.dial("8000")
        await call.answered()
        await asyncio.sleep(TALK_SECONDS)
        await call.hang_up()
        found = (await recordings(bakery))[0]

        async def delivered() -> bool:
            document = await bakery.get(f"recordings/{found['id']}")
            return bool(document["delivery"]["state"] == "delivered")

        await until(delivered, "the copy is delivered by the second try", 60)
    assert [asked.method for asked in tried] == ["POST", "POST"]
    samples, _rate = soundfile.read(io.BytesIO(tried[-1].body), always_2d=True)
    assert len(samples)


async def test_an_address_inside_is_never_asked(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    wait = {"module": "sleep", "data": {"duration": 60}, "children": {}}
    start = {"format": "wav", "url": "http://169.254.169.254/in"}
    record = {"module": "record_call", "data": start, "children": {"_": wait}}
    await bakery.flow(["8000"], "answer", {}, children={"_": record})
    call = await anna.dial("8000")
    await call.answered()
    await asyncio.sleep(TALK_SECONDS)
    await call.hang_up()
    found = (await recordings(bakery))[0]

    async def told() -> bool:
        document = await bakery.get(f"recordings/{found['id']}")
        return "no public address" in document["delivery"]["error"]

    await until(told, "why it cannot be delivered is said", 20)
