"""Asking a customer's server what a call is to do: the request it gets, and its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.clock import now
from apps.foundation.kit.outbound import Limits, NotReachable, send
from apps.pbx.callflows.call_variables import DIGITS_PREFIX
from apps.pbx.pivot.models import PivotExchange
from apps.switching.calls.port import Call

if TYPE_CHECKING:
    import httpx

Language = Literal["kazoo", "twiml"]
#: Names KAZOO gives to what every request says, by the language of the answer.
NAMES: Mapping[Language, Mapping[str, str]] = {
    "kazoo": {
        "call_id": "Call-ID",
        "account_id": "Account-ID",
        "from": "From",
        "from_realm": "From-Realm",
        "to": "To",
        "to_realm": "To-Realm",
        "version": "Api-Version",
        "direction": "Direction",
        "caller_name": "Caller-ID-Name",
        "caller_number": "Caller-ID-Number",
        "owner_id": "User-ID",
        "language": "Language",
    },
    "twiml": {
        "call_id": "CallSid",
        "account_id": "AccountSid",
        "from": "From",
        "from_realm": "FromRealm",
        "to": "To",
        "to_realm": "ToRealm",
        "version": "ApiVersion",
        "direction": "Direction",
        "caller_name": "CallerName",
        "caller_number": "CallerNumber",
        "owner_id": "UserId",
        "language": "Language",
    },
}
VERSIONS: Mapping[Language, str] = {"kazoo": "2015-03-01", "twiml": "2010-04-01"}
LARGEST = 256 * 1024
#: Characters of a body that are kept to be looked at, and for how long.
KEPT, KEPT_FOR = 64 * 1024, timedelta(days=7)
_workers = ThreadPoolExecutor(max_workers=32, thread_name_prefix="pivot")


class NoAnswer(Exception):
    """The server did not say what to do; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `more` are parameters besides what every request says; `seconds` counts for all of it."""

    url: str
    method: str = "GET"
    as_json: bool = False
    language: Language = "kazoo"
    seconds: float = 5.0
    debug: bool = False
    iteration: int = 1
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """`exchange_id` is empty where nothing is kept of it."""

    url: str
    text: str
    content_type: str
    exchange_id: str = ""


async def ask(call: Call, question: Question) -> Reply:
    """Raises NoAnswer."""
    realm = await in_account(call.account_id, _realm)
    told = {**told_of(call, realm, question.language), **question.more}
    request = _request(question, told)
    loop = asyncio.get_running_loop()
    answer: httpx.Response | None = None
    error = ""
    try:
        answer = await loop.run_in_executor(_workers, lambda: _sent(request, question.seconds))
    except NotReachable as failure:
        error = str(failure)
    if answer is not None and not answer.is_success:
        error = f"the server answered {answer.status_code}"
    kept = ""
    if question.debug:
        kept = await in_account(
            call.account_id, _keep, call.uuid, call.switch, question.iteration, request, answer, error
        )
    if answer is None or error:
        raise NoAnswer(error)
    return Reply(str(answer.url), answer.text, answer.headers.get("content-type", ""), kept)


def told_of(call: Call, realm: str, language: Language) -> dict[str, str]:
    """What every request says of the call."""
    variables = call.variables
    known = {
        "call_id": call.uuid,
        "account_id": call.account_id,
        "from": call.original_caller_id.number,
        "from_realm": variables.get("sip_from_host", "") or realm,
        "to": call.destination,
        "to_realm": realm,
        "version": VERSIONS[language],
        "direction": "inbound",
        "caller_name": call.caller_id.name,
        "caller_number": call.caller_id.number,
        "owner_id": call.owner_id,
        "language": variables.get("default_language", ""),
    }
    told = {NAMES[language][name]: value for name, value in known.items() if value}
    for name, value in variables.items():
        if name.startswith(DIGITS_PREFIX) and value:
            told[f"Digits[{name.removeprefix(DIGITS_PREFIX)}]"] = value
    return told


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    body: str = ""
    content_type: str = ""


def _request(question: Question, told: Mapping[str, str]) -> _Request:
    if question.method.upper() == "POST":
        if question.as_json:
            return _Request("POST", question.url, json.dumps(dict(told)), "application/json")
        return _Request("POST", question.url, urlencode(told), "application/x-www-form-urlencoded")
    try:
        place = urlsplit(question.url)
        own = parse_qsl(place.query, keep_blank_values=True)
    except ValueError:
        return _Request("GET", question.url)
    return _Request("GET", urlunsplit(place._replace(query=urlencode([*own, *told.items()]), fragment="")))


def _sent(request: _Request, seconds: float) -> httpx.Response:
    headers = {"Content-Type": request.content_type} if request.content_type else {}
    limits = Limits(seconds=seconds, size=LARGEST, redirects=3)
    return send(request.method, request.url, content=request.body.encode(), headers=headers, limits=limits)


def _realm() -> str:
    return str(Account.objects.only("realm").get(id=current_account_id()).realm)


def _keep(call_id: str, node: str, iteration: int, request: _Request, answer: httpx.Response | None, error: str) -> str:
    PivotExchange.objects.filter(created__lt=now() - KEPT_FOR).delete()
    made = PivotExchange.objects.create(
        account_id=current_account_id(),
        call_id=call_id,
        iteration=iteration,
        node=node,
        method=request.method.lower(),
        uri=request.url[:8192],
        req_body=request.body[:KEPT],
        status_code=answer.status_code if answer is not None else None,
        resp_headers=dict(answer.headers) if answer is not None else {},
        resp_body=answer.text.replace("\x00", "")[:KEPT] if answer is not None else "",
        error=error[:512],
    )
    return str(made.id)


async def note_errors(call: Call, reply: Reply, errors: Mapping[str, Any]) -> None:
    """Keep what is wrong with a flow that came."""
    if reply.exchange_id and errors:
        await in_account(call.account_id, _note_errors, reply.exchange_id, dict(errors))


def _note_errors(exchange_id: str, errors: dict[str, Any]) -> None:
    PivotExchange.objects.filter(id=exchange_id).update(schema_errors=errors)
