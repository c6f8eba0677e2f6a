"""Summaries and descriptions of operations, from the docstrings of resources and their methods."""

import inspect

from apps.foundation.crossbar.endpoints import Operation
from apps.foundation.crossbar.resource import Resource
from apps.foundation.identity.principal import Role

_ROLES = {
    Role.USER: "any user of the account",
    Role.ACCOUNT_ADMIN: "an administrator of the account or of one above it",
    Role.RESELLER_ADMIN: "an administrator of a reseller",
    Role.OPERATOR: "the operator",
}
_VERBS = {
    "list": "List {many}",
    "create": "Create {one}",
    "get": "Read {one}",
    "replace": "Replace {one}",
    "patch": "Change fields of {one}",
    "delete": "Delete {one}",
}


def about(resource: type[Resource]) -> str:
    return inspect.getdoc(resource) or ""


def singular(resource: type[Resource]) -> str:
    noun: str = getattr(resource.model, "document_type", "") or resource.path.removesuffix("s")
    return noun.replace("_", " ")


def summary(operation: Operation) -> str:
    if operation.sub_path is not None:
        return operation.sub_path.summary.rstrip(".")
    one = singular(operation.resource)
    article = "the" if operation.resource.singleton else "an" if one[:1] in "aeio" else "a"
    return _VERBS[operation.handler].format(many=operation.resource.path.replace("_", " "), one=f"{article} {one}")


def description(operation: Operation) -> str:
    own = inspect.getdoc(getattr(operation.resource, operation.handler)) or ""
    return "\n\n".join(part for part in (own, about(operation.resource), f"Allowed for {who(operation)}.") if part)


def who(operation: Operation) -> str:
    if operation.public:
        return "everybody, without a token"
    access = operation.access
    least = access.needs(operation.verb)
    own_rows = access.own is not None and (least is Role.USER or (access.own_write and operation.item))
    return _ROLES[least] + ("; a plain user reaches their own only" if own_rows else "")
