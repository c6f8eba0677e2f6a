"""Which gateways a call may leave through, in the order they are to be tried."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from apps.commerce.carriers.formatting import NUMBER, formatted
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope, current_account_id
from apps.foundation.kit.patterns import BadPattern, search

DEFAULT_PROFILE = "external"


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """One way out: `uri` is to be dialled on the switch's SIP `profile`, with `variables` on the leg.

    `account_id` is whose carrier it is, `gateway` the host and port. `progress_timeout` in seconds, None for the
    switch's own; `grace_period` how long it is left alone after a failure. `caller_id_type` says which identity the
    call is to carry, `formatters` and `invite_format` how that is written.
    """

    resource_id: str
    resource_name: str
    account_id: str
    uri: str
    number: str
    profile: str = DEFAULT_PROFILE
    caller_id_type: str = "external"
    progress_timeout: int | None = None
    emergency: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    gateway: str = ""
    grace_period: int = 5
    formatters: Mapping[str, Any] = field(default_factory=dict)
    invite_format: str = "route"


def select_gateways(
    e164: str,
    *,
    flags: Iterable[str] = (),
    caller_id_number: str = "",
    emergency: bool = False,
    include_global: bool = True,
    include_local: bool = True,
    hunt_account_id: str = "",
    classifier: str = "",
) -> list[GatewayRoute]:
    """The ways out for the scope's account: its own carriers first, then those of each account above, the operator's
    last; at each level the lowest `weight_cost` first. One query for each schema among those accounts.

    Without `include_local` only the operator's are used, without `include_global` never those. `hunt_account_id` names
    the one account whose carriers are used, which is the scope's or one above it; of another there are none.

    `classifier` names the class of the number: a carrier with `classifiers` takes those it has enabled, in place of its
    rules.

    An emergency call may take any carrier of the line, those for emergencies first. Other calls never take those.
    """
    account = Account.objects.select_related("tenant").get(id=current_account_id())
    wanted = frozenset(flags)
    found: list[GatewayRoute] = []
    line = [account.id, *reversed(account.ancestors)]
    if not emergency:
        line = _chosen(line, include_global=include_global, include_local=include_local, hunt=hunt_account_id)
    for carriers in _by_account(line):
        usable = [one for one in carriers if _admits(one, wanted, caller_id_number, emergency)]
        order = partial(_order, emergency=emergency, classifier=classifier)
        for carrier in sorted(usable, key=order):
            found += _routes(carrier, e164, account.realm, classifier)
    return sorted(found, key=lambda route: not route.emergency) if emergency else found


def _chosen(line: list[str], *, include_global: bool, include_local: bool, hunt: str) -> list[str]:
    """`line` leads from the account up to the operator."""
    if not include_local:
        return line[-1:]
    if hunt:
        return [one for one in line if one == hunt]
    return line if include_global or len(line) == 1 else line[:-1]


def _by_account(line: list[str]) -> Iterator[list[CarrierResource]]:
    """The enabled carriers of each of these accounts, in this order."""
    accounts = Account.objects.select_related("tenant").in_bulk(line)
    carriers: dict[str, list[CarrierResource]] = {}
    read: set[str] = set()
    for account_id in line:
        schema = str(accounts[account_id].tenant.schema_name)
        if schema not in read:
            read.add(schema)
            with account_scope(accounts[account_id]):
                rows = CarrierResource.across_accounts.filter(account_id__in=line, deleted=None, enabled=True)
                for row in rows:
                    carriers.setdefault(row.account_id, []).append(row)
        yield carriers.get(account_id, [])


def _admits(carrier: CarrierResource, flags: frozenset[str], caller_id_number: str, emergency: bool) -> bool:
    document = carrier.document
    if carrier.emergency and not emergency:
        return False
    if document.get("require_flags") and not flags:
        return False
    if not document.get("ignore_flags") and not flags <= set(carrier.flags):
        return False
    cid_rules = document.get("cid_rules")
    return not cid_rules or _captured(cid_rules, caller_id_number) is not None


def _order(carrier: CarrierResource, *, emergency: bool, classifier: str) -> tuple[bool, int, str]:
    weight = _class_of(carrier, classifier).get("weight_cost")
    return emergency and not carrier.emergency, carrier.weight_cost if weight is None else int(weight), carrier.name


def _class_of(carrier: CarrierResource, classifier: str) -> Mapping[str, Any]:
    found = (carrier.document.get("classifiers") or {}).get(classifier)
    return found if isinstance(found, Mapping) else {}


def _taken(carrier: CarrierResource, e164: str, classifier: str) -> str | None:
    """What of the number is sent, None where the carrier does not take it."""
    if not carrier.document.get("classifiers"):
        return _captured(carrier.rules, e164)
    wanted = _class_of(carrier, classifier)
    if not wanted or wanted.get("enabled") is False:
        return None
    captured = _captured([str(wanted["regex"])], e164) if wanted.get("regex") else e164
    return None if captured is None else f"{wanted.get('prefix') or ''}{captured}{wanted.get('suffix') or ''}"


def _routes(carrier: CarrierResource, e164: str, realm: str, classifier: str) -> list[GatewayRoute]:
    captured = _taken(carrier, e164, classifier)
    if captured is None:
        return []
    gateways = [gateway for gateway in carrier.gateways if gateway.get("enabled", True)]
    if carrier.document.get("gateway_strategy") == "random":
        random.shuffle(gateways)
    return [_route(carrier, gateway, captured, e164, realm) for gateway in gateways]


def _captured(rules: Sequence[str], text: str) -> str | None:
    """What the first rule that matches captured: its first group, or all of it."""
    for rule in rules:
        try:
            match = search(rule, text)
        except BadPattern:
            continue
        if match is not None:
            return (match.group(1) or "") if match.re.groups else match.group()
    return None


def _route(carrier: CarrierResource, gateway: dict[str, Any], captured: str, e164: str, realm: str) -> GatewayRoute:
    formatters = carrier.document.get("formatters") or {}
    number = formatted(_written(gateway, captured, e164), NUMBER, formatters)
    server, port = gateway["server"], gateway.get("port", 5060)
    transport = f";transport={gateway['transport']}" if gateway.get("transport") else ""
    options = carrier.document.get("caller_id_options") or {}
    return GatewayRoute(
        resource_id=carrier.id,
        resource_name=carrier.name,
        account_id=carrier.account_id,
        uri=f"sip:{number}@{server}:{port}{transport}",
        number=number,
        profile=gateway.get("custom_sip_interface") or DEFAULT_PROFILE,
        caller_id_type=gateway.get("caller_id_type") or options.get("type") or "external",
        progress_timeout=gateway.get("progress_timeout"),
        emergency=carrier.emergency,
        variables=_variables(carrier, gateway, realm),
        gateway=f"{server}:{port}",
        grace_period=int(carrier.document.get("grace_period") or 5),
        formatters=formatters,
        invite_format=str(gateway.get("invite_format") or "route"),
    )


def _written(gateway: dict[str, Any], captured: str, e164: str) -> str:
    form = gateway.get("invite_format", "route")
    own = {"route": captured, "username": gateway.get("username") or captured}
    written = own[form] if form in own else in_format(form, e164)
    return f"{gateway.get('prefix') or ''}{written}{gateway.get('suffix') or ''}"


def in_format(form: str, e164: str) -> str:
    """The number as gateways of this `invite_format` want it; as it is where the format says nothing of numbers."""
    bare = e164.removeprefix("+")
    forms = {
        "e164": e164,
        "strip_plus": bare,
        "npan": bare.removeprefix("1"),
        "1npan": bare if bare.startswith("1") else f"1{bare}",
    }
    return forms.get(form, e164)


def _variables(carrier: CarrierResource, gateway: dict[str, Any], realm: str) -> dict[str, str]:
    """`authorizing_type` "resource" is how limits and call records know a leg to or from a carrier."""
    found = {"authorizing_id": carrier.id, "authorizing_type": "resource", "resource_id": carrier.id}
    from_host = gateway.get("from_uri_realm") or carrier.document.get("from_uri_realm")
    if carrier.document.get("from_account_realm"):
        from_host = realm
    if from_host:
        found["sip_invite_domain"] = str(from_host)
    if gateway.get("username"):
        found["sip_auth_username"] = str(gateway["username"])
        found["sip_auth_password"] = carrier.password_of(gateway)
    if codecs := gateway.get("codecs") or _codecs(carrier.document.get("media")):
        found["absolute_codec_string"] = ",".join(codecs)
    headers = gateway.get("custom_sip_headers") or {}
    outgoing = headers.get("out", headers)
    if isinstance(outgoing, dict):
        found |= {f"sip_h_{name}": str(text) for name, text in outgoing.items() if isinstance(text, str | int)}
    return found


def _codecs(media: object) -> list[str]:
    """`media` of a carrier, as devices have it: the codecs of its audio, then of its video."""
    kinds = [media.get(kind) for kind in ("audio", "video")] if isinstance(media, Mapping) else []
    listed = [kind.get("codecs") or [] if isinstance(kind, Mapping) else [] for kind in kinds]
    return [str(codec) for codecs in listed for codec in codecs] if listed and listed[0] else []
