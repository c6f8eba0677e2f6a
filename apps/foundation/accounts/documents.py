"""What an account's document looks like, and how it is read from and written to its row."""

from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from apps.foundation.accounts.models import Account
from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import to_gregorian

#: Facts a client reads and, as user interfaces do, posts back: never taken over from a document.
READ_ONLY = (
    "billing_mode",
    "created",
    "id",
    "is_reseller",
    "notification_preference",
    "reseller_id",
    "superduper_admin",
    "trial_time_left",
    "wnm_allow_additions",
)


class CallerIdentity(Shape):
    name: str | None = Field(None, max_length=35, description="The name shown to the callee.")
    number: str | None = Field(None, max_length=35, description="The number shown to the callee.")


class AssertedIdentity(CallerIdentity):
    realm: str | None = Field(None, max_length=253, description="The domain of the asserted identity.")


class CallerIds(Shape):
    """Which identity calls carry, by where they go."""

    internal: CallerIdentity | None = Field(None, description="Calls inside the account.")
    external: CallerIdentity | None = Field(None, description="Calls that leave the account.")
    emergency: CallerIdentity | None = Field(None, description="Calls to emergency numbers.")
    asserted: AssertedIdentity | None = Field(
        None, description="The P-Asserted-Identity of calls that leave (RFC 3325)."
    )


class CallerIdOptions(Shape):
    outbound_privacy: Literal["full", "name", "number", "none"] | None = Field(
        None, description="What a call that leaves hides: name and number, either, or nothing."
    )
    format: dict[str, Any] | None = Field(
        None, description="How the caller's number is rewritten: `{regex, prefix, suffix}`, the first group is kept."
    )


class Restriction(Shape):
    action: Literal["inherit", "deny"] | None = Field(None, description="`deny` rejects every call of this kind.")


class Switchable(Shape):
    enabled: bool | None = Field(None, description="Whether it is on by default.")


class MusicOnHold(Shape):
    media_id: str | None = Field(None, max_length=2048, description="What a held party hears: a media id or a URL.")


class Preflow(Shape):
    always: str | None = Field(None, description="The id of a callflow to run before every other.")


class Ringtones(Shape):
    internal: str | None = Field(None, max_length=256, description="The Alert-Info header of internal calls.")
    external: str | None = Field(None, max_length=256, description="The Alert-Info header of calls from outside.")


class RecordingParameters(Shape):
    """How one kind of call is recorded."""

    enabled: bool | None = Field(None, description="Whether it is recorded.")
    format: Literal["mp3", "wav"] | None = Field(None, description="The file's format.")
    record_min_sec: int | None = Field(None, ge=0, description="Shorter recordings are dropped. Seconds.")
    record_on_answer: bool | None = Field(None, description="Begin when the call is answered.")
    record_on_bridge: bool | None = Field(None, description="Begin when the parties are connected.")
    record_sample_rate: int | None = Field(None, ge=8000, le=48000, description="Samples per second (Hz).")
    time_limit: int | None = Field(None, ge=5, le=10800, description="The longest recording. Seconds.")
    url: str | None = Field(None, max_length=2048, description="Where the file is sent as well. An http(s) address.")


class RecordingNetworks(Shape):
    any: RecordingParameters | None = Field(None, description="Every call.")
    onnet: RecordingParameters | None = Field(None, description="Calls inside the account.")
    offnet: RecordingParameters | None = Field(None, description="Calls from or to the outside.")


class CallRecording(Shape):
    any: RecordingNetworks | None = Field(None, description="Calls in both directions.")
    inbound: RecordingNetworks | None = Field(None, description="Calls to the endpoint.")
    outbound: RecordingNetworks | None = Field(None, description="Calls the endpoint makes.")


class AccountCallRecording(Shape):
    """What is recorded of every call of the account, and of every endpoint that says nothing of its own."""

    account: CallRecording | None = Field(None, description="Calls of the account.")
    endpoint: CallRecording | None = Field(None, description="Calls of its users and devices.")


class Speech(Shape):
    voice: str | None = Field(None, max_length=64, description="`female`, `male`, or a voice the engine has.")
    engine: str | None = Field(
        None, max_length=64, description="What speaks; the installation's where absent or not there."
    )


class CallServerFallback(Shape):
    """What the switch does with a caller by itself where no call server can be reached."""

    after: int = Field(20, ge=0, le=60, description="How long call servers are looked for before. Seconds.")
    number: str | None = Field(
        None,
        pattern=r"^\+\d{6,15}$",
        description="A number outside, in E.164, that callers are sent to through the carriers.",
        examples=["+13125550100"],
    )
    media: str | None = Field(
        None, min_length=1, max_length=32, description="The id of a sound that is played to callers before the end."
    )
    code: int | None = Field(
        None, ge=400, le=699, description="The SIP status a call is refused with in the end; absent: 503."
    )


class AccountDocument(Shape):
    """A tenant of the system: a reseller, a customer, or a branch of one."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the account.")
    realm: str | None = Field(
        None,
        min_length=4,
        max_length=253,
        pattern=r"^[.\w-]+$",
        description="The domain its phones register with, unique; made up where it is absent.",
        examples=["bakery.sip.example.com"],
    )
    enabled: bool = Field(True, description="Whether it can be used. Only an account above can change this.")
    language: str | None = Field(None, max_length=16, description="The language of its prompts.", examples=["en-us"])
    timezone: str | None = Field(None, max_length=64, description="An IANA time zone.", examples=["Europe/Berlin"])
    org: str | None = Field(None, description="The full legal name of the organization.")
    flags: list[str] | None = Field(None, description="Marks set by other applications.")
    block_anonymous_caller_id: bool | None = Field(
        None, description="Turn away callers from outside who hide their number (433)."
    )
    caller_id: CallerIds = Field(default_factory=CallerIds, description="The default caller identities.")
    caller_id_options: CallerIdOptions | None = None
    call_restriction: dict[str, Restriction] = Field(
        default_factory=dict, description="What is denied, by class of number (`international`, `tollfree_us` …)."
    )
    call_server_fallback: CallServerFallback | None = Field(
        None,
        description="What becomes of callers where no call server can be reached; absent: as the nearest account above "
        "says, else they are refused with 503.",
    )
    call_waiting: Switchable | None = None
    call_recording: AccountCallRecording | None = Field(
        None, description="What is recorded, for the account and endpoints."
    )
    classifiers: dict[str, Any] | None = Field(
        None, description="Classes of numbers by name, over the usual ones: `{regex, friendly_name, pretty_print}`."
    )
    default_emergency_cid_number: str | None = Field(
        None, max_length=35, description="Shown to emergency services where no number of the account is fit for it."
    )
    deny_invalid_emergency_cid: bool | None = Field(
        None, description="Refuse an emergency call for which no fit number is found."
    )
    dial_plan: dict[str, Any] = Field(default_factory=dict, description="Rules that rewrite dialled numbers.")
    ensure_valid_caller_id: bool | None = Field(
        None, description="Show only numbers of the account on calls that leave; accounts below inherit it."
    )
    ensure_valid_emergency_cid: bool | None = Field(
        None, description="Show emergency services only numbers with an emergency address."
    )
    prefer_device_caller_id: bool | None = Field(None, description="A device's caller identity wins over its user's.")
    do_not_disturb: Switchable | None = None
    formatters: dict[str, Any] | None = Field(None, description="Rules that rewrite request headers.")
    metaflows: dict[str, Any] | None = Field(None, description="What digits do during a call.")
    music_on_hold: MusicOnHold = Field(default_factory=MusicOnHold)
    preflow: Preflow = Field(default_factory=Preflow)
    recording_announcement: bool | None = Field(
        None, description="Tell callers that they are recorded before a recording begins."
    )
    recording_retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Recordings are deleted after so many days; absent: never."
    )
    ringtones: Ringtones = Field(default_factory=Ringtones)
    tts: Speech | None = Field(None, description="How prompts and texts are spoken.")
    voicemail: dict[str, Any] | None = None
    zones: dict[str, Any] | None = Field(None, description="Zones in order of preference.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("not a time zone of the IANA database")
        return zone


def to_document(account: Account) -> dict[str, Any]:
    """What a client reads: the public fields and the facts about the account."""
    public = {column: getattr(account, column) for column in Account.document_columns}
    return dict(account.document) | public | facts(account)


def facts(account: Account) -> dict[str, Any]:
    """The read-only fields. `reseller_id` of a reseller is the reseller above it, of the master account itself."""
    return {
        "id": account.id,
        "created": to_gregorian(account.created),
        "is_reseller": account.is_reseller,
        "reseller_id": account.reseller_above_id,
        "superduper_admin": account.is_master,
        "wnm_allow_additions": account.is_master,
        "billing_mode": "manual",
        "notification_preference": "teletype",
    }


def apply_document(account: Account, document: dict[str, Any]) -> None:
    """Take over a whole validated document, but for `realm` and `enabled`: actions check and announce those."""
    account.name = document["name"]
    account.language = document.get("language") or "en-us"
    account.timezone = document.get("timezone") or "UTC"
    known = {*Account.document_columns, *READ_ONLY}
    account.document = {key: value for key, value in document.items() if key not in known}
