"""What a webhook's document looks like. Source: KAZOO's `webhooks` schema, with fields of our own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from apps.foundation.documents.shape import Shape

Small = BeforeValidator(lambda text: text.lower() if isinstance(text, str) else text)
#: How often one event is tried at once, and for how many hours after that.
RETRIES, MOST_RETRIES, RETRY_HOURS, MOST_RETRY_HOURS = 2, 4, 24, 72


class WebhookDocument(Shape):
    """A customer's URL that is told of events."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name.")
    uri: str = Field(
        min_length=8,
        max_length=2048,
        pattern=r"^https?://\S+$",
        description="Where the request goes. Addresses that are not public are refused.",
        examples=["https://crm.example.com/calls"],
    )
    hook: str = Field(
        min_length=1,
        max_length=64,
        description="The event: an id of `GET /v2/webhooks`.",
        examples=["object"],
    )
    http_verb: Annotated[Literal["get", "post", "put"], Small] = Field("post", description="The method of the request.")
    format: Literal["form-data", "json"] = Field(
        "form-data", description="How the body is written, with `post` and `put`."
    )
    retries: int = Field(
        RETRIES, ge=0, le=MOST_RETRIES, description="How often a request that failed is made again within seconds."
    )
    retry_hours: int = Field(
        RETRY_HOURS,
        ge=0,
        le=MOST_RETRY_HOURS,
        description="For how long it is tried again after that, with longer and longer pauses. 0 gives up, as KAZOO "
        "does. Hours.",
    )
    enabled: bool = Field(True, description="Whether it is called. Switched off by the system after many failures.")
    include_subaccounts: bool = Field(False, description="Whether it is told of events of the accounts below, too.")
    include_internal_legs: bool = Field(
        True, description="Whether channel events tell of legs that only connect one part of the system with another."
    )
    type: str | list[str] | None = Field(
        None, description="With `object` and `notifications`: only these types. Also understood in `custom_data`."
    )
    action: str | list[str] | None = Field(
        None, description="With `object`: only `doc_created`, `doc_edited` or `doc_deleted`. Also in `custom_data`."
    )
    custom_data: dict[str, Any] = Field(
        default_factory=dict, description="Laid over what is sent: fields of the same name are replaced."
    )
    disable_reason: str | None = Field(
        None, description="Why the system switched it off.", json_schema_extra={"readOnly": True}
    )


class ReenableDocument(Shape):
    """The body that switches paused webhooks on again."""

    re_enable: bool = Field(alias="re-enable", description="True: every webhook the system switched off is on again.")


class ReplayDocument(Shape):
    """Send again what was sent before."""

    action: Literal["replay"] = Field(description="`replay`.")
    since: int | None = Field(
        None, ge=0, description="Only what happened since then; without it everything that failed. Gregorian seconds."
    )
