from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import Field

from apps.commerce.carriers.formatting import CALLER_NAME, CALLER_NUMBER, formatted, matches_invite_format
from apps.commerce.carriers.queries import GatewayRoute, in_format, select_gateways
from apps.commerce.carriers.resting import let_rest, rested_first
from apps.commerce.limits.queries import may_start_call
from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.publishing import publish
from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.pbx.callflows.carrier_flags import FACTS, facts_of, outbound_flags
from apps.pbx.callflows.emergency import EmergencyCall, is_emergency, place_of
from apps.pbx.callflows.emergency_mails import tell_contacts
from apps.pbx.callflows.outgoing import Identity, outgoing_identity
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, stop
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, after_failure, ringback_of
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.queries import documents_of
from apps.pbx.endpoints.rules import Privacy
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.metaflows.listening import bridge
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.classifiers import classifiers_of, classify
from apps.switching.calls.dial_string import Contact, Leg, UnsafeValue, settable
from apps.switching.calls.port import BridgeRequest, Call, CallerId

logger = logging.getLogger(__name__)
#: The called party was reached: another carrier would only ring it again.
FINAL = ("USER_BUSY", "NO_ANSWER", "CALL_REJECTED", "UNALLOCATED_NUMBER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL")
#: The variable `caller_privacy`, which the verb `privacy` sets for its call.
_HIDDEN: dict[str, Privacy] = {"full": "full", "name": "name", "number": "number", "none": "none"}


class ResourcesData(VerbData):
    to_did: str = Field("", max_length=64, description="The number to dial, in place of the one that was dialled.")
    timeout: int = Field(60, ge=0, le=3600, description="Seconds each carrier may take until the answer.")
    use_local_resources: bool = Field(
        True, description="Try the carriers of the account and of those above it; else the operator's alone."
    )
    hunt_account_id: str = Field(
        "",
        pattern=r"^([0-9a-f]{32})?$",
        description="Only the carriers of this account, which is the caller's own or one above it.",
    )
    outbound_flags: list[str] = Field(
        default_factory=list,
        description="Only carriers that have all of these flags, and those that account, user and device ask for.",
    )
    dynamic_flags: list[str] = Field(
        default_factory=list,
        description=f"Flags taken from the call. Their names: {', '.join(FACTS)}. Others ask for nothing.",
    )
    caller_id_type: str = Field("external", max_length=32, description="Which identity to show: external or internal.")
    bypass_e164: bool = Field(False, description="Dial the number as it was dialled, not in E.164.")
    do_not_normalize: bool = Field(False, description="The same, by its other name.")
    ignore_early_media: bool = Field(False, description="Keep the caller from hearing the carrier before the answer.")
    ringback: str = Field("", max_length=2048, description="What the caller hears meanwhile: a tone or a URL.")
    custom_sip_headers: dict[str, Any] = Field(default_factory=dict, description="Extra SIP headers: name to value.")
    emit_account_id: bool = Field(False, description="Tell the carrier the account's id (X-Account-ID).")
    format_from_uri: bool = Field(False, description="Put the account's realm into From.")
    from_uri_realm: str = Field("", max_length=253, description="Put this realm into From.")


@dataclass(frozen=True, slots=True)
class WayOut:
    """What the database says about an outbound call; `refusal` says why it may not be made."""

    routes: tuple[GatewayRoute, ...] = ()
    identity: Identity = field(default_factory=Identity)
    realm: str = ""
    refusal: str = ""
    formatters: Mapping[str, Any] = field(default_factory=dict)


class DialOut(Verb[ResourcesData]):
    """Send the call out through the carriers, the account's own first, until one of them takes it."""

    Data = ResourcesData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"to_did": "+13125550100", "timeout": 30, "outbound_flags": ["premium"], "dynamic_flags": ["zone"]},
        {"use_local_resources": False},
    )

    async def run(self, call: Call, data: ResourcesData) -> Branch:
        way = await in_account(call.account_id, _way_out, _Asked.of(call, data), data)
        if way.refusal:
            return go_on("CALL_REJECTED", cause="CALL_REJECTED", why=way.refusal)
        if way.identity.denied:
            await call.pre_answer()
            await call.play(await sound(call, Prompt("stepswitch-emergency_not_configured")))
            return go_on("USER_BUSY", cause="USER_BUSY", why="no number the emergency services could call back")
        branch = go_on("NO_ROUTE_DESTINATION", cause="NO_ROUTE_DESTINATION", why="no carrier for this number")
        ringback = await ringback_of(call, data.ringback)
        for route in rested_first(way.routes):
            leg = _leg(call, data, way, route)
            if leg is None:
                continue
            result = await bridge(call, _request(call, data, way, route, leg, ringback))
            if result.answered:
                return stop(why=f"answered through {route.resource_name}")
            logger.info("call %s: carrier %s: %s", call.uuid, route.resource_name, result.cause)
            let_rest(route, result.cause)
            branch = after_failure(result)
            if result.cause in FINAL:
                break
        return branch


@dataclass(frozen=True, slots=True)
class _Asked:
    number: str
    interaction_id: str
    authorizing_id: str
    owner_id: str
    caller_id: CallerId
    keeps_caller_id: bool
    call_id: str = ""
    hidden: Privacy | None = None
    facts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, call: Call, data: ResourcesData) -> _Asked:
        """A caller id the flow chose is kept, so is a carrier's, and a forwarded caller's where he is to be seen."""
        variables = call.variables
        forwarded = variables.get("caller_id_kept") == "true"
        kept = variables.get("caller_id_chosen") == "true" or forwarded or call.call_kind == "inbound"
        return cls(
            number=data.to_did or call.destination,
            interaction_id=call.interaction_id,
            authorizing_id=call.authorizing_id,
            owner_id=call.owner_id,
            caller_id=call.caller_id,
            keeps_caller_id=kept,
            call_id=call.uuid,
            hidden=_HIDDEN.get(variables.get("caller_privacy", "")),
            facts=facts_of(call, data.to_did or call.destination),
        )


def _way_out(asked: _Asked, data: ResourcesData) -> WayOut:
    account = Account.objects.get(id=current_account_id())
    region = home_region(account)
    classifiers = classifiers_of(account)
    emergency = is_emergency(asked.number, region, classifiers)
    verdict = may_start_call("outbound", interaction_id=asked.interaction_id, emergency=emergency)
    if not verdict.allowed:
        return WayOut(refusal=f"the limit {verdict.reason} is reached")
    identity = outgoing_identity(
        account,
        asked.caller_id,
        kind=data.caller_id_type,
        authorizing_id=asked.authorizing_id,
        owner_id=asked.owner_id,
        keeps=asked.keeps_caller_id,
        hidden=asked.hidden,
        emergency=emergency,
    )
    if emergency:
        call = _emergency(account, asked, identity)
        publish(call)
        tell_contacts(call)
    routes = select_gateways(
        _written(asked.number, region, as_dialled=data.bypass_e164 or data.do_not_normalize or emergency),
        flags=_flags(account, asked, data),
        caller_id_number=identity.caller_id.number,
        emergency=emergency,
        include_local=data.use_local_resources,
        hunt_account_id=data.hunt_account_id,
        classifier=classify(as_number(asked.number, region) or asked.number, classifiers).name,
    )
    return WayOut(tuple(routes), identity, account.realm, formatters=account.document.get("formatters") or {})


def _flags(account: Account, asked: _Asked, data: ResourcesData) -> frozenset[str]:
    device = Device.objects.filter(id=asked.authorizing_id).first()
    documents = documents_of(account, device, asked.owner_id or asked.authorizing_id)
    return outbound_flags(data.outbound_flags, data.dynamic_flags, documents.values(), asked.facts, account)


def _emergency(account: Account, asked: _Asked, identity: Identity) -> EmergencyCall:
    place = place_of(account, identity.caller_id.number)
    return EmergencyCall(
        account_id=account.id,
        call_id=asked.call_id,
        dialled=asked.number,
        caller_id_name=identity.caller_id.name,
        caller_id_number=identity.caller_id.number,
        device_id=asked.authorizing_id,
        owner_id=asked.owner_id,
        denied=identity.denied,
        address=place.address,
        contacts=place.contacts,
    )


def _written(number: str, region: str, *, as_dialled: bool) -> str:
    try:
        return number if as_dialled else str(to_e164(number, region))
    except NotANumber:
        return number


def _leg(call: Call, data: ResourcesData, way: WayOut, route: GatewayRoute) -> Leg | None:
    headers = {f"sip_h_{name}": str(value) for name, value in data.custom_sip_headers.items()}
    if data.emit_account_id:
        headers["sip_h_X-Account-ID"] = call.account_id
    own = {**settable(headers.items()), **settable(way.identity.variables.items()), **route.variables}
    if realm := data.from_uri_realm or (way.realm if data.format_from_uri else ""):
        own["sip_invite_domain"] = realm
    if route.progress_timeout:
        own["progress_timeout"] = str(route.progress_timeout)
    leg = Leg(Contact(route.uri, route.profile), variables=own)
    try:
        str(leg)
    except UnsafeValue as error:
        logger.warning("call %s: carrier %s cannot be dialled: %s", call.uuid, route.resource_name, error)
        return None
    return leg


def _request(
    call: Call, data: ResourcesData, way: WayOut, route: GatewayRoute, leg: Leg, ringback: str
) -> BridgeRequest:
    return BridgeRequest(
        legs=(leg,),
        timeout=data.timeout or 60,
        ringback=ringback,
        ignore_early_media=data.ignore_early_media,
        caller_id=_written_for(route, way),
        variables={"interaction_id": call.interaction_id, "call_kind": "outbound"},
    )


def _written_for(route: GatewayRoute, way: WayOut) -> CallerId:
    """The caller as the account's formatters for calls that leave, and then the carrier's, write him."""
    name, number = way.identity.caller_id.name, way.identity.caller_id.number
    if matches_invite_format(route.formatters) and number.startswith("+"):
        number = in_format(route.invite_format, number)
    # The account's rules without a direction are for what its phones dial.
    for formatters, directions in ((way.formatters, ("outbound",)), (route.formatters, ("outbound", "both"))):
        name = formatted(name, CALLER_NAME, formatters, directions=directions)
        number = formatted(number, CALLER_NUMBER, formatters, directions=directions)
    return CallerId(name, number)
