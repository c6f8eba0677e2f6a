"""The way of a request, in crossbar's order: rate limit, parse, known verb, authenticate, authorise, find, validate,
act, answer. Every resource goes this one way."""

import logging
import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import master_account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar import authorization, buckets, conditional, cors, credentials
from apps.foundation.crossbar.body import read_body
from apps.foundation.crossbar.endpoints import Endpoint, Operation
from apps.foundation.crossbar.envelope import Exchange, failure, json_response
from apps.foundation.crossbar.errors import (
    ApiError,
    FaultyRequest,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    ValidationFailed,
)
from apps.foundation.crossbar.rendering import negotiate, render
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.translation import as_api_error
from apps.foundation.identity.errors import NotAuthenticated
from apps.foundation.kit.ids import is_id, new_id

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_JSONP = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.]{0,63}")
_SLOWEST_REFILL = 10


def answer(request: HttpRequest, endpoint: Endpoint, captured: dict[str, str]) -> HttpResponseBase:
    """The response to a request at an endpoint; never raises."""
    exchange = begin(request)
    try:
        if request.method == "OPTIONS":
            return finish(exchange, cors.preflight(endpoint.verbs))
        return finish(exchange, _serve(exchange, endpoint, captured))
    except Exception as error:
        return finish(exchange, fail(exchange, error))


def begin(request: HttpRequest) -> Exchange:
    given = request.headers.get("X-Request-ID", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
    verb = "GET" if request.method == "HEAD" else str(request.method)
    jsonp = request.GET.get("jsonp", "")
    exchange = Exchange(request, request_id, request.META.get("REMOTE_ADDR", ""), verb)
    exchange.jsonp = jsonp if _JSONP.fullmatch(jsonp) else ""
    return exchange


def finish(exchange: Exchange, response: HttpResponseBase) -> HttpResponseBase:
    cors.allow_any_origin(response)
    response.headers["X-Request-ID"] = exchange.request_id
    for name, value in exchange.headers.items():
        response.headers[name] = value
    if response.status_code not in (200, 206) or not response.headers.get("Cache-Control"):
        response.headers.setdefault("Cache-Control", "no-cache, private")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def fail(exchange: Exchange, error: Exception) -> HttpResponse:
    told = as_api_error(error)
    if told.status >= 500:
        log.error("request %s failed", exchange.request_id, exc_info=error)
    response = json_response(exchange, failure(exchange, told), told.status)
    for name, value in told.headers.items():
        response.headers[name] = value
    return response


def unknown_address(request: HttpRequest) -> HttpResponseBase:
    """What every address that is none is answered with."""
    exchange = begin(request)
    if request.method == "OPTIONS":
        return finish(exchange, cors.preflight(()))
    return finish(exchange, fail(exchange, FaultyRequest({"message": "faulty request", "cause": "no such address"})))


def _serve(exchange: Exchange, endpoint: Endpoint, captured: dict[str, str]) -> HttpResponseBase:
    _check_address(exchange, captured)
    _pay(exchange, endpoint, captured.get("account_id", ""))
    raw = any(operation.raw for operation in endpoint.operations.values())
    body = read_body(exchange.http, raw=raw)
    exchange.verb = _tunnelled_verb(exchange, body.envelope)
    operation = endpoint.operations.get(exchange.verb)
    if operation is None:
        raise MethodNotAllowed(exchange.verb, endpoint.verbs)
    produces = operation.sub_path.produces if operation.sub_path else "application/json"
    also = operation.resource.also_produces if operation.item and operation.handler == "get" else ()
    negotiate(exchange, produces, lists=exchange.verb == "GET", also=also)
    caller = _identify(exchange, operation, body.envelope)
    account = _account(endpoint, captured, caller)
    parent_ids = {noun: captured[f"{noun}_id"] for noun in endpoint.parents}
    placed = {"account_id", "id", *(f"{noun}_id" for noun in endpoint.parents)}
    request = ApiRequest(
        http=exchange.http,
        verb=exchange.verb,
        request_id=exchange.request_id,
        client_ip=exchange.client_ip,
        identified=caller.principal if caller else None,
        of_account=account,
        data=body.data,
        envelope=body.envelope,
        query=exchange.http.GET.dict(),
        body=body.content,
        content_type=body.content_type,
        files=body.files,
        id=captured.get("id", captured.get("account_id", "") if endpoint.resource.path == "accounts" else ""),
        parent_ids=parent_ids,
        arguments={name: value for name, value in captured.items() if name not in placed},
        token=exchange.token,
        accept=exchange.accept,
    )
    authorization.authorize(request, operation, caller, account, _arguments(exchange, endpoint))
    with account_scope(account) if account is not None else nullcontext():
        return _act(exchange, request, operation, account)


def _act(exchange: Exchange, request: ApiRequest, operation: Operation, account: Account | None) -> HttpResponseBase:
    resource = operation.resource()
    authorization.check_parents(resource, request)
    handler = getattr(resource, operation.handler)
    with _transaction(operation):
        if operation.item:
            instance = resource.find(request)
            authorization.check_own(request, operation, instance)
            if operation.verb != "GET":
                conditional.check_if_match(request.http, resource.revision(instance))
            outcome = handler(request, instance)
        else:
            outcome = handler(request)
        return render(exchange, outcome, account)


def _transaction(operation: Operation) -> AbstractContextManager[Any]:
    """A write to an item locks its row until it is done. What writes elsewhere (a failed login is noted) decides for
    itself."""
    stored = operation.item or operation.resource.actions.create is not None
    if operation.sub_path is not None and not operation.sub_path.atomic:
        stored = False
    return transaction.atomic() if operation.verb != "GET" and stored else nullcontext()


def _check_address(exchange: Exchange, captured: dict[str, str]) -> None:
    if any("\x00" in value for value in captured.values()):
        raise NotFound
    for name, value in exchange.http.GET.items():
        if "\x00" in name or "\x00" in str(value):
            raise ValidationFailed.of(name.replace("\x00", ""), "invalid", "Text must not hold the character NUL")
    exchange.http.GET  # noqa: B018 - an unreadable query string fails here and not half-way


def _pay(exchange: Exchange, endpoint: Endpoint, account_id: str) -> None:
    operation = endpoint.operations.get(exchange.verb)
    price = operation.price if operation else 1
    exchange.bucket = buckets.take(exchange.client_ip, account_id if is_id(account_id) else "", price)
    if not exchange.bucket.paid:
        raise TooManyRequests(max(1, -(-price // _SLOWEST_REFILL)), "the rate bucket is empty")


def _tunnelled_verb(exchange: Exchange, envelope: dict[str, Any]) -> str:
    """A POST may say that it means another verb."""
    if exchange.verb != "POST":
        return exchange.verb
    meant = exchange.http.GET.get("verb") or envelope.get("verb") or "POST"
    return str(meant).upper()


def _identify(exchange: Exchange, operation: Operation, envelope: dict[str, Any]) -> credentials.Caller | None:
    try:
        caller = credentials.identify(exchange.http, envelope, exchange.client_ip, exchange.request_id)
    except (NotAuthenticated, ApiError):
        if operation.public:
            return None
        raise
    if caller is None:
        if operation.public:
            return None
        raise Unauthenticated
    exchange.authenticated, exchange.token = True, caller.token
    return caller


def _account(endpoint: Endpoint, captured: dict[str, str], caller: credentials.Caller | None) -> Account | None:
    """The account of the address; `/v2/account/…` is the caller's own."""
    account_id = captured.get("account_id", "")
    if not endpoint.in_account:
        return master_account() if getattr(endpoint.resource, "of_operator", False) else None
    if not account_id:
        if caller is None:
            raise Unauthenticated
        account_id = caller.principal.account_id
    if not is_id(account_id):
        raise NotFound(account_id)
    if caller is not None and caller.account is not None and caller.account.id == account_id:
        return caller.account
    found = Account.objects.present().select_related("tenant").filter(id=account_id).first()
    if found is None:
        raise NotFound(account_id)
    return found


def _arguments(exchange: Exchange, endpoint: Endpoint) -> list[str]:
    """The path tokens after the noun, as token restrictions see them."""
    tokens = [token for token in exchange.http.path_info.split("/") if token]
    noun = endpoint.resource.path
    return tokens[len(tokens) - tokens[::-1].index(noun) :] if noun in tokens else []
