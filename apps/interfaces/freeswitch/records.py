"""mod_json_cdr's record of a leg, read into a `FinishedLeg`. The only place that knows its names.

With `encode-values` every variable is percent-encoded; the callflow part is not. Values come from the network: what is
no UTF-8 is replaced, and a NUL, which a database cannot hold, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from apps.commerce.cdrs.legs import FinishedLeg, NotARecord
from apps.foundation.kit.ids import MONTHLY_ID_PATTERN


def read_record(body: bytes, node: str) -> FinishedLeg | None:
    """The leg, None for one of no account that nobody answered (a call we turned away). Raises NotARecord."""
    try:
        document = json.loads(body.decode("utf-8", "replace"))
        raw = document["variables"]
        variables = {str(name): _clean(unquote(str(value))) for name, value in raw.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NotARecord("it is not a JSON document with variables") from error
    if not variables.get("uuid"):
        raise NotARecord("it names no leg")
    leg = _leg(variables, _caller_profile(document), document, node)
    if not leg.account_id:
        if leg.answered is None:
            return None
        raise NotARecord("an answered leg of no account")
    return leg


def _leg(variables: Mapping[str, str], profile: Mapping[str, Any], document: Any, node: str) -> FinishedLeg:
    ended, started = _moment(variables, "end"), _moment(variables, "start")
    if started is None or ended is None:
        raise NotARecord("it does not say when the leg began and ended")
    get = variables.get
    return FinishedLeg(
        account_id=get("account_id", ""),
        switch=node,
        call_id=variables["uuid"],
        direction=get("direction", ""),
        started=started,
        ended=ended,
        answered=_moment(variables, "answer"),
        other_leg_call_id=_first(variables, "bridge_uuid", "last_bridge_to", "originating_leg_uuid", "signal_bond"),
        interaction_id=get("interaction_id", ""),
        call_kind=get("call_kind", ""),
        caller_id_name=_text(profile, "caller_id_name"),
        caller_id_number=_text(profile, "caller_id_number"),
        callee_id_name=_text(profile, "callee_id_name"),
        callee_id_number=_text(profile, "callee_id_number") or _text(profile, "destination_number"),
        dialed_number=get("dialed_number", "") or _text(profile, "destination_number"),
        from_uri=get("sip_from_uri", ""),
        to_uri=get("sip_to_uri", ""),
        request_uri=get("sip_req_uri", ""),
        authorizing_id=get("authorizing_id", ""),
        authorizing_type=get("authorizing_type", ""),
        owner_id=get("owner_id", ""),
        callflow_id=get("callflow_id", ""),
        hangup_cause=get("hangup_cause", ""),
        hangup_code=_hangup_code(variables),
        details=_details(variables, document),
    )


def _details(variables: Mapping[str, str], document: Any) -> dict[str, Any]:
    found = {
        "user_agent": variables.get("sip_user_agent", ""),
        "codec": variables.get("read_codec", ""),
        "network_address": variables.get("sip_network_ip", ""),
        "sip_call_id": variables.get("sip_call_id", ""),
        "disposition": variables.get("sip_hangup_disposition", ""),
        "recording_id": variables.get("recording_id", ""),
        "resource_id": variables.get("resource_id", ""),
    }
    details: dict[str, Any] = {name: value for name, value in found.items() if value}
    named = variables.get("media_recordings", "").split(",")
    if recordings := [one for one in named if MONTHLY_ID_PATTERN.fullmatch(one)][:100]:
        details |= {"media_recordings": recordings, "recording_id": recordings[0]}
        if variables.get("recording_follow_transfer") == "true" and _has_transferred(variables):
            details["recorded_further"] = variables.get("last_bridge_to", "")
    try:
        details["mean_opinion_score"] = float(document["callStats"]["audio"]["inbound"]["mos"])
    except (LookupError, TypeError, ValueError):
        pass
    return details


def _has_transferred(variables: Mapping[str, str]) -> bool:
    """Whether the leg's phone has transferred its call (REFER)."""
    words = (variables.get("hangup_cause"), variables.get("endpoint_disposition"))
    return bool(variables.get("transfer_to")) or any(word in ("ATTENDED_TRANSFER", "BLIND_TRANSFER") for word in words)


def _hangup_code(variables: Mapping[str, str]) -> str:
    code = _first(variables, "proto_specific_hangup_cause", "last_bridge_proto_specific_hangup_cause")
    if code.startswith("sip:"):
        return code
    status = _first(variables, "sip_term_status", "sip_invite_failure_status")
    return f"sip:{status}" if status.isdigit() else ""


def _caller_profile(document: Any) -> dict[str, Any]:
    """The first profile: who called whom before any transfer changed it."""
    try:
        profile = document["callflow"][-1]["caller_profile"]
    except (LookupError, TypeError):
        return {}
    return profile if isinstance(profile, dict) else {}


def _text(profile: Mapping[str, Any], name: str) -> str:
    return _clean(unquote(str(profile.get(name) or "")))


def _first(variables: Mapping[str, str], *names: str) -> str:
    return next((variables[name] for name in names if variables.get(name)), "")


def _moment(variables: Mapping[str, str], name: str) -> datetime | None:
    text = variables.get(f"{name}_uepoch", "")
    if not text or text == "0":
        return None
    try:
        return datetime.fromtimestamp(int(text) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotARecord(f"{name}_uepoch is {text[:32]!r}") from error


def _clean(value: str) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode()
