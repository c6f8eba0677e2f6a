"""What an API request can be answered with when it cannot be done: one class for each kind, with crossbar's words.

`message` is crossbar's fixed identifier, `data` holds the details. Anything that is not an `ApiError` becomes a 500.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

#: Dotted path of a field → rule → details ("message", "target", "value", "cause").
Violations = Mapping[str, Mapping[str, Mapping[str, Any]]]


class ApiError(Exception):
    """The base of all of them. `headers` are added to the answer."""

    status: ClassVar[int] = 400
    identifier: ClassVar[str] = "invalid data"

    def __init__(
        self, data: Any = None, *, message: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.message = message or self.identifier
        self.data = {"message": self.message.replace("_", " ")} if data is None else data
        self.headers = dict(headers or {})
        super().__init__(self.message)


class ValidationFailed(ApiError):
    """400. `violations` by dotted path: `{"name": {"required": {"message": "Field is required but missing"}}}`."""

    identifier = "validation error"

    def __init__(self, violations: Violations) -> None:
        self.violations = violations
        super().__init__({path: dict(rules) for path, rules in violations.items()})

    @classmethod
    def of(cls, path: str, rule: str, message: str, **details: Any) -> "ValidationFailed":
        """One broken rule of one field; `details` are `target`, `value`, `cause`."""
        return cls({path: {rule: {"message": message, **details}}})


class InvalidEnvelope(ApiError):
    """400: the body is JSON, but no object that holds `data`."""

    identifier = "invalid request envelope"


class Refused(ApiError):
    """400 with an identifier of the endpoint's own (`empty_tree_accounts_exist`, `disabled`, …)."""

    def __init__(self, identifier: str, cause: str = "") -> None:
        data = {"message": identifier.replace("_", " ")} | ({"cause": cause} if cause else {})
        super().__init__(data, message=identifier)


class Unauthenticated(ApiError):
    """401: no credential, or one that does not hold."""

    status = 401
    identifier = "invalid_credentials"


class AcceptCharges(ApiError):
    """402: `quote` says what the change costs; the client repeats it with `accept_charges: true`."""

    status = 402
    identifier = "accept charges"


class Forbidden(ApiError):
    """403. `cause` says which rule refused, as far as the caller may know."""

    status = 403
    identifier = "forbidden"

    def __init__(self, cause: str = "") -> None:
        super().__init__({"message": "forbidden"} | ({"cause": cause} if cause else {}))


class NotFound(ApiError):
    """404: an id that names nothing the caller may see."""

    status = 404
    identifier = "bad_identifier"

    def __init__(self, cause: str = "") -> None:
        super().__init__({"message": "bad identifier"} | ({"cause": cause} if cause else {}))


class FaultyRequest(ApiError):
    """404: no such address."""

    status = 404
    identifier = "faulty_request"


class MethodNotAllowed(ApiError):
    """405, with the verbs that are served in `Allow`."""

    status = 405
    identifier = "invalid_method"

    def __init__(self, verb: str, allowed: tuple[str, ...]) -> None:
        super().__init__({"message": "method not allowed", "cause": verb}, headers={"Allow": ", ".join(allowed)})


class NotAcceptable(ApiError):
    status = 406
    identifier = "not_acceptable"


class Conflict(ApiError):
    """409: somebody else changed it, something with that name is there, or something stands in the way.

    `identifier` is an endpoint's own (`account_has_descendants`); KAZOO answers 500 to some of those.
    """

    status = 409
    identifier = "datastore_conflict"

    def __init__(self, cause: str = "", *, identifier: str | None = None) -> None:
        text = (identifier or "conflicting documents").replace("_", " ")
        super().__init__({"message": text} | ({"cause": cause} if cause else {}), message=identifier)


class Gone(ApiError):
    status = 410
    identifier = "gone"


class PreconditionFailed(ApiError):
    """412: `If-Match` names a revision that is not the current one."""

    status = 412
    identifier = "precondition_failed"


class PayloadTooLarge(ApiError):
    """413. `limit` in bytes."""

    status = 413
    identifier = "payload"

    def __init__(self, limit: int, message: str = "") -> None:
        text = message or f"The body must not be more than {limit} bytes"
        super().__init__({"file": {"maxSize": {"message": text, "target": limit}}})


class UnsupportedMediaType(ApiError):
    status = 415
    identifier = "unsupported_media_type"


class RangeNotSatisfiable(ApiError):
    """416: no such bytes, or an answer too large to give in one piece."""

    status = 416
    identifier = "range_not_satisfiable"


class Locked(ApiError):
    """423: the account is disabled or expired. `violations` as in ValidationFailed."""

    status = 423
    identifier = "locked"


class TooManyRequests(ApiError):
    """429. `retry_after` in seconds."""

    status = 429
    identifier = "too_many_requests"

    def __init__(self, retry_after: int, cause: str = "") -> None:
        data = {"message": "too many requests"} | ({"cause": cause} if cause else {})
        super().__init__(data, headers={"Retry-After": str(retry_after)})


class Fault(ApiError):
    """500: our mistake. What went wrong is in the log under the request's id, never in the answer."""

    status = 500
    identifier = "unspecified_fault"


class NotImplementedHere(ApiError):
    status = 501
    identifier = "not_implemented"


class Unavailable(ApiError):
    """503: something this needs (a switch, the database) is away."""

    status = 503
    identifier = "datastore_unreachable"
