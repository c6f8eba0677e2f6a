"""The option groups users and devices have in common: caller identity, forwarding, media and the like."""

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError as Refused
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from apps.foundation.accounts.documents import CallerIdOptions, CallerIds, CallRecording, MusicOnHold, Ringtones
from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.dial_plans import checked_formatters, checked_plan


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _known_zone(zone: str) -> str:
    if zone != "inherit" and zone not in available_timezones():
        raise PydanticCustomError("format", _("Not a time zone of the IANA database"))
    return zone


def _email(text: str) -> str:
    try:
        validate_email(text)
    except Refused:
        raise PydanticCustomError("format", _("Not an e-mail address")) from None
    return text


def _dial_plan(plan: dict[str, Any] | None) -> dict[str, Any] | None:
    return checked_plan(plan) if plan else plan


def _formatters(formatters: dict[str, Any] | None) -> dict[str, Any] | None:
    return checked_formatters(formatters) if formatters else formatters


#: Forms send an empty string for "none".
BlankIsAbsent = BeforeValidator(_blank_is_absent)
Identifier = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", min_length=32, max_length=32)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
EmailAddress = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_email)]
Language = Annotated[str, Field(max_length=16, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
PresenceId = Annotated[str, Field(max_length=128)]
Flags = list[Annotated[str, Field(max_length=128)]]
Caller = Annotated[str, Field(min_length=1, max_length=35, pattern=r"^(anonymous|[+*#0-9A-Za-z() ./-]+\*?)$")]


class Forwarding(Shape):
    """Sends calls on to another number."""

    enabled: bool = Field(False, description="Whether calls are forwarded.")
    number: str | None = Field(None, max_length=35, description="Where to: a number or an extension.")
    substitute: bool = Field(True, description="Ring the number instead of the phone, not beside it.")
    require_keypress: bool = Field(True, description="Connect only once the answering person pressed 1.")
    keep_caller_id: bool = Field(True, description="Show the original caller, not the one who forwards.")
    direct_calls_only: bool = Field(False, description="Do not forward calls to a group the phone is in.")
    ignore_early_media: bool = Field(True, description="Keep the caller from hearing what the number plays.")


class SelectiveRule(Forwarding):
    """Forwards some callers, at some times. Whatever is not named holds for all of them."""

    enabled: bool = Field(True, description="Whether the rule is used.")
    name: str | None = Field(None, max_length=128, description="A friendly name.")
    callers: list[Caller] = Field(
        default_factory=list,
        max_length=200,
        description="Numbers of callers; `+49*` stands for all that begin so, `anonymous` for those without a number.",
    )
    lists: list[str] = Field(
        default_factory=list, max_length=20, description="Ids of lists: callers that are on any of them."
    )
    match_list_id: str | None = Field(None, max_length=128, description="The id of one more such list.")
    schedules: list[str] = Field(
        default_factory=list, max_length=20, description="Ids of temporal rules: the times at which any of them holds."
    )


class Selective(Shape):
    """Forwarding by caller and time. The first rule that fits is used, before every other kind of forwarding."""

    enabled: bool = Field(True, description="Whether the rules are used.")
    rules: list[SelectiveRule] = Field(default_factory=list, max_length=50, description="Tried in this order.")


class CallForward(Forwarding):
    """Where calls go instead. The fields of this group itself forward every call, as `unconditional` does.

    `busy` is used where the phone is busy, refuses or does not disturb, `no_answer` where it rang in vain,
    `unreachable` where no phone is registered or none can be reached. Busy and no answer are told of calls meant for
    this endpoint; a group goes on with its other members.
    """

    failover: bool = Field(False, description="Forward even while `enabled` is off, when no phone is registered.")
    unconditional: Forwarding | None = Field(None, description="Forward every call.")
    busy: Forwarding | None = Field(None, description="Forward where the phone is busy.")
    no_answer: Forwarding | None = Field(None, description="Forward where nobody answers.")
    unreachable: Forwarding | None = Field(None, description="Forward where no phone can be reached.")
    selective: Selective | None = Field(None, description="Forward some callers, at some times.")


class Restriction(Shape):
    action: Literal["inherit", "deny", "allow"] | None = Field(
        None, description="`deny` refuses calls of this class, `allow` on a user lifts his devices' refusal."
    )


class OnOff(Shape):
    enabled: bool | None = Field(None, description="Whether it is on.")


class ContactList(Shape):
    exclude: bool | None = Field(None, description="Leave this entry out of the contact list phones download.")


class Codecs(Shape):
    codecs: list[Annotated[str, Field(max_length=32)]] | None = Field(
        None, description="Codecs to offer, best first (`PCMU`, `OPUS`, `H264` …)."
    )


class Encryption(Shape):
    enforce_security: bool = Field(False, description="Refuse calls whose media cannot be encrypted.")
    methods: list[Literal["zrtp", "srtp"]] = Field(default_factory=list, description="How media may be encrypted.")


class Media(Shape):
    """What is offered in the SDP."""

    audio: Codecs = Field(default_factory=Codecs)
    video: Codecs = Field(default_factory=Codecs)
    encryption: Encryption = Field(default_factory=Encryption)
    bypass_media: bool | Literal["auto"] | None = Field(
        None,
        description="Let the voices of calls to it flow past the switch. Not while a call is recorded, or somebody's "
        "keys do something in it.",
    )
    fax_option: bool | None = Field(None, description="Offer T.38 for faxes.")
    ignore_early_media: bool | None = Field(None, description="Ignore what is played before the answer.")
    progress_timeout: int | None = Field(None, ge=0, description="How long to wait for a sign of ringing. Seconds.")


class Endpoint(Shape):
    """What a user and a device both have."""

    enabled: bool = Field(True, description="A disabled one neither registers, calls nor is rung.")
    call_forward: CallForward | None = None
    call_recording: CallRecording | None = None
    call_restriction: dict[str, Restriction] = Field(
        default_factory=dict, description="What may not be dialled, by class of number (`international` …)."
    )
    call_waiting: OnOff | None = None
    caller_id: CallerIds | None = Field(None, description="The identity shown to callees.")
    caller_id_options: CallerIdOptions | None = None
    contact_list: ContactList = Field(default_factory=ContactList)
    dial_plan: Annotated[dict[str, Any] | None, AfterValidator(_dial_plan)] = Field(
        None, description="Rewrites what is dialled: a regular expression to `{prefix, suffix, description}`."
    )
    do_not_disturb: OnOff | None = None
    flags: Flags | None = Field(None, description="Marks set by other applications.")
    formatters: Annotated[dict[str, Any] | None, AfterValidator(_formatters)] = Field(
        None, description="Rewrites what is dialled: rules `{regex, prefix, suffix, value}` by `to` or `request`."
    )
    language: Annotated[Language | None, BlankIsAbsent] = Field(None, description="Of prompts.", examples=["en-us"])
    media: Media = Field(default_factory=Media)
    metaflows: dict[str, Any] | None = Field(None, description="What digits do during a call.")
    music_on_hold: MusicOnHold = Field(default_factory=MusicOnHold)
    presence_id: Annotated[PresenceId | None, BlankIsAbsent] = Field(
        None, description="The extension whose lamp shows the state of this one."
    )
    ringtones: Ringtones = Field(default_factory=Ringtones)
    timezone: Annotated[TimeZone | None, BlankIsAbsent] = Field(
        None, description="An IANA time zone, or `inherit` for the account's.", examples=["Europe/Berlin"]
    )
