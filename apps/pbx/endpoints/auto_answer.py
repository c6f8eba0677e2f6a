"""Phones that are to answer by themselves: intercom and announcements.

There is no one standard (RFC 5373 is hardly implemented), so that each maker's word is said: `Call-Info` with
`answer-after=0`, and `Alert-Info` with `info=alert-autoanswer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.switching.calls.dial_string import Contact, Leg

AUTO_ANSWER: Mapping[str, str] = {
    "sip_auto_answer": "true",
    "sip_h_Call-Info": "answer-after=0",
    "alert_info": "info=alert-autoanswer;delay=0",
}


def phones_among(legs: Iterable[Leg]) -> list[Leg]:
    """The legs that are phones: no forwarded call is answered by anything but a person, or a mailbox."""
    return [leg for leg in legs if isinstance(leg.target, Contact)]
