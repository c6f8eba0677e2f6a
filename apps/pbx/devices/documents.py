"""What a device's document looks like."""

import re
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import BlankIsAbsent, Endpoint, Identifier

#: What may stand in a SIP user name and in a realm without escaping in URIs, XML and the switch's commands.
SIP_USERNAME = r"^[A-Za-z0-9._+\-]+$"


def _mac_address(text: str) -> str:
    digits = re.sub(r"[:\-. ]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise PydanticCustomError("format", _("Not a MAC address: twelve hexadecimal digits"))
    return ":".join(re.findall("..", digits))


MacAddress = Annotated[str, AfterValidator(_mac_address)]
SipWord = Annotated[str, Field(max_length=253, pattern=r"^[^\s\x00-\x1f<>'\"{}\[\],|^]+$")]


class SipSettings(Shape):
    """How the device speaks SIP."""

    method: Literal["password", "ip"] = Field(
        "password", description="How it proves itself: a digest, or the address its calls come from."
    )
    username: Annotated[str | None, BlankIsAbsent] = Field(
        None,
        min_length=2,
        max_length=32,
        pattern=SIP_USERNAME,
        description="The name it registers with, unique in the realm; made up where it is absent.",
    )
    password: Annotated[str | None, BlankIsAbsent] = Field(
        None,
        min_length=5,
        max_length=32,
        description="The password of the digest; made up where it is absent, and kept encrypted.",
    )
    realm: str | None = Field(
        None, min_length=4, max_length=253, pattern=r"^[.\w-]+$", description="Ignored: the realm is the account's."
    )
    ip: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=45, description="The address of a device with method `ip`.", examples=["192.0.2.17"]
    )
    expire_seconds: int = Field(300, ge=30, le=86400, description="How long a registration holds. Seconds.")
    invite_format: Literal["contact", "username", "npan", "1npan", "e164", "route", "strip_plus"] = Field(
        "contact", description="What stands in the request URI of calls to it."
    )
    route: SipWord | None = Field(None, description="The URI to send calls to, where `invite_format` is `route`.")
    static_route: SipWord | None = Field(
        None, description="Where to send calls, whatever it registered: a host, or a whole SIP URI."
    )
    static_invite: SipWord | None = Field(None, description="The user part of the request URI.")
    number: str | None = Field(
        None, max_length=35, description="Stands in the request URI in place of what was dialled."
    )
    proxy: SipWord | None = Field(None, description="The proxy its calls go through.")
    transport: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=8, pattern=r"^[A-Za-z]+$", description="`udp`, `tcp` or `tls`."
    )
    custom_sip_interface: str | None = Field(None, max_length=64, description="The switch's SIP profile to use.")
    custom_sip_headers: dict[str, Any] | None = Field(
        None, description="Extra headers: `{in: {name: value}, out: {name: value}}`."
    )
    forward: SipWord | None = Field(None, description="The proxy its calls are sent to, `host:port`; before `proxy`.")
    ignore_completed_elsewhere: bool | None = Field(None, description="Show calls answered elsewhere as missed.")


class DeviceDocument(Endpoint):
    """A phone, or another thing that is rung: a softphone, a gateway, a cell phone calls are forwarded to."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the device.")
    device_type: str = Field(
        "sip_device",
        min_length=1,
        max_length=32,
        pattern=r"^\w+$",
        description="sip_device, softphone, smartphone, cellphone, landline, fax, ata, mobile, sip_uri …",
    )
    owner_id: Annotated[Identifier | None, BlankIsAbsent] = Field(None, description="The user whose device it is.")
    mac_address: Annotated[MacAddress | None, BlankIsAbsent] = Field(
        None, description="The phone's hardware address, unique in the cluster.", examples=["00:04:f2:ab:7e:fd"]
    )
    sip: SipSettings = Field(default_factory=lambda: SipSettings.model_validate({}))
    exclude_from_queues: bool = Field(False, description="Do not offer it calls from queues.")
    mwi_unsolicited_updates: bool = Field(True, description="Send message lamps without a subscription.")
    outbound_flags: list[str] | dict[str, list[str]] | None = Field(
        None, description="Flags a carrier must have: a list, or `{static, dynamic}`."
    )
    hotdesk: dict[str, Any] | None = Field(None, description="Who is logged in to it: `{users: {id: {}}}`.")
    mobile: dict[str, Any] | None = Field(None, description="The mobile number of a `mobile` device: `{mdn}`.")
    allow_anonymous_quickcalls: bool = Field(
        False, description="Let anybody who knows the device's id make it call a number, without signing in."
    )
