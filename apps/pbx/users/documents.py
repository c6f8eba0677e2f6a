"""What a user's document looks like."""

from typing import Annotated, Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import BlankIsAbsent, EmailAddress, Endpoint

#: What a person without administrator's rights may change about himself.
OWN_FIELDS = frozenset({"call_forward", "current_password", "do_not_disturb", "language", "password", "timezone"})


class Hotdesk(Shape):
    """Using any phone as one's own."""

    enabled: bool = Field(False, description="Whether the user may log in to phones.")
    id: str | None = Field(None, max_length=15, description="The number keyed in to log in.")
    pin: str | None = Field(None, min_length=4, max_length=15, description="The PIN keyed in after it.")
    require_pin: bool = Field(False, description="Whether the PIN is asked for.")
    keep_logged_in_elsewhere: bool = Field(False, description="Stay logged in to the phones used before.")


class PronouncedName(Shape):
    media_id: str | None = Field(None, max_length=128, description="The recording of the name, for directories.")


class VoicemailCallback(Shape):
    """Calls that tell of new messages."""

    attempts: int | None = Field(None, ge=0, description="How often to try.")
    disabled: bool | None = Field(None, description="Whether none are made.")
    interval_s: int | None = Field(None, ge=0, description="Time between tries. Seconds.")
    number: str | None = Field(None, max_length=35, description="Whom to call.")
    schedule: list[int] | None = Field(None, description="Times between tries, one after the other. Seconds.")
    timeout_s: int | None = Field(None, ge=0, description="How long a try rings. Seconds.")


class VoicemailNotify(Shape):
    callback: VoicemailCallback | None = None


class UserVoicemail(Shape):
    notify: VoicemailNotify | None = None


class UserDocument(Endpoint):
    """A person: signs in, owns devices, and is reached by callflows on all of them."""

    first_name: str = Field(min_length=1, max_length=128, description="The first name.")
    last_name: str = Field(min_length=1, max_length=128, description="The last name.")
    username: Annotated[str | None, BlankIsAbsent] = Field(
        None,
        min_length=1,
        max_length=254,
        pattern=r"^[+@.\w-]+$",
        description="The name to sign in with, unique in the account; kept in lower case.",
    )
    password: Annotated[str | None, BlankIsAbsent] = Field(
        None,
        max_length=256,
        description="A new password. Never returned; without it the password stays.",
        json_schema_extra={"writeOnly": True},
    )
    current_password: str | None = Field(
        None,
        max_length=256,
        description="The password so far, asked of a person who changes his own.",
        json_schema_extra={"writeOnly": True},
    )
    email: Annotated[EmailAddress | None, BlankIsAbsent] = Field(None, description="The e-mail address.")
    priv_level: Literal["user", "admin"] = Field("user", description="`admin` manages the account.")
    require_password_update: bool = Field(False, description="Whether the password must be changed at the next login.")
    vm_to_email_enabled: bool = Field(True, description="Whether voicemail is mailed.")
    directories: dict[str, str] | None = Field(
        None, description="Where a call from a directory goes: callflow ids by directory id."
    )
    hotdesk: Hotdesk = Field(default_factory=Hotdesk)
    allow_anonymous_quickcalls: bool = Field(
        False, description="Let anybody who knows the user's id make the phones call a number, without signing in."
    )
    profile: dict[str, Any] | None = Field(None, description="Address, title, birthday and the like.")
    pronounced_name: PronouncedName | None = None
    voicemail: UserVoicemail | None = None
