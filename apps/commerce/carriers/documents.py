"""What a carrier's document looks like."""

import ipaddress
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.patterns import BadPattern, compile_pattern
from apps.switching.calls.dial_string import is_safe_text

#: The widest network of a carrier, by IP version: half the internet could send calls in. An account's own
#: administrators may give the narrower one: theirs is a carrier's rack, the operator's may be a carrier's whole range.
WIDEST = {4: 16, 6: 32}
WIDEST_OF_CUSTOMERS = {4: 24, 6: 64}


def _pattern(text: str) -> str:
    try:
        compile_pattern(text)
    except BadPattern as problem:
        raise PydanticCustomError("regex", _("Pattern refused: {why}"), {"why": str(problem)}) from None
    return text


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise PydanticCustomError("format", _("Neither an IP address nor a network (192.0.2.0/24)")) from None
    if network.prefixlen < WIDEST[network.version]:
        raise PydanticCustomError("format", _("The network is too wide to be one carrier's"))
    return str(network)


def _password(text: str) -> str:
    if " " in text or not is_safe_text(text):
        allowed = "a-z A-Z 0-9 ! # % & ( ) * + , - . / : ; = ? @ _ `"
        message = _("The switch cannot be given a password with such a character. Allowed are: {allowed}")
        raise PydanticCustomError("pattern", message, {"allowed": allowed})
    return text


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_blank_is_absent)
Rule = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_pattern)]
Network = Annotated[str, Field(max_length=64), AfterValidator(_network)]
#: What may stand before or after a number in a request URI.
Affix = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9+*#._\-]*$")]
Host = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+)$")]
Word = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9._@+\-]*$")]
Password = Annotated[str, AfterValidator(_password)]
Flag = Annotated[str, Field(min_length=1, max_length=128)]


class CarrierGateway(Shape):
    """One place calls are sent to."""

    server: Host = Field(description="Host name or address.", examples=["192.0.2.10"])
    port: int = Field(5060, ge=1, le=65535, description="The port SIP is spoken on.")
    enabled: bool = Field(True, description="Whether calls are sent there.")
    username: Annotated[Word | None, Blank] = Field(None, description="Answers the carrier's challenge.")
    password: Annotated[Password | None, Blank] = Field(
        None,
        max_length=32,
        description="Its password, kept encrypted and never returned; without it the old one stays.",
        json_schema_extra={"writeOnly": True},
    )
    realm: Annotated[Word | None, Blank] = Field(None, description="The realm of the challenge.")
    register_there: bool = Field(
        False,
        alias="register",
        description="Whether the switches register there with the username and password, so that its calls find them.",
    )
    expire_seconds: int = Field(600, ge=60, le=86400, description="How long a registration lasts. Seconds.")
    prefix: Affix | None = Field(None, description="Put before the number.")
    suffix: Affix | None = Field(None, description="Put after the number.")
    invite_format: Literal["route", "username", "e164", "npan", "1npan", "strip_plus"] = Field(
        "route", description="How the number is written; `route` is as the rule captured it."
    )
    transport: Literal["udp", "tcp", "tls"] | None = Field(None, description="How SIP is carried; UDP where absent.")
    caller_id_type: Literal["internal", "external", "emergency"] | None = Field(
        None, description="Which identity calls carry."
    )
    codecs: list[Annotated[str, Field(max_length=32)]] | None = Field(None, description="Codecs to offer, best first.")
    custom_sip_headers: dict[str, Any] | None = Field(None, description="Extra headers: `{out: {name: value}}`.")
    custom_sip_interface: Annotated[Word | None, Blank] = Field(None, description="The switch's SIP profile to use.")
    from_uri_realm: Annotated[Word | None, Blank] = Field(None, description="The host part of the From header.")
    progress_timeout: int | None = Field(
        None, ge=1, le=300, description="How long to wait for ringing before the next gateway. Seconds."
    )


class CarrierDocument(Shape):
    """A carrier: where calls to some numbers leave, and where its calls come from."""

    name: str = Field(min_length=1, max_length=128, description="A friendly name for the carrier.")
    enabled: bool = Field(True, description="Whether it is used.")
    weight_cost: int = Field(50, ge=0, le=100, description="The lowest is tried first.")
    rules: list[Rule] = Field(
        default_factory=list,
        max_length=100,
        description="Regular expressions over the dialled number in E.164; the first group is what is sent.",
        examples=[[r"^\+1(\d{10})$"]],
    )
    cid_rules: list[Rule] | None = Field(
        None, max_length=100, description="Regular expressions over the caller's number; one must match."
    )
    gateways: list[CarrierGateway] = Field(max_length=100, description="Where calls are sent, tried in this order.")
    gateway_strategy: Literal["sequential", "random"] | None = Field(None, description="The order of the gateways.")
    inbound_networks: list[Network] | None = Field(
        None,
        max_length=200,
        description="Networks its calls come from, besides gateways that are addresses.",
        examples=[["192.0.2.0/24"]],
    )
    emergency: bool = Field(False, description="Whether it is for emergency calls, and for nothing else.")
    flags: list[Flag] = Field(default_factory=list, max_length=100, description="Flags a call may ask for.")
    require_flags: bool | None = Field(None, description="Only for calls that ask for flags.")
    ignore_flags: bool | None = Field(None, description="For calls whatever flags they ask for.")
    from_uri_realm: Annotated[Word | None, Blank] = Field(None, description="The host part of the From header.")
    from_account_realm: bool = Field(False, description="Whether that is the account's realm.")
    caller_id_options: dict[str, Any] | None = Field(None, description="`{type}`: which identity calls carry.")
    classifiers: dict[str, Any] | None = Field(
        None, description="In place of `rules`, by class of number: `{enabled, regex, prefix, suffix, weight_cost}`."
    )
    formatters: dict[str, Any] | None = Field(
        None,
        description="Rules that rewrite what calls say, `{regex, prefix, suffix, value, strip}`, by `request`, "
        "`caller_id_number` or `caller_id_name`.",
    )
    grace_period: int = Field(
        5, ge=1, le=20, description="How long a failing gateway is tried after all others. Seconds."
    )
    media: dict[str, Any] | None = Field(None, description="`{audio: {codecs}, video: {codecs}}` of gateways without.")
