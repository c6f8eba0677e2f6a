"""What a conference's document looks like, and what can be asked of a conference that is going on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import BlankIsAbsent, Flags, Identifier, Language

#: Longer numbers could not be keyed in.
LONGEST_NUMBER = 16
Number = Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER, pattern=r"^[0-9]+$")]
Pin = Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER, pattern=r"^[0-9]+$")]
Tone = bool | Annotated[str, Field(max_length=2048)]
Controls = Literal["default", "moderator", "none"]


class Side(Shape):
    """How members, or moderators, come in."""

    numbers: list[Number] = Field(
        default_factory=list, max_length=50, description="Numbers that lead here: dialled, or keyed in when asked."
    )
    pins: list[Pin] = Field(default_factory=list, max_length=500, description="PINs; any one of them will do.")
    join_deaf: bool = Field(False, description="They hear nothing at first.")


class MemberSide(Side):
    """How members come in."""

    # KAZOO's schema says true; a conference in which nobody can speak is what nobody expects.
    join_muted: bool = Field(False, description="They are not heard at first.")
    play_entry_prompt: bool = Field(True, description="Tell who comes how many others are there.")


class ModeratorSide(Side):
    """How moderators come in."""

    join_muted: bool = Field(False, description="They are not heard at first.")


class ConferenceProfile(Shape):
    """Finer settings, by mod_conference's names."""

    max_members: int | None = Field(
        None,
        alias="max-members",
        ge=2,
        le=10_000,
        description="How many can be in it, where max_participants is unset.",
    )
    moh_sound: str | None = Field(
        None, alias="moh-sound", max_length=2048, description="Heard by whoever is alone: a media id, tone or URL."
    )
    enter_sound: str | None = Field(
        None, alias="enter-sound", max_length=2048, description="Heard by all when somebody comes."
    )
    exit_sound: str | None = Field(
        None, alias="exit-sound", max_length=2048, description="Heard by all when somebody leaves."
    )
    max_members_sound: str | None = Field(
        None, alias="max-members-sound", max_length=2048, description="Heard where the conference is full."
    )
    announce_count: int | None = Field(
        None, alias="announce-count", ge=0, description="Tell the number of others only from so many on."
    )
    energy_level: int | None = Field(
        None, alias="energy-level", ge=0, le=1800, description="How loud a sound must be to count as speech."
    )


class ConferenceSettings(Shape):
    """How a conference behaves."""

    conference_numbers: list[Number] = Field(
        default_factory=list, max_length=50, description="Numbers that lead here, for members and moderators."
    )
    member: MemberSide = Field(default_factory=MemberSide)
    moderator: ModeratorSide = Field(default_factory=ModeratorSide)
    max_participants: int | None = Field(None, ge=1, le=10_000, description="How many can be in it.")
    max_members_media: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, description="Heard where the conference is full: a media id, tone or URL."
    )
    require_moderator: bool = Field(
        False, description="It begins when a moderator comes, and ends when the last of them leaves."
    )
    wait_for_moderator: bool = Field(False, description="Members hear music until a moderator comes.")
    play_name: bool = Field(False, description="Who comes says his name first, and all others hear it.")
    play_welcome: bool = Field(True, description="Welcome who comes.")
    play_entry_tone: Tone = Field(True, description="A tone when somebody comes: yes, no, or a media id, tone or URL.")
    play_exit_tone: Tone = Field(True, description="A tone when somebody leaves: yes, no, or a media id, tone or URL.")
    language: Annotated[Language | None, BlankIsAbsent] = Field(None, description="Of prompts.", examples=["en-us"])
    profile_name: Annotated[Literal["default", "page"] | None, BlankIsAbsent] = Field(
        None, description="The node's settings: `page` has no keys to press."
    )
    profile: ConferenceProfile = Field(default_factory=ConferenceProfile)
    caller_controls: Annotated[Controls | None, BlankIsAbsent] = Field(
        None,
        description="What keys members can press: 0 or *6 mutes, *4 also deafens, 1 to 3 how loud one hears, "
        "4 to 6 how loud one is heard, 7 to 9 what counts as speech, # leaves.",
    )
    moderator_controls: Annotated[Controls | None, BlankIsAbsent] = Field(
        None, description="What keys moderators can press: also *5, which locks the conference."
    )

    @property
    def most(self) -> int | None:
        """How many can be in it; None for any number."""
        return self.max_participants or self.profile.max_members


class ConferenceDocument(ConferenceSettings):
    """A room in which several callers talk."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the conference.")
    owner_id: Annotated[Identifier | None, BlankIsAbsent] = Field(
        None, description="The user who may control it while it is going on."
    )
    flags: Flags | None = Field(None, description="Marks set by other applications.")


ConferenceVerb = Literal[
    "lock", "unlock", "play", "stop_play", "record", "dial", "mute", "unmute", "deaf", "undeaf", "kick"
]
ParticipantVerb = Literal[
    "mute", "unmute", "deaf", "undeaf", "kick", "hangup", "relate", "play", "volume_in", "volume_out"
]


class ConferenceAction(Shape):
    """`{"action": "lock"}`, `{"action": "play", "data": {"media_id": "…"}}`, `{"action": "record", "data": {"action":
    "start"}}`, `{"action": "dial", "data": {"endpoints": ["…"]}}`. Muting, deafening and kicking are of everybody."""

    action: ConferenceVerb = Field(description="What the conference is to do.")
    data: dict[str, Any] = Field(default_factory=dict, description="What it needs for that.")


class ParticipantAction(Shape):
    """`{"action": "mute"}`, `{"action": "relate", "data": {"participant_id": 2, "other_participant": 3,
    "relationship": "deaf"}}`."""

    action: ParticipantVerb = Field(description="What the participants are to do.")
    data: dict[str, Any] = Field(default_factory=dict, description="What is needed for that.")


class PlayData(Shape):
    media_id: str = Field(min_length=1, max_length=2048, description="A media id, a tone or an http(s) URL.")


class RecordData(Shape):
    action: Literal["start", "stop"] = Field(description="Begin or end recording.")


class RelateData(Shape):
    participant_id: int | None = Field(None, ge=1, description="Whose speech or hearing is concerned.")
    other_participant: int = Field(ge=1, description="The one he is not to be heard by, or not to hear.")
    relationship: Literal["deaf", "mute", "clear"] = Field(
        "clear", description="`mute`: is not heard by the other; `deaf`: does not hear the other; `clear`: as before."
    )


class VolumeData(Shape):
    level: int = Field(ge=-4, le=4, description="Quieter or louder, 0 as it comes.")


DialFlag = Literal[
    "mute", "deaf", "distribute_dtmf", "is_moderator", "disable_moh", "ghost", "join_existing", "video_mute"
]


class DialData(Shape):
    endpoints: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(
        min_length=1, max_length=100, description="Ids of devices and users, numbers, extensions."
    )
    caller_id_name: str = Field("", max_length=64, description="Who is shown as calling.")
    caller_id_number: str = Field("", max_length=35, description="Who is shown as calling.")
    participant_flags: list[DialFlag] = Field(default_factory=list, description="How they come in.")
    timeout: int = Field(30, ge=1, le=120, description="Seconds they ring.")
