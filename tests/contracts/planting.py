"""One object of every resource in an account, to try every address of the API with."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.registry import resources
from apps.foundation.crossbar.resource import Resource, SystemResource
from apps.foundation.identity.models import LoginAttempt
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id, new_id
from apps.foundation.kit.partitions import ensure_partition
from tests.company import Person

_serial = itertools.count(1)


def ask(person: Person | None, verb: str, path: str, data: Any = None, **query: str) -> Any:
    """One API request, from an address of its own so that no rate limit answers first."""
    number = next(_serial)
    headers = {"X-Auth-Token": person.token} if person else {}
    return Client(REMOTE_ADDR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}").generic(
        verb,
        f"/v2/{path}",
        json.dumps({"data": {} if data is None else data}),
        content_type="application/json",
        headers=headers,
        query_params=query or None,
    )


@dataclass
class Planted:
    """What an account holds. `ids` by resource path; `marker` is in the name of everything."""

    account: Account
    admin: Person
    #: Who owns the devices.
    owner_id: str
    number: str
    marker: str = field(default_factory=lambda: f"marker{new_id()[:12]}")
    ids: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def traces(self) -> set[str]:
        """What nobody else may ever see."""
        return {self.marker, self.number, self.owner_id, *self.ids.values(), *self.arguments.values()}

    def put(self, path: str, document: dict[str, Any]) -> str:
        answer = ask(self.admin, "PUT", f"accounts/{self.account.id}/{path}", document)
        assert answer.status_code == 201, (path, answer.status_code, answer.content)
        return str(answer.json()["data"]["id"])


def _device(place: Planted) -> str:
    return place.put("devices", {"name": place.marker, "owner_id": place.owner_id})


def _group(place: Planted) -> str:
    return place.put("groups", {"name": place.marker, "endpoints": {place.owner_id: {"type": "user"}}})


def _ring_group(place: Planted) -> str:
    members = [{"id": place.ids["devices"], "type": "device"}]
    return place.put("ring_groups", {"name": place.marker, "numbers": ["8001"], "members": members})


def _callflow(place: Planted) -> str:
    flow = {"module": "device", "data": {"id": place.ids["devices"]}, "children": {}}
    callflow = place.put("callflows", {"name": place.marker, "numbers": ["2001"], "flow": flow})
    place.arguments |= {"draft_id": place.put(f"callflows/{callflow}/drafts", {"name": place.marker})}
    return callflow


def _call_trace(place: Planted) -> str:
    from apps.pbx.callflows.models import CallTrace
    from apps.pbx.callflows.trace_rows import Trace, write_traces

    trace = Trace(f"call-{place.marker}", place.account.id, now(), destination=place.marker)
    with account_scope(place.account):
        write_traces([trace])
        return str(CallTrace.objects.get(call_id=trace.call_id).id)


def _pivot(place: Planted) -> str:
    from apps.pbx.pivot.models import PivotExchange

    values = {"call_id": f"call-{place.marker}", "iteration": 1, "method": "get", "uri": f"http://{place.marker}/"}
    with account_scope(place.account):
        made = PivotExchange.objects.create(account_id=place.account.id, resp_body=place.marker, **values)
    place.arguments |= {"call_id": made.call_id}
    return str(made.id)


def _phone_number(place: Planted) -> str:
    path = f"accounts/{place.account.id}/phone_numbers/{place.number}"
    answer = ask(place.admin, "PUT", path.replace("+", "%2B"), {"create_with_state": "in_service"})
    if answer.status_code == 403:  # only a reseller may put numbers into service
        from apps.pbx.numbers.models import PhoneNumber

        PhoneNumber.objects.create(number=place.number, account_id=place.account.id, state="in_service")
        return place.number
    assert answer.status_code == 201, answer.content
    return place.number


def _call_record(place: Planted) -> str:
    from apps.commerce.cdrs.models import CallRecord

    moment = now()
    with account_scope(place.account):
        ensure_partition(CallRecord, moment)
        record = CallRecord.objects.create(
            id=monthly_id(moment),
            month=moment.date().replace(day=1),
            account_id=place.account.id,
            call_id=place.marker,
            interaction_id=f"63900000000-{place.marker[-8:]}",
            owner_id=place.owner_id,
            switch="fs1",
            direction="inbound",
            started=moment,
            ended=moment,
        )
    place.arguments |= {"interaction_id": record.interaction_id}
    return record.id


def _recording(place: Planted) -> str:
    from apps.foundation.storage.actions import store_file
    from apps.pbx.recordings.models import Recording, RecordingState

    moment = now()
    with account_scope(place.account):
        ensure_partition(Recording, moment)
        file = store_file("recording", place.marker, "audio/wav", place.marker.encode())
        recording = Recording.objects.create(
            id=monthly_id(moment),
            month=moment.date().replace(day=1),
            account_id=place.account.id,
            owner_id=place.owner_id,
            call_id=place.marker,
            name=place.marker,
            switch="fs1",
            file_id=file.id,
            state=RecordingState.STORED,
            is_finished=True,
            started=moment,
            milliseconds=1500,
        )
    return recording.id


def _channel(place: Planted) -> str:
    from apps.switching.calls.models import LiveChannel

    values = {"account_id": place.account.id, "owner_id": place.owner_id, "created": now(), "switch": "fs1"}
    LiveChannel.objects.create(uuid=place.marker, direction="inbound", caller_id_name=place.marker, **values)
    return place.marker


def _parked_call(place: Planted) -> str:
    from apps.pbx.parking.models import ParkedCall

    slot = str(int(new_id()[:13], 16))[:16]
    with account_scope(place.account):
        values = {"slot": slot, "caller_id_name": place.marker, "parker_id": place.ids["devices"]}
        ParkedCall.objects.create(account_id=place.account.id, call_id=place.ids["channels"], **values)
    return slot


def _registration(place: Planted) -> str:
    from apps.switching.registrar.models import Registration

    Registration.objects.create(
        realm=place.account.realm,
        username=place.marker,
        account_id=place.account.id,
        device_id=place.ids["devices"],
        owner_id=place.owner_id,
        contact=f"sip:{place.marker}@192.0.2.1",
        switch="fs1",
        call_id=place.marker,
        expires=now().replace(year=2099),
    )
    return place.marker


def _presence(place: Planted) -> str:
    from apps.switching.presence.actions import Watching, remember_subscriptions, set_lamp, write_lines

    lines = [(place.ids["devices"], place.marker), (place.owner_id, place.marker)]
    write_lines(place.account.id, place.ids["devices"], lines)
    set_lamp(place.account.id, place.marker, "confirmed")
    subscriber = f"{place.marker}@{place.account.realm}"
    watching = Watching("fs1", place.marker, place.account.id, place.marker, "dialog", subscriber, 3600)
    remember_subscriptions([watching])
    return place.marker


def _websocket(place: Planted) -> str:
    from apps.foundation.events.publishing import client

    session = {"websocket_session_id": new_id(), "bindings": [place.marker], "timestamp": 1}
    key = f"kazoo:websocket:{place.account.id}:{session['websocket_session_id']}"
    client().set(key, json.dumps(session), ex=120)
    return str(session["websocket_session_id"])


def _attempt(place: Planted) -> str:
    attempt = LoginAttempt.objects.create(
        account_id=place.account.id, username=place.marker, method="cb_user_auth", succeeded=False
    )
    place.arguments |= {"attempt_id": attempt.id}
    return attempt.id


def _list(place: Planted) -> str:
    made = place.put("lists", {"name": place.marker})
    entry = {"number": place.number, "displayname": place.marker}
    place.arguments |= {"entry_id": place.put(f"lists/{made}/entries", entry)}
    return made


def _mailbox(place: Planted) -> str:
    made = place.put("vmboxes", {"name": place.marker, "mailbox": "3000", "pin": "2468", "owner_id": place.owner_id})
    path = f"accounts/{place.account.id}/vmboxes/{made}/messages"
    answer = ask(place.admin, "PUT", path, {"caller_id_name": place.marker, "caller_id_number": place.number})
    assert answer.status_code == 201, answer.content
    place.arguments |= {"message_id": answer.json()["data"]["media_id"]}
    return made


def _conference(place: Planted) -> str:
    """With somebody in it."""
    from apps.switching.rooms.models import LiveMember, LiveRoom

    document = {"name": place.marker, "owner_id": place.owner_id, "member": {"pins": ["1234"]}}
    made = place.put("conferences", document)
    values = {"account_id": place.account.id, "conference_id": made, "switch": "fs1"}
    room = f"fs1/{place.account.id}-{made}"
    LiveRoom.objects.create(id=room, name=f"{place.account.id}-{made}", uuid=place.marker, **values)
    LiveMember.objects.create(uuid=place.marker, room_id=room, member_id=1, caller_id_name=place.marker, **values)
    place.arguments |= {"participant_id": place.marker}
    return made


def _storage(place: Planted) -> str:
    """With a plan beside it, and a move."""
    from apps.foundation.storage.moving import start_move
    from apps.foundation.storage.personal import start_export

    key = new_id()
    archive = {"name": place.marker, "attachments": {key: {"handler": "local", "name": place.marker}}}
    place.arguments |= {"plan_id": place.put("storage/plans", archive), "handler_id": key}
    made = place.put("storage", {"plan_id": place.arguments["plan_id"], "attachments": archive["attachments"]})
    with account_scope(place.account):
        place.arguments |= {"move_id": start_move(["fax"], system_principal(place.account.id)).id}
        place.arguments |= {"export_id": start_export(place.owner_id, system_principal(place.account.id)).id}
    return made


def _attachment_error(place: Planted) -> str:
    from apps.foundation.storage.models import AttachmentError

    values = {"file_id": new_id(), "handler_id": new_id(), "handler_key": place.arguments["handler_id"]}
    with account_scope(place.account):
        error = AttachmentError.objects.create(
            account_id=place.account.id, attachment_name=place.marker, path=place.marker, reason="Denied", **values
        )
    return str(error.id)


def _wakeup_call(place: Planted) -> str:
    document = {"name": place.marker, "owner_id": place.owner_id, "device_id": place.ids["devices"], "time": "07:30"}
    return place.put("wakeup_calls", document)


def _webhook(place: Planted) -> str:
    """With an attempt in its log."""
    from apps.pbx.webhooks.models import Attempt, new_delivery

    document = {"name": place.marker, "uri": f"https://{place.marker}.example.com/", "hook": "recording"}
    made = place.put("webhooks", document)
    payload = {"call_id": place.marker}
    delivery = new_delivery(place.account.id, place.marker, made, "recording", payload, hook_id=made, state="failed")
    delivery.save(force_insert=True)
    attempt = Attempt.everywhere.create(
        account_id=place.account.id, delivery_id=delivery.id, uid=place.marker, hook_id=made, succeeded=False
    )
    place.arguments |= {"webhook_attempt_id": attempt.id}
    return made


#: How one is made, in an order in which later ones find what they need.
SAMPLES: dict[str, Callable[[Planted], str]] = {
    "users": lambda place: place.owner_id,
    "devices": _device,
    "groups": _group,
    "ring_groups": _ring_group,
    "callflows": _callflow,
    "phone_numbers": _phone_number,
    "lists": _list,
    "vmboxes": _mailbox,
    "cdrs": _call_record,
    "call_traces": _call_trace,
    "pivot": _pivot,
    "recordings": _recording,
    "channels": _channel,
    "parked_calls": _parked_call,
    "registrations": _registration,
    "presence": _presence,
    "websockets": _websocket,
    "security": _attempt,
    "conferences": _conference,
    "wakeup_calls": _wakeup_call,
    "webhooks": _webhook,
    "storage": _storage,
    "att_handlers_errors": _attachment_error,
    "accounts": lambda place: place.account.id,
}


def plant(place: Planted) -> Planted:
    """Fill an account. A resource without a sample of its own is created from its example."""
    account_resources = {one.path: one for one in resources() if not issubclass(one, SystemResource)}
    served = {one.path for one in resources()}
    for path, make in SAMPLES.items():
        if path in served:
            place.ids[path] = make(place)
    for path, resource in account_resources.items():
        if path not in place.ids and resource.example and resource.actions.create and not resource.singleton:
            place.ids[path] = place.put(path, _named(resource, place.marker))
    return place


def _named(resource: type[Resource], name: str) -> dict[str, Any]:
    return {**resource.example, **({"name": name} if "name" in resource.example else {})}
