"""The world over the event socket: ``api lab {"do": …}`` for tests and demos in another process.

Every answer is one JSON object with ``"ok"``. What can be done (see `perform`'s table):

* ``{"do":"register","username":"1001","realm":"acme.test","password":"…","behaviour":{"kind":"answer","after":0.1}}``
* ``{"do":"unregister","username":…,"realm":…}`` · ``{"do":"behave","username":…,"realm":…,"behaviour":{…}}``
* ``{"do":"call","username":…,"realm":…,"number":"1002"}`` → ``{"ok":true,"uuid":…,"id":7}``
* ``{"do":"carrier","behaviour":{…},"numbers":{"+1555…":{…}}}`` sets what the carrier's numbers do
* ``{"do":"carrier_call","from":"+1312…","to":"+1212…","name":"Pat"}``
* ``{"do":"hang_up","uuid":…}`` · ``{"do":"dtmf","uuid":…,"digits":"12#"}`` · ``{"do":"hold","uuid":…,"on":true}``
* ``{"do":"refer","uuid":…,"number":"1003"}`` a blind transfer; ``"other":<uuid>`` for an attended one
* ``{"do":"silent","uuid":…,"on":true}`` the caller says nothing · ``{"do":"fax","uuid":…}`` a fax machine calls
* ``{"do":"early","uuid":…}`` (183) · ``{"do":"answer","uuid":…}`` ·
  ``{"do":"reject","uuid":…,"status":486}`` for a call that rings at a phone
* ``{"do":"subscribe","username":…,"realm":…,"extension":"1002"}`` the phone watches a lamp
* ``{"do":"state"}`` phones, channels, what rang where, and how the calls that were placed went
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from apps.switching.lab import recordings
from apps.switching.lab.profile import Redirect
from apps.switching.lab.world import LabCall, LabCarrier, LabPhone, behaviour_from

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.core import LabSwitch

Request = dict[str, Any]


class BadRequestError(ValueError):
    """What was asked for cannot be done; the text says why."""


async def perform(switch: LabSwitch, text: str) -> str:
    """Do one request; errors come back as ``{"ok":false,"error":…}``."""
    try:
        request = json.loads(text)
        if not isinstance(request, dict) or request.get("do") not in _ACTIONS:
            raise BadRequestError(f"do must be one of {', '.join(sorted(_ACTIONS))}")
        answer = await _ACTIONS[request["do"]](switch, request)
    except KeyError as error:
        return json.dumps({"ok": False, "error": f"missing {error.args[0]!r}"})
    except ValueError as error:
        return json.dumps({"ok": False, "error": str(error)})
    return json.dumps({"ok": True, **answer})


def _phone(switch: LabSwitch, request: Request) -> LabPhone:
    phone = switch.phones.get((str(request["username"]), str(request["realm"])))
    if phone is None:
        raise BadRequestError(f"no phone {request['username']}@{request['realm']}")
    return phone


def _carrier(switch: LabSwitch) -> LabCarrier:
    return switch.carriers[0] if switch.carriers else switch.connect(LabCarrier())


def _call(switch: LabSwitch, request: Request) -> LabCall:
    channel = switch.channels.get(str(request["uuid"]))
    if channel is None or not isinstance(channel.endpoint, LabCall):
        raise BadRequestError(f"no call {request['uuid']}")
    return channel.endpoint


async def _register(switch: LabSwitch, request: Request) -> Request:
    key = str(request["username"]), str(request["realm"])
    phone = switch.phones.get(key) or LabPhone(key[0], key[1], str(request["password"]))
    phone.password = str(request["password"])
    phone.display_name = str(request.get("name", phone.display_name))
    if "behaviour" in request:
        phone.behaviour = behaviour_from(request["behaviour"])
    status = await switch.register(phone, int(request.get("expires", 3600)))
    return {"status": status, "contact": phone.contact}


async def _unregister(switch: LabSwitch, request: Request) -> Request:
    return {"status": await switch.unregister(_phone(switch, request))}


async def _behave(switch: LabSwitch, request: Request) -> Request:
    _phone(switch, request).behaviour = behaviour_from(request["behaviour"])
    return {}


async def _subscribe(switch: LabSwitch, request: Request) -> Request:
    switch.presence.subscribe(_phone(switch, request), str(request["extension"]), int(request.get("expires", 300)))
    return {}


async def _place(switch: LabSwitch, request: Request) -> Request:
    call = _phone(switch, request).call(str(request["number"]), request.get("headers"))
    return {"uuid": call.uuid, "id": call.id}


async def _set_carrier(switch: LabSwitch, request: Request) -> Request:
    carrier = _carrier(switch)
    if "behaviour" in request:
        carrier.behaviour = behaviour_from(request["behaviour"])
    for number, behaviour in request.get("numbers", {}).items():
        carrier.numbers[number] = behaviour_from(behaviour)
    return {}


async def _carrier_call(switch: LabSwitch, request: Request) -> Request:
    carrier = _carrier(switch)
    call = carrier.call(str(request["from"]), str(request["to"]), str(request.get("name", "")), request.get("headers"))
    return {"uuid": call.uuid, "id": call.id}


async def _early(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).early()
    return {}


async def _hang_up(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).hang_up()
    return {}


async def _dtmf(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).send_dtmf(str(request["digits"]))
    return {}


async def _hold(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).hold(bool(request.get("on", True)))
    return {}


async def _refer(switch: LabSwitch, request: Request) -> Request:
    """Who the call talks to dials a number, or is connected with whom another call of the phone talks to; the
    phone's own legs are hung up, as mod_sofia does after a REFER."""
    from apps.switching.lab.channel_commands import uuid_bridge

    mine = _talking(switch, str(request["uuid"]))
    far = mine.bridged_to
    assert far is not None
    context = far.get("force_transfer_context") or far.profile.context
    owner = mine.endpoint.owner if isinstance(mine.endpoint, LabCall) else None
    referred_by = f"<sip:{owner.username}@{owner.realm}>" if isinstance(owner, LabPhone) else ""
    recordings.move(mine, far)
    if "other" not in request:
        far.set("sip_h_Referred-By", referred_by)
        switch.transfer(far, Redirect(str(request["number"]), context=context))
        mine.hang_up("BLIND_TRANSFER")
        return {}
    other = switch.channels.get(str(request["other"]))
    if other is None:
        raise BadRequestError(f"there is no channel {request['other']}")
    if other.bridged_to is None:
        # It talks to an application: the far end dials what the phone had dialled.
        far.set("sip_h_Referred-By", referred_by)
        switch.transfer(far, Redirect(other.profile.destination_number, context=context))
        mine.hang_up("ATTENDED_TRANSFER")
        other.hang_up("ATTENDED_TRANSFER")
        return {}
    recordings.move(other, other.bridged_to)
    mine.set("transfer_to", f"att:{other.bridged_to.uuid}")
    answer = await uuid_bridge(switch, f"{far.uuid} {other.bridged_to.uuid}")
    if not answer.startswith("+OK"):
        raise BadRequestError(answer.strip())
    async with asyncio.timeout(2):
        while far.bridged_to is mine:
            await asyncio.sleep(0.01)
    mine.hang_up("ATTENDED_TRANSFER")
    other.hang_up("ATTENDED_TRANSFER")
    return {}


def _talking(switch: LabSwitch, uuid: str) -> Channel:
    channel = switch.channels.get(uuid)
    if channel is None or channel.bridged_to is None:
        raise BadRequestError(f"{uuid} talks to nobody")
    return channel


async def _silent(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).says_nothing = bool(request.get("on", True))
    return {}


async def _fax(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).is_fax = True
    return {}


async def _answer(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).answer()
    return {}


async def _reject(switch: LabSwitch, request: Request) -> Request:
    _call(switch, request).reject(int(request.get("status", 603)))
    return {}


async def _state(switch: LabSwitch, _request: Request) -> Request:
    channels = [
        {
            "uuid": one.uuid,
            "name": one.name,
            "direction": one.direction,
            "state": one.state,
            "call_state": one.call_state,
            "answer_state": one.answer_state,
            "destination": one.profile.destination_number,
            "bridged_to": one.bridged_to.uuid if one.bridged_to is not None else None,
            "application": one.get("current_application"),
        }
        for one in switch.channels.values()
    ]
    phones = [
        {
            "username": phone.username,
            "realm": phone.realm,
            "registered": phone.contact_key in switch.registrar.by_contact,
            "rang": [_invite(one) for one in phone.rang[-50:]],
            "lamps": switch.presence.shown.get(f"{phone.username}@{phone.realm}", {}),
            "messages": switch.presence.waiting.get(f"{phone.username}@{phone.realm}", ""),
        }
        for phone in switch.phones.values()
    ]
    carrier = [_invite(one) for carrier in switch.carriers for one in carrier.rang[-50:]]
    parties: list[LabPhone | LabCarrier] = [*switch.phones.values(), *switch.carriers]
    placed = [_placed(call) for party in parties for call in party.placed]
    return {"channels": channels, "phones": phones, "carrier": carrier, "placed": placed,
            "xml_curl_requests": switch.xml.requests,
            "cdrs_posted": switch.cdr.posted, "cdrs_spooled": switch.cdr.spooled}  # fmt: skip


def _placed(call: LabCall) -> Request:
    """A call a phone or carrier placed, as it sees it; `status` is the final SIP status, 0 where there is none yet."""
    return {
        "by": call.owner.name if isinstance(call.owner, LabCarrier) else call.owner.username,
        "uuid": call.uuid,
        "id": call.id,
        "ringing": call.is_ringing or call.is_early,
        "answered": call.is_answered,
        "ended": call.is_ended,
        "cause": call.cause,
        "status": 200 if call.is_answered else call.sip_status,
        "digits": call.digits_heard,
    }


def _invite(invite: Any) -> Request:
    return {
        "number": invite.number,
        "caller_id_name": invite.caller_id_name,
        "caller_id_number": invite.caller_id_number,
        "headers": invite.headers,
        "uuid": invite.call.uuid,
        "id": invite.call.id,
        "ringing": invite.call.is_ringing,
        "status": 200 if invite.call.is_answered else invite.call.sip_status,
        "answered": invite.call.is_answered,
        "ended": invite.call.is_ended,
        "cause": invite.call.cause,
        "digits": invite.call.digits_heard,
    }


_ACTIONS: dict[str, Callable[[LabSwitch, Request], Awaitable[Request]]] = {
    "register": _register,
    "unregister": _unregister,
    "behave": _behave,
    "subscribe": _subscribe,
    "call": _place,
    "carrier": _set_carrier,
    "carrier_call": _carrier_call,
    "early": _early,
    "hang_up": _hang_up,
    "dtmf": _dtmf,
    "hold": _hold,
    "refer": _refer,
    "silent": _silent,
    "fax": _fax,
    "answer": _answer,
    "reject": _reject,
    "state": _state,
}
