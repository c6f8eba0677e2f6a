"""Whoever is to know of missed calls is mailed about each, once, and about no other."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path

from tests.telephony.cast import Cast, Customer, Phone, talk
from tests.telephony.stack import until


def mails_to(cast: Cast, address: str) -> list[str]:
    """The subjects of what the worker sent there."""
    return [subject for sent_to, subject in _mails(Path(cast.stack.environment.home) / "mail") if sent_to == address]


def _mails(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.log")):
        for text in file.read_text().split("-" * 79):
            mail = message_from_string(text.lstrip())
            if mail["To"]:
                yield mail["To"], str(make_header(decode_header(mail["Subject"])))


async def a_bakery(cast: Cast, address: str) -> tuple[Customer, Phone, Phone]:
    """Anna may call 8000, where ben is rung and `address` told."""
    bakery = await cast.customer()
    anna, ben = await bakery.phone("anna"), await bakery.phone("ben")
    rings = {"module": "device", "data": {"id": ben.device_id, "timeout": 20}, "children": {}}
    recipients = [{"type": "email", "id": address}]
    await bakery.flow(["8000"], "missed_call_alert", {"recipients": recipients}, children={"_": rings})
    return bakery, anna, ben


async def test_a_missed_call_is_mailed_once_and_an_answered_one_not(cast: Cast) -> None:
    missed, answered = f"missed@{cast.stack.kind}.test", f"answered@{cast.stack.kind}.test"
    _bakery, anna, ben = await a_bakery(cast, answered)
    call = await anna.dial("8000")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await call.hang_up()
    await ring.ended()
    _other, carl, dora = await a_bakery(cast, missed)
    call = await carl.dial("8000")
    await dora.rings()
    await call.hang_up()

    def told() -> bool:
        return bool(mails_to(cast, missed))

    await until(told, "the missed call is mailed", 30)
    assert [subject.startswith("Missed call from ") for subject in mails_to(cast, missed)] == [True]
    assert mails_to(cast, answered) == []
