"""The dialplan section: what happens with this call? One query, then the call is handed to the call server.

A call from a carrier's address reaches the account its number belongs to, if that is the account that owns the carrier
or one below it: the operator's carriers reach every number, a customer's own reach the customer's. A call from a phone
belongs to the account its credential named (the switch has authenticated it before it asks). The answer sets the call's
variables, exports them to the legs rung later, hands the call over to one of the call servers, and says what becomes of
it where none of them answers: 503, or what the account wants (`fallback`).
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.interfaces.freeswitch.fallback import Fallback, fallback_of
from apps.interfaces.freeswitch.markup import document, element
from apps.interfaces.freeswitch.store import DatabaseAway, Store
from apps.pbx.blocked_callers.models import ANONYMOUS
from apps.pbx.callflows.presenting import FEATURES, LOOKUP, PREPEND
from apps.pbx.callflows.progress import LONG_PAUSE, SHORT_PAUSE
from apps.pbx.callflows.progress import VARIABLE as PROGRESS
from apps.pbx.lists.numbers import is_anonymous
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.orphans import RESUMES
from apps.switching.switches.translate import ROUTED

CARRIERS, PHONES = "public", "internal"
#: How often a lost call server is asked again, quickly at first.
SHORT_PAUSES, LONG_PAUSES = 12, 10
#: A value that the switch would not expand, split or cut.
_PLAIN = re.compile(r"[A-Za-z0-9_.@:+-]{1,128}")
_ENABLED = """
  account.enabled AND account.deleted IS NULL AND NOT EXISTS (
    SELECT 1 FROM accounts_account above WHERE above.id = ANY(account.ancestors) AND NOT above.enabled)
"""
#: What the account, or the nearest above it that says so, wants for callers when no call server can be reached.
_FALLBACK = """
  (SELECT jsonb_build_array(named.id, named.document -> 'call_server_fallback') FROM accounts_account named
    WHERE (named.id = account.id OR named.id = ANY(account.ancestors))
      AND jsonb_typeof(named.document -> 'call_server_fallback') = 'object'
    ORDER BY cardinality(named.ancestors) DESC LIMIT 1)
"""
#: Several accounts may use the same carrier: of the networks an address is in, the narrowest of those that reach the
#: dialled number is the one that counts.
FROM_CARRIER = f"""
SELECT trunk.source_type, trunk.source_id, trunk.reaches, number.number, number.callflow_id, number.state,
       number.prepends, number.looks_up,
       account.id AS account_id, {_ENABLED} AS enabled, blocked.number AS blocked,
       {_FALLBACK} AS fallback
  FROM (SELECT 1) AS one
  LEFT JOIN LATERAL (
    SELECT number, account_id, callflow_id, state, document -> 'prepend' ->> 'enabled' AS prepends,
           document -> 'cnam' ->> 'inbound_lookup' AS looks_up FROM numbers_phonenumber
     WHERE number = ANY(%(numbers)s) ORDER BY array_position(%(numbers)s, number::text) LIMIT 1) number ON true
  LEFT JOIN accounts_account called ON called.id = number.account_id
  LEFT JOIN LATERAL (
    SELECT address.source_type, address.source_id, address.account_id,
           address.source_type = 'trunk' OR owner.parent_id IS NULL
           OR coalesce(owner.id = called.id OR owner.id = ANY(called.ancestors), false) AS reaches
      FROM registrar_trunkaddress address JOIN accounts_account owner ON owner.id = address.account_id
     WHERE address.network >>= %(address)s::inet AND address.enabled
     ORDER BY reaches DESC, masklen(address.network) DESC, address.id LIMIT 1) trunk ON true
  LEFT JOIN accounts_account account
    ON account.id = CASE WHEN trunk.source_type = 'trunk' THEN trunk.account_id ELSE number.account_id END
  LEFT JOIN LATERAL (
    SELECT entry.number FROM blocked_callers_blockedcaller entry
     WHERE entry.account_id = account.id AND entry.number = ANY(%(callers)s) LIMIT 1) blocked ON true
"""  # noqa: S608 - no value in it
FROM_PHONE = f"""
SELECT account.id AS account_id, {_ENABLED} AS enabled, {_FALLBACK} AS fallback
  FROM accounts_account account WHERE account.id = %(account_id)s
"""  # noqa: S608 - no value in it
FROM_REALM = f"""
SELECT account.id AS account_id, {_ENABLED} AS enabled, {_FALLBACK} AS fallback
  FROM accounts_account account WHERE account.realm = %(realm)s
"""  # noqa: S608 - no value in it


@dataclass(frozen=True, slots=True)
class Refusal:
    """The SIP status a call is turned away with (RFC 3261 §21)."""

    status: str

    def actions(self) -> tuple[str, ...]:
        return (action("respond", self.status),)


#: 404 makes a carrier try no other route: the number does not exist here (Q.850 cause 1).
UNALLOCATED = Refusal("404 Not Found")
FORBIDDEN = Refusal("403 Forbidden")
DECLINED = Refusal("603 Decline")
#: RFC 5079: the caller may try again without hiding who he is.
ANONYMOUS_REFUSED = Refusal("433 Anonymity Disallowed")
UNAVAILABLE = Refusal("503 Service Unavailable")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call that is handled, with its variables. `fallback` is the account it is from and what that wants, or None."""

    variables: dict[str, str]
    fallback: Sequence[Any] | None


_turns = itertools.count(secrets.randbelow(1_000))


async def answer(fields: Mapping[str, str], store: Store, call_servers: Sequence[str]) -> bytes:
    """`call_servers` are `host:port` each, of which every call has another one first. Never raises: a call is answered
    at once, whatever happens."""
    context = fields.get("Hunt-Context") or fields.get("Caller-Context") or ""
    try:
        if context == CARRIERS:
            found = await _from_carrier(fields, store)
        else:
            found = await _from_account(context, fields, store)
    except DatabaseAway:
        found = UNAVAILABLE
    resumes = fields.get(f"variable_{RESUMES}") == "true"
    if isinstance(found, Refusal):
        actions = found.actions()
    else:
        fallback = await fallback_of(found.fallback)
        servers = in_turn(call_servers, next(_turns))
        actions = handing_over(found.variables, servers, fallback, resumes=resumes)
    extension = element("extension", element("condition", *actions), name="call")
    return document("dialplan", element("context", extension, name=context or "none"))


async def _from_carrier(fields: Mapping[str, str], store: Store) -> Accepted | Refusal:
    address, dialed = fields.get("variable_sip_network_ip", ""), _dialed(fields)
    if not _PLAIN.fullmatch(address):
        return FORBIDDEN
    row = await store.row(FROM_CARRIER, {"address": address, "numbers": spellings(dialed), "callers": callers(fields)})
    if row is None or row["source_id"] is None:
        return FORBIDDEN
    from_customer = row["source_type"] == "trunk"
    if row["account_id"] is None or not row["reaches"]:
        return UNALLOCATED
    if not from_customer and row["state"] not in PhoneNumber.ROUTABLE:
        return UNALLOCATED
    if not row["enabled"]:
        return DECLINED
    if row["blocked"] and not from_customer:
        return ANONYMOUS_REFUSED if row["blocked"] == ANONYMOUS else DECLINED
    variables = {
        "account_id": row["account_id"],
        "authorizing_id": row["source_id"],
        "authorizing_type": row["source_type"],
        "interaction_id": interaction_id(fields),
    }
    if from_customer:
        return Accepted(variables | {"call_kind": "internal"}, row["fallback"])
    inbound = {"call_kind": "inbound", "callflow_id": row["callflow_id"] or "", "dialed_number": row["number"]}
    wanted = ((PREPEND, row["prepends"]), (LOOKUP, row["looks_up"]))
    if features := ".".join(name for name, wish in wanted if wish == "true"):
        inbound[FEATURES] = features
    return Accepted(variables | inbound, row["fallback"])


async def _from_account(context: str, fields: Mapping[str, str], store: Store) -> Accepted | Refusal:
    """A call of a phone, or one that call handling dialled anew: its context is then the account's realm.

    A carrier's call comes here when somebody of the account has transferred it: from then on it is as one of their own.
    """
    if context == PHONES:
        account_id = fields.get("variable_account_id", "")
        if not _PLAIN.fullmatch(account_id):
            return FORBIDDEN
        row = await store.row(FROM_PHONE, {"account_id": account_id})
    else:
        row = await store.row(FROM_REALM, {"realm": context.lower()})
        if row is None:
            return FORBIDDEN
    if row is None or not row["enabled"]:
        return DECLINED
    kept = ("authorizing_id", "authorizing_type", "owner_id")
    variables = {
        "account_id": row["account_id"],
        "call_kind": "internal",
        "interaction_id": interaction_id(fields),
        **{name: fields.get(f"variable_{name}", "") for name in kept},
    }
    return Accepted(variables, row["fallback"])


def in_turn(call_servers: Sequence[str], turn: int) -> str:
    """All of them as the application `socket` takes them, in an order that begins with another one each turn.

    The switch tries them in this order until one accepts the connection (mod_event_socket.c, socket_function).
    """
    first = turn % len(call_servers)
    return "|".join((*call_servers[first:], *call_servers[:first]))


def handing_over(
    variables: Mapping[str, str], call_servers: str, fallback: Fallback | None = None, *, resumes: bool = False
) -> tuple[str, ...]:
    """Export the variables, announce whose call it is, hand the call over, and say what becomes of it where nobody
    takes it.

    A call that `resumes` is one whose call server was lost: it goes on where it was.
    """
    plain = {name: value for name, value in variables.items() if _PLAIN.fullmatch(value)}
    return (
        *(action("export", f"{name}={value}") for name, value in plain.items()),
        # Where a phone's REFER sends its caller. Not exported: a carrier's REFER must not send a phone about.
        action("set", f"force_transfer_context={PHONES}"),
        *((action("unset", RESUMES),) if resumes else _begins()),
        _socket(call_servers),
        *(again(call_servers) if fallback is None else _waiting(call_servers, fallback)),
        *UNAVAILABLE.actions(),
    )


def _socket(call_servers: str) -> str:
    return action("socket", f"{call_servers} async full")


def _begins() -> tuple[str, ...]:
    return (action("unset", PROGRESS), action("event", f"Event-Name=CUSTOM,Event-Subclass={ROUTED}"))


@cache
def again(call_servers: str) -> tuple[str, ...]:
    """What follows where the connection to the call server was lost: all are asked again, for about twenty seconds.

    The call server always ends a call itself, so that nothing of this is reached otherwise. The pauses are variables
    that it sets: a call no call server ever took is turned away at once, for its carrier may try elsewhere.
    """
    pauses = [SHORT_PAUSE] * SHORT_PAUSES + [LONG_PAUSE] * LONG_PAUSES
    return tuple(one for pause in pauses for one in (action("sleep", f"${{{pause}}}"), _socket(call_servers)))


def _waiting(call_servers: str, fallback: Fallback) -> tuple[str, ...]:
    """The same where something else than 503 is wanted: also a call no call server ever took waits so long."""
    return (
        # Whoever waits hears that something goes on.
        action("ring_ready", ""),
        *(one for pause in fallback.pauses for one in (action("sleep", str(pause)), _socket(call_servers))),
        *(action(application, data) for application, data in fallback.actions),
    )


def interaction_id(fields: Mapping[str, str]) -> str:
    """What ties the legs of a conversation together: `<Gregorian seconds>-<8 hex>`. A transferred one keeps its own."""
    return fields.get("variable_interaction_id") or f"{to_gregorian(now())}-{secrets.token_hex(4)}"


def spellings(dialed: str) -> list[str]:
    """E.164 forms of what a carrier put into the request URI, the likeliest first."""
    found = []
    for text in (dialed, "+" + dialed.lstrip("+")):
        try:
            found.append(str(to_e164(text)))
        except NotANumber:
            continue
    return list(dict.fromkeys([*found, dialed]))


def callers(fields: Mapping[str, str]) -> list[str]:
    """What a blacklist may have written for who calls: nothing of him where he hides it."""
    number = (fields.get("Hunt-Caller-ID-Number") or fields.get("Caller-Caller-ID-Number") or "")[:64]
    name = (fields.get("Hunt-Caller-ID-Name") or fields.get("Caller-Caller-ID-Name") or "")[:128]
    hidden = "true" in (fields.get("Hunt-Privacy-Hide-Number"), fields.get("Caller-Privacy-Hide-Number"))
    return [ANONYMOUS] if is_anonymous(number, name, hidden=hidden) else [*spellings(number), number.lower()]


def action(application: str, data: str) -> str:
    return element("action", application=application, data=data)


def _dialed(fields: Mapping[str, str]) -> str:
    return (fields.get("Hunt-Destination-Number") or fields.get("Caller-Destination-Number") or "")[:128]
