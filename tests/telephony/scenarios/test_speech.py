"""What the system says is heard: prompts, texts and counted things, made by an engine and fetched by the switch."""

from __future__ import annotations

from tests.telephony.cast import Cast
from tests.telephony.sip_parties import SipLine
from tests.telephony.tones import loudness, share_of

#: A voice, not a click or comfort noise.
SPEECH = 400.0


async def test_a_prompt_in_spanish_is_heard(cast: Cast) -> None:
    bakery = await cast.customer(language="es-mx")
    anna = await bakery.phone("anna")
    await bakery.flow(["8100"], "play", {"id": "/system_media/vm-main_menu"})
    call = await anna.dial("8100")
    await call.answered()
    await call.hears_sound(15, lasting=3.0)
    if isinstance(call, SipLine):
        heard = call.call.audio.samples()
        assert loudness(heard) > SPEECH
        # What the engine makes of the Spanish words, not a tone in their place: no frequency stands out.
        assert max(share_of(heard, frequency) for frequency in range(300, 1000, 10)) < 0.3
    await call.hang_up()


async def test_a_text_is_said_in_the_language_of_the_call_and_a_key_ends_it(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    say = {"module": "tts", "data": {"text": "Доброе утро. " * 12, "terminators": ["#"]}, "children": {}}
    await bakery.flow(["8101"], "language", {"language": "ru-ru"}, children={"_": say})
    call = await anna.dial("8101")
    await call.answered()
    await call.hears_sound(15, lasting=1.0)
    await call.press("#")
    assert await call.ended() == 200


async def test_tones_are_heard_as_they_are_written(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    tones = [{"frequencies": [950], "duration_on": 600}, {"frequencies": [1800], "duration_on": 1500}]
    await bakery.flow(["8102"], "tones", {"tones": tones})
    call = await anna.dial("8102")
    await call.hears_tone(950, lasting=0.3)
    await call.hears_tone(1800, lasting=0.3)
    assert await call.ended() == 200


async def test_a_speech_menu_takes_keys(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben")
    ring = {"module": "device", "data": {"id": ben.device_id}, "children": {}}
    menu = {"text": "How can we help?", "phrases": {"sales": ["sales"], "support": ["support"]}}
    await bakery.flow(["8103"], "detect_speech", menu, children={"support": ring})
    call = await anna.dial("8103")
    await call.answered()
    await call.hears_sound(15, lasting=0.5)
    await call.press("2")
    await ben.rings()
    await call.hang_up()
