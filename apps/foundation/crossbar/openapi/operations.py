"""An OpenAPI operation for each verb of each endpoint."""

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry

from apps.foundation.crossbar.endpoints import Endpoint, Operation
from apps.foundation.crossbar.openapi import wording
from apps.foundation.crossbar.openapi.parameters import LIST_PARAMETERS, SOFT_DELETE, path_parameters
from apps.foundation.crossbar.openapi.schemas import (
    register_error,
    request_envelope,
    shape_reference,
    success_envelope,
)

_ERRORS = {
    400: "The request is wrong; `data` says which field, by which rule.",
    401: "No credential, or one that does not hold.",
    403: "Not allowed.",
    404: "No such address or id.",
    406: "No such representation.",
    409: "In conflict with what is there.",
    412: "`If-Match` names another revision.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read here.",
    416: "The range, or the answer, is too large.",
    423: "The account is disabled.",
    429: "The rate bucket is empty.",
    500: "Our mistake; quote the request id.",
    503: "Something this needs is away.",
}
_WRITES = ("PUT", "POST", "PATCH", "DELETE")
SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"bearer": []}, {"basic": []}]


class EndpointSchema(AutoSchema):
    """Reads everything from the view's endpoint."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        if path.startswith("/v2/account/"):
            return None  # the caller's own account by another name
        endpoint: Endpoint = self.view.endpoint  # type: ignore[attr-defined]
        operation = endpoint.operations[method]
        described: dict[str, Any] = {
            "operationId": operation_id(path, operation),
            "tags": [endpoint.resource.path],
            "summary": wording.summary(operation),
            "description": wording.description(operation),
            "parameters": _parameters(path, endpoint, operation),
            "security": [{}] if operation.public else SECURITY,
            "responses": _responses(operation, registry),
        }
        if (body := _request_body(operation, registry)) is not None:
            described["requestBody"] = body
        return described


def operation_id(path: str, operation: Operation) -> str:
    place = path.removeprefix("/v2/").replace("accounts/{account_id}/", "account/")
    return f"{operation.verb.lower()}_{re.sub(r'[^A-Za-z0-9]+', '_', place).strip('_')}"


def _parameters(path: str, endpoint: Endpoint, operation: Operation) -> list[dict[str, Any]]:
    found = path_parameters(path, endpoint)
    if _is_list(operation):
        found += LIST_PARAMETERS
    if operation.handler == "delete" and operation.sub_path is None:
        found.append(SOFT_DELETE)
    return found


def _is_list(operation: Operation) -> bool:
    return operation.handler == "list" and operation.sub_path is None


def _data_schema(operation: Operation, registry: ComponentRegistry) -> dict[str, Any]:
    if _is_list(operation):
        rows = {"items": {"type": "object"}} if operation.resource.model is not None else {}
        return {"type": ["array", "object"], **rows}
    if operation.sub_path is None and operation.resource.shape is not None:
        return shape_reference(operation.resource.shape, registry)
    return {"description": wording.summary(operation)}


def _responses(operation: Operation, registry: ComponentRegistry) -> dict[str, Any]:
    code = "201" if operation.handler == "create" and operation.sub_path is None else "200"
    envelope = success_envelope(_data_schema(operation, registry), paged=_is_list(operation))
    example = _answer_example(operation)
    content: dict[str, Any] = {"application/json": {"schema": envelope, "example": example}}
    if operation.sub_path is not None:
        code = "2XX"
        if operation.sub_path.produces != "application/json":
            content = {operation.sub_path.produces: {"schema": {"type": "string", "format": "binary"}}}
    if _is_list(operation):
        content["text/csv"] = {"schema": {"type": "string"}}
    error = register_error(registry)
    described = {code: {"description": wording.summary(operation), "content": content}}
    if operation.verb == "GET":
        described["304"] = {"description": "Not changed since the revision in `If-None-Match`."}
    for status, text in _ERRORS.items():
        if status in (412, 415) and operation.verb not in _WRITES:
            continue
        answer = {"schema": error, "example": _error_example(status, text)}
        described[str(status)] = {"description": text, "content": {"application/json": answer}}
    return described


def _answer_example(operation: Operation) -> dict[str, Any]:
    given = operation.sub_path.example if operation.sub_path else operation.resource.example
    data: Any = given if given is not None else {}
    if operation.sub_path is None and isinstance(data, dict):
        data = {"id": "4b1e0f5a6c7d4e8f9a0b1c2d3e4f5a6b", **data}
        if _is_list(operation):
            data = [{key: data[key] for key in operation.resource.summary if key in data}]
    return {"data": data, "status": "success", "request_id": "9d2c0e4fb1b94ce7a4dc43d2a4c7a5b1"}


def _error_example(status: int, text: str) -> dict[str, Any]:
    data: Any = {"message": text}
    if status == 400:
        data = {"name": {"required": {"message": "Field is required but missing"}}}
    kind = "fatal" if status >= 500 else "error"
    message = "validation error" if status == 400 else text
    return {"data": data, "status": kind, "error": str(status), "message": message, "request_id": "9d2c0e4fb1b94ce7"}


def _request_body(operation: Operation, registry: ComponentRegistry) -> dict[str, Any] | None:
    if operation.verb == "GET":
        return None
    if operation.raw:
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {"required": True, "content": {"application/octet-stream": binary, "application/base64": binary}}
    sub_path, data = operation.sub_path, {"type": "object"}
    example: Any = {} if sub_path else operation.resource.example or {}
    shape = sub_path.shape if sub_path else operation.resource.shape
    if shape is not None and operation.handler not in ("patch", "delete"):
        data = shape_reference(shape, registry)
    if operation.handler == "delete":
        example = {}
    envelope = {"schema": request_envelope(data), "example": {"data": example}}
    required = operation.verb in ("PUT", "POST", "PATCH") and shape is not None
    return {"required": required, "content": {"application/json": envelope}}
