"""What a click-to-call document looks like."""

from typing import Annotated, Any, Literal

from pydantic import Field

from apps.foundation.accounts.documents import MusicOnHold
from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.documents import Number, Pattern

#: Uses a minute where the document names no `throttle` and anybody may use it.
OPEN_THROTTLE = 10


class ClickMedia(Shape):
    ignore_early_media: bool | None = Field(None, description="Ignore what is played before the answer.")


class ClickToCallDocument(Shape):
    """Connects whoever visits a web page with an extension: the page sends the visitor's number."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name.")
    extension: Number = Field(description="Whom visitors are connected with: an extension or a number.")
    auth_required: bool = Field(True, description="Whether only administrators, by token or API key, may use it.")
    whitelist: list[Pattern] = Field(
        default_factory=list, max_length=100, description="Regular expressions: the only numbers it may call."
    )
    throttle: int | None = Field(None, ge=1, le=1000, description="How often it may be used in a minute.")
    dial_first: Literal["extension", "contact"] = Field("extension", description="Who rings first.")
    timeout: int = Field(30, ge=3, le=120, description="How long the first one rings. Seconds.")
    caller_id_number: str | None = Field(None, max_length=35, description="The number the second one is shown.")
    outbound_callee_id_name: str | None = Field(None, max_length=64, description="The name the first one is shown.")
    outbound_callee_id_number: str | None = Field(None, max_length=35, description="The number the first one is shown.")
    ringback: str | None = Field(
        None,
        max_length=2048,
        description="What the first one hears while the second rings: a media id, a prompt, a tone or a URL.",
    )
    presence_id: str | None = Field(None, max_length=128, description="The extension whose lamp shows the call.")
    custom_application_vars: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]+$")], str] = Field(
        default_factory=dict, description="Variables of the call, for applications."
    )
    custom_sip_headers: dict[str, Any] | None = Field(
        None, description="Extra SIP headers: `{in, out}` or the headers."
    )
    media: ClickMedia | None = None
    music_on_hold: MusicOnHold | None = None
