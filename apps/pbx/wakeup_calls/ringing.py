"""Ringing the phone of a wake-up call. Runs inside the account's scope, outside any transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.pbx.callflows.built_in import CHANNEL_VARIABLE, WAKEUP
from apps.pbx.callflows.queries import find_flow
from apps.pbx.endpoints.legs import MemberType
from apps.pbx.endpoints.quickcall import NobodyToRing, PreparedCall, QuickCall, prepare_quickcall
from apps.pbx.media.listener import Asking, listener_of
from apps.pbx.wakeup_calls.documents import RING_SECONDS
from apps.pbx.wakeup_calls.models import WakeupCall
from apps.switching.calls import commands, jobs
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.esl.errors import EslError
from apps.switching.switches.lines import UnknownNode, is_reachable, run_api

log = logging.getLogger(__name__)
#: The channel variable with the attempt that rings.
ATTEMPT = "wakeup_attempt"
#: The star code to set and cancel wake-up calls: what the ringing phone shows, so that it can be dialled from there.
CODE = "*55"


class NotRung(Exception):
    """No phone was rung: the text says why."""


def ring(call: WakeupCall, about_to: Callable[[], None]) -> bool:
    """Have a switch ring the phone, once for each attempt; False where that was done before. Raises NotRung.

    `about_to` is called before anything is sent. What comes of it is not waited for: who answers is connected with the
    built-in flow, and whoever does not is missed when his time is over. So no worker is held by a ringing phone.
    """
    try:
        prepared = _prepared(call)
    except (NobodyToRing, UnsafeValue) as error:
        raise NotRung(str(error)) from error
    node = next((name for name in prepared.nodes if is_reachable(name)), None)
    if node is None:
        raise NotRung("no switch can be reached")
    if not jobs.begin(call.attempt_id):
        about_to()
        return False
    about_to()
    command = commands.in_background(prepared.command)
    try:
        answer = run_api(node, command.name, command.arguments)
    except (EslError, UnknownNode) as error:
        # It may have got through: it is not sent again, and counts as not answered.
        log.warning("wake-up call %s: %s: %s", call.id, node, error)
        return False
    if not answer.ok:
        log.warning("wake-up call %s: %s: %s", call.id, node, answer.text.strip())
    return answer.ok


def _prepared(call: WakeupCall) -> PreparedCall:
    member: tuple[str, MemberType] = (call.device_id, "device") if call.device_id else (call.owner_id or "", "user")
    listener = listener_of(Asking(call.device_id or "", call.owner_id or ""))
    with override(listener.language):
        caller = _("Wake-up call")
    return prepare_quickcall(
        QuickCall(
            *member,
            WAKEUP,
            timeout=call.number("timeout", RING_SECONDS),
            insists=True,
            caller_name=caller,
            caller_number=_number_shown(),
            variables={CHANNEL_VARIABLE: WAKEUP, ATTEMPT: call.attempt_id},
        )
    )


def _number_shown() -> str:
    found = find_flow(CODE)
    return CODE if found is not None and not found.is_no_match else WAKEUP
