"""Facts about conferences become rows, and what is announced. Called inside the transaction of a batch of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.foundation.events.event import Event
from apps.foundation.events.outbox import enqueue
from apps.switching.calls.models import LiveChannel
from apps.switching.rooms.events import ConferenceChanged
from apps.switching.rooms.facts import ListedRoom, Member, RoomChanged
from apps.switching.rooms.models import LiveMember, LiveRoom
from apps.switching.rooms.tasks import keep_recording

#: What changes a member that is there.
_CHANGES = frozenset({
    "mute-member", "unmute-member", "deaf-member", "undeaf-member", "start-talking", "stop-talking", "floor-change",
    "energy-level-member", "energy-level",
})  # fmt: skip
#: What is worth telling, besides these.
_TOLD = frozenset({
    "conference-create", "conference-destroy", "add-member", "del-member", "kick-member", "hup-member", "lock",
    "unlock", "start-recording", "stop-recording", "play-file", "play-file-done", "dtmf", "dtmf-member",
})  # fmt: skip


def apply_rooms(facts: Sequence[RoomChanged]) -> list[Event]:
    """Write what the facts say, in their order; what is to be announced once the transaction has committed."""
    events: list[Event] = []
    for fact in facts:
        member = _apply(fact)
        if fact.action in _TOLD or fact.action in _CHANGES:
            events.append(
                ConferenceChanged(fact.account_id, fact.conference_id, fact.action, fact.switch, fact.uuid, member)
            )
    return events


def forget_channels(uuids: Iterable[str]) -> None:
    """A channel that has ended is in no conference, whether or not the switch has said so."""
    LiveMember.objects.filter(uuid__in=list(uuids)).delete()


def reconcile_rooms(switch: str, listed: Sequence[ListedRoom]) -> list[Event]:
    """Make our picture of a switch's conferences what it lists: the rest is gone."""
    there = {one.uuid for room in listed for fact in room.members if (one := fact.member)}
    LiveMember.objects.filter(switch=switch).exclude(uuid__in=there).delete()
    LiveRoom.objects.filter(switch=switch).exclude(id__in=[room.began.room_id for room in listed]).delete()
    known = set(LiveMember.objects.filter(switch=switch).values_list("uuid", flat=True))
    events: list[Event] = []
    for room in listed:
        row = _room(room.began)
        row.is_locked = room.is_locked
        row.save(update_fields=["is_locked"])
        for fact in room.members:
            if fact.member is not None and fact.member.uuid in known:
                _row(fact, fact.member)
            else:
                events.extend(apply_rooms([fact]))
    return events


def _apply(fact: RoomChanged) -> LiveMember | None:
    """The member the fact is about, as it is now or was at last."""
    if fact.action == "conference-destroy":
        LiveMember.objects.filter(room_id=fact.room_id).delete()
        LiveRoom.objects.filter(id=fact.room_id).delete()
        return None
    if fact.member is not None:
        return _apply_member(fact, fact.member)
    if fact.action in ("lock", "unlock"):
        LiveRoom.objects.filter(id=_room(fact).id).update(is_locked=fact.action == "lock")
    elif fact.action == "start-recording":
        LiveRoom.objects.filter(id=_room(fact).id).update(recording=fact.file[:1024])
    elif fact.action == "stop-recording":
        LiveRoom.objects.filter(id=fact.room_id, recording=fact.file).update(recording="")
        keep = (fact.account_id, fact.conference_id, fact.switch, fact.file)
        enqueue(keep_recording, *keep)
    elif fact.action == "conference-create":
        _room(fact)
    return None


def _apply_member(fact: RoomChanged, member: Member) -> LiveMember | None:
    if fact.action == "del-member":
        row = LiveMember.objects.filter(uuid=member.uuid).first()
        if row is not None:
            row.delete()
            row.uuid = member.uuid
        return row
    if fact.action == "add-member":
        _room(fact)
        return _row(fact, member)
    if fact.action in _CHANGES:
        LiveMember.objects.filter(uuid=member.uuid).update(
            hears=member.hears,
            speaks=member.speaks,
            talking=member.talking or fact.action == "start-talking",
            has_floor=member.has_floor,
            energy=member.energy,
        )
    return LiveMember.objects.filter(uuid=member.uuid).first()


def _room(fact: RoomChanged) -> LiveRoom:
    values = {
        "name": fact.name,
        "account_id": fact.account_id,
        "conference_id": fact.conference_id,
        "switch": fact.switch,
        "uuid": fact.uuid,
    }
    row, _made = LiveRoom.objects.update_or_create(
        id=fact.room_id, defaults=values, create_defaults={**values, "began": fact.at}
    )
    return row


def _row(fact: RoomChanged, member: Member) -> LiveMember:
    channel = LiveChannel.objects.filter(uuid=member.uuid).first()
    values = {
        "room_id": fact.room_id,
        "account_id": fact.account_id,
        "conference_id": fact.conference_id,
        "switch": fact.switch,
        "member_id": member.id,
        "is_moderator": member.is_moderator,
        "hears": member.hears,
        "speaks": member.speaks,
        "talking": member.talking,
        "has_floor": member.has_floor,
        "energy": member.energy,
        "caller_id_name": _shown(member.caller_id_name, channel.caller_id_name if channel else "")[:128],
        "caller_id_number": _shown(member.caller_id_number, channel.caller_id_number if channel else "")[:64],
        "authorizing_id": channel.authorizing_id if channel else "",
        "authorizing_type": channel.authorizing_type if channel else "",
        "owner_id": channel.owner_id if channel else "",
    }
    row, _made = LiveMember.objects.update_or_create(
        uuid=member.uuid, defaults=values, create_defaults={**values, "joined": member.joined or fact.at}
    )
    return row


def _shown(told: str, of_channel: str) -> str:
    return told or of_channel
