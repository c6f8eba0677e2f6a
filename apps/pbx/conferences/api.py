"""Conferences in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route
from apps.foundation.crossbar.validation import parse
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import now
from apps.pbx.conferences.actions import create_conference, delete_conference, replace_conference
from apps.pbx.conferences.commanding import command_conference, command_participants
from apps.pbx.conferences.documents import ConferenceAction, ConferenceDocument, ParticipantAction
from apps.pbx.conferences.models import Conference
from apps.switching.rooms.events import member_fields
from apps.switching.rooms.models import LiveMember, LiveRoom
from apps.switching.rooms.queries import members_of, rooms_of

_EXAMPLE = {"action": "mute"}
#: Also a plain user tells his own conference what to do.
_CONTROL = Access(read=Role.USER, write=Role.USER, own="owner_id", own_write=True)


class ConferenceResource(AccountResource):
    """Rooms in which several callers talk, and who is in them now.

    A user controls the conferences he owns; administrators control all of them. `PUT` on a conference or on its
    participants (`{"action": "lock"}`) answers that the switch was asked; the participants and the websocket
    (`conference.event.*`) say what came of it.
    """

    path, model, shape = "conferences", Conference, ConferenceDocument
    parents = {"users": "owner_id"}
    summary = ("id", "name", "owner_id", "conference_numbers", "member", "moderator", "flags")
    actions = Actions(create=create_conference, replace=replace_conference, delete=delete_conference)
    access = Access(read=Role.USER, own="owner_id", own_write=True, own_fixed=("owner_id",))
    example = {"name": "Weekly", "conference_numbers": ["5000"], "member": {"pins": ["1234"]}}

    def document(self, instance: Conference) -> dict[str, Any]:
        room, people = self._live(instance)
        document = instance.to_document()
        live = _live_fields(room, people) | {"participants": [member_fields(one) for one in people]}
        return {**document, "_read_only": {**document.get("_read_only", {}), **live}}

    def summarize(self, instance: Conference) -> Mapping[str, Any]:
        document = instance.to_document()
        found = {key: document[key] for key in self.summary if key in document}
        return found | _live_fields(*self._live(instance))

    def prepare(self, instances: list[Conference]) -> None:
        """One query for all rooms of a page, one for everybody in them."""
        for account_id in {one.account_id for one in instances}:
            ids = [one.id for one in instances if one.account_id == account_id]
            rooms, people = rooms_of(account_id, ids), members_of(account_id, ids)
            for one in instances:
                if one.account_id == account_id:
                    one.live = (rooms.get(one.id), people.get(one.id, []))  # type: ignore[attr-defined]

    @item_route("", methods=("PUT",), access=_CONTROL, shape=ConferenceAction, example={"action": "lock"})
    def act(self, request: ApiRequest, instance: Conference) -> Answer:
        """Lock or unlock a conference, play into it, record it, call people into it, mute, deafen or kick everybody.

        202: the switch has been asked. Muting everybody leaves moderators to be heard.
        """
        asked = parse(ConferenceAction, _asked(request))
        return Answer(command_conference(instance, asked, request.principal), status=202)

    @item_route("participants", example=[])
    def participants(self, request: ApiRequest, instance: Conference) -> list[dict[str, Any]]:
        """Who is in the conference now."""
        return [member_fields(one) for one in self._live(instance)[1]]

    @item_route("participants", methods=("PUT",), access=_CONTROL, shape=ParticipantAction, example=_EXAMPLE)
    def act_on_all(self, request: ApiRequest, instance: Conference) -> Answer:
        """Mute, unmute, deafen, undeafen, kick or relate those who are in the conference.

        202: the switch has been asked.
        """
        asked = parse(ParticipantAction, _asked(request))
        return Answer(command_participants(instance, None, asked, request.principal), status=202)

    @item_route("participants/{participant_id}", example={})
    def participant(self, request: ApiRequest, instance: Conference) -> dict[str, Any]:
        """One who is in the conference now, by participant id or call id."""
        return member_fields(self._participant(request, instance))

    @item_route(
        "participants/{participant_id}", methods=("PUT",), access=_CONTROL, shape=ParticipantAction, example=_EXAMPLE
    )
    def act_on_one(self, request: ApiRequest, instance: Conference) -> Answer:
        """Mute, unmute, deafen, undeafen or kick one of them, play to him alone, or change how loud he is.

        202: the switch has been asked.
        """
        who = self._participant(request, instance)
        asked = parse(ParticipantAction, _asked(request))
        return Answer(command_participants(instance, [who], asked, request.principal), status=202)

    def _participant(self, request: ApiRequest, instance: Conference) -> LiveMember:
        wanted = request.arguments["participant_id"]
        for one in self._live(instance)[1]:
            if wanted in (str(one.member_id), one.uuid):
                return one
        raise NotFound(wanted)

    @staticmethod
    def _live(instance: Conference) -> tuple[LiveRoom | None, list[LiveMember]]:
        known: tuple[LiveRoom | None, list[LiveMember]] | None = getattr(instance, "live", None)
        if known is not None:
            return known
        room = rooms_of(instance.account_id, [instance.id]).get(instance.id)
        return room, members_of(instance.account_id, [instance.id]).get(instance.id, [])


def _asked(request: ApiRequest) -> dict[str, Any]:
    """The action, wherever the client put it: in `data` or in the envelope."""
    data = dict(request.data) if isinstance(request.data, dict) else {}
    if "action" in data:
        return data
    inner = data.get("data")
    return {"action": request.envelope.get("action"), "data": inner if isinstance(inner, dict) else data}


def _live_fields(room: LiveRoom | None, people: list[LiveMember]) -> dict[str, Any]:
    moderators = sum(one.is_moderator for one in people)
    return {
        "members": len(people) - moderators,
        "admins": moderators,
        "moderators": moderators,
        "duration": max(0, int((now() - room.began).total_seconds())) if room is not None else 0,
        "is_locked": room is not None and room.is_locked,
        "is_recording": room is not None and bool(room.recording),
    }
