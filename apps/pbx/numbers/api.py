"""Phone numbers in the API: an account's own, and those on offer."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import ApiError, NotFound, ValidationFailed
from apps.foundation.crossbar.listing import page_of, parse_list_query
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, SystemResource, item_route, route
from apps.foundation.crossbar.validation import parse, parse_value
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.kit.clock import to_gregorian
from apps.pbx.callflows.api import EXPLANATION
from apps.pbx.callflows.api_documents import asking_of
from apps.pbx.callflows.explaining import Explanation, explain_call
from apps.pbx.numbers import queries
from apps.pbx.numbers.actions import (
    CREATED_BY_ANYBODY,
    CREATED_BY_RESELLERS,
    activate_number,
    create_number,
    fix_number,
    normalised,
    release_number,
    replace_number,
    reserve_number,
)
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.bulk import for_each
from apps.pbx.numbers.classifiers import classifiers_of, classify
from apps.pbx.numbers.documents import FEATURES_AVAILABLE, NumberList, PhoneNumberDocument, features_of, to_document
from apps.pbx.numbers.errors import NumberUnknown
from apps.pbx.numbers.localities import locality_of
from apps.pbx.numbers.models import PhoneNumber

MOST_FOUND = 500
EXAMPLE = {
    "id": "+15551230001",
    "state": "in_service",
    "used_by": "callflow",
    "features": ["local"],
    "_read_only": {"state": "in_service"},
}

_LOCALITY = {
    "+14155550100": {
        "number": "+14155550100",
        "e164_number": "+14155550100",
        "status": "success",
        "country": "US",
        "locality": {"locality": "California", "type": "FIXED_LINE_OR_MOBILE"},
        "geocode": {"locality": "California"},
        "timezones": ["America/Los_Angeles"],
    }
}


class NotInService(ApiError):
    """400: the number belongs to an account but takes no calls."""

    identifier = "client error"


def found_by_prefix(request: ApiRequest, account: Account) -> list[dict[str, Any]]:
    """`prefix` digits, `quantity` (1 to 500), `offset` and `country` of the query. Raises ValidationFailed."""
    prefix = request.query.get("prefix", "")
    if not prefix.removeprefix("+").isascii() or not prefix.removeprefix("+").isdigit():
        raise ValidationFailed.of("prefix", "pattern", _("Digits are wanted"), value=prefix)
    quantity = min(max(_count(request, "quantity", 10), 1), MOST_FOUND)
    offset = _count(request, "offset", 0)
    rows = queries.search(account, prefix, request.query.get("country", ""))[offset : offset + quantity]
    return [{"number": row.number, "e164": row.number, "state": row.state} for row in rows]


def _count(request: ApiRequest, name: str, default: int) -> int:
    value = parse_value(int, name, request.query.get(name, default))
    return min(max(int(value), 0), 1_000_000)


class PhoneNumberResource(AccountResource):
    """Phone numbers of the account, in E.164 (`%2B15551230001` in addresses; national digits are understood).

    A number is `in_service` once a callflow answers it or it was activated; `reserved` before. New numbers are put into
    the system by resellers and the operator; others take what is on offer above them.
    """

    path, model, shape = "phone_numbers", PhoneNumber, PhoneNumberDocument
    key, order, hex_ids = "number", "number", False
    actions = Actions(replace=replace_number, delete=release_number)
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN)

    def check_id(self, request: ApiRequest) -> None:
        """Any spelling of a number finds it."""
        number = as_number(request.id, home_region(request.account))
        if number is None:
            raise NotFound(request.id)
        request.id = number

    def document(self, instance: PhoneNumber) -> dict[str, Any]:
        return to_document(instance)

    def summarize(self, instance: PhoneNumber) -> Mapping[str, Any]:
        return {
            "number": instance.number,
            "state": instance.state,
            "features": features_of(instance),
            "features_available": list(FEATURES_AVAILABLE),
            "assigned_to": instance.account_id,
            **({"used_by": instance.used_by} if instance.used_by else {}),
            "created": to_gregorian(instance.created),
            "updated": to_gregorian(instance.modified),
        }

    def list(self, request: ApiRequest) -> Any:
        """The account's numbers, as an object by number. With `prefix`, numbers on offer that begin with it."""
        if "prefix" in request.query:
            return found_by_prefix(request, request.account)
        wants_csv = request.query.get("accept") == "csv" or "text/csv" in request.http.headers.get("Accept", "")
        if wants_csv or request.flag("is_chunked"):
            return self.listing(request)
        page = page_of(self.listing(request), parse_list_query(request.http.GET))
        rows = {row["number"]: {key: value for key, value in row.items() if key != "number"} for row in page.rows}
        keys = {"start_key": page.start_key, "next_start_key": page.next_start_key}
        envelope = {"page_size": len(rows), **{key: value for key, value in keys.items() if value}}
        return Answer({"numbers": rows, "cascade_quantity": 0}, envelope=envelope)

    @route("{id}", methods=("PUT",), shape=PhoneNumberDocument, example=EXAMPLE)
    def put(self, request: ApiRequest) -> Answer:
        """Give the account a number.

        A new one (resellers and the operator), or one that is on offer above (everybody). It is `reserved`, or in the
        state `create_with_state` says.
        """
        row = create_number(request.id, _body(request), request.principal)
        return self.created_number(request, row)

    @route("{id}/activate", methods=("PUT",), example=EXAMPLE)
    def activate(self, request: ApiRequest) -> Answer:
        """Put a number into service, taking it first where it is on offer."""
        row = activate_number(request.id, _body(request), request.principal)
        return self.created_number(request, row)

    @route("{id}/reserve", methods=("PUT",), example=EXAMPLE)
    def reserve(self, request: ApiRequest) -> Answer:
        """Keep a number without taking calls on it."""
        return self.created_number(request, reserve_number(request.id, request.principal))

    @route("{id}/port", methods=("PUT",), access=Access(write=Role.RESELLER_ADMIN), example=EXAMPLE)
    def port(self, request: ApiRequest) -> Answer:
        """Add a number that is being ported in; it takes calls as soon as they arrive."""
        document = {**_body(request), "create_with_state": "port_in"}
        return self.created_number(request, create_number(request.id, document, request.principal))

    @route("{id}/identify", methods=("GET",), example={"account_id": "0f1e…", "number": "+15551230001"})
    def identify(self, request: ApiRequest) -> Any:
        """Which account a number belongs to, among the caller's own and those below it."""
        self.check_id(request)
        return _identified(request.id, request.principal)

    @item_route("explain", methods=("GET",), access=Access(read=Role.ACCOUNT_ADMIN), example=EXPLANATION)
    def explain(self, request: ApiRequest, instance: PhoneNumber) -> dict[str, Any]:
        """What would happen with a call from a carrier to this number: every step, and why it is taken.

        `from`, `at`, `digits` as for `callflows/{id}/explain`.
        """
        asking = asking_of(request, instance.number)
        asking.destination, asking.call_kind = instance.number, "inbound"
        if instance.state not in PhoneNumber.ROUTABLE:
            verdict = _("The number is not in service: the caller hears that it does not exist (404)")
            return Explanation(verdict).as_document(asking)
        return explain_call(asking).as_document(asking)

    @route("collection", methods=("PUT",), shape=NumberList)
    def create_many(self, request: ApiRequest) -> Answer:
        """Give the account several numbers: all of them or none."""
        numbers, document = _several(request)
        done = for_each(numbers, lambda text: create_number(text, document, request.principal))
        return Answer(done, status=201)

    @route("collection", methods=("POST",), shape=NumberList)
    def replace_many(self, request: ApiRequest) -> Any:
        """Replace the public fields of several numbers: all of them or none."""
        numbers, document = _several(request)
        return for_each(numbers, lambda text: replace_number(self._own(request, text), document, request.principal))

    @route("collection", methods=("PATCH",), shape=NumberList)
    def patch_many(self, request: ApiRequest) -> Any:
        """Merge fields into several numbers: all of them or none."""
        from apps.foundation.crossbar.documents import merge

        numbers, document = _several(request)

        def change(text: str) -> PhoneNumber:
            row = self._own(request, text)
            return replace_number(row, merge(to_document(row), document), request.principal)

        return for_each(numbers, change)

    @route("collection", methods=("DELETE",), shape=NumberList)
    def release_many(self, request: ApiRequest) -> Any:
        """Give several numbers up: all of them or none."""
        numbers, _document = _several(request)
        hard = request.flag("hard")
        return for_each(numbers, lambda text: release_number(self._own(request, text), request.principal, hard=hard))

    @route("collection/activate", methods=("PUT",), shape=NumberList)
    def activate_many(self, request: ApiRequest) -> Answer:
        """Put several numbers into service: all of them or none."""
        numbers, document = _several(request)
        done = for_each(numbers, lambda text: activate_number(text, document, request.principal))
        return Answer(done, status=201)

    @route("check", methods=("POST",), shape=NumberList, example={"+15551230001": "success"})
    def check(self, request: ApiRequest) -> dict[str, str]:
        """Which numbers the account could be given: `success` or `error` for each."""
        numbers, _document = _several(request)
        region = home_region(request.account)
        spelled = {text: as_number(text, region) for text in numbers}
        may_create = request.principal.role >= Role.RESELLER_ADMIN
        found = queries.may_take(request.account, filter(None, spelled.values()), may_create=may_create)
        return {text: "success" if number and found[number] else "error" for text, number in spelled.items()}

    @route("fix", methods=("POST",), example={"+15551230001": {"state": "in_service", "used_by": "callflow"}})
    def fix_all(self, request: ApiRequest) -> dict[str, Any]:
        """Find out anew what answers each of the account's numbers. Answers all of them, as the list does."""
        rows = self.visible(request).select_for_update().order_by("number")
        return {"numbers": {row.number: self._row(fix_number(row, request.principal)) for row in rows}}

    @route("fix/{number}", methods=("POST",), example=EXAMPLE)
    def fix_one(self, request: ApiRequest) -> dict[str, Any]:
        """The same for one number."""
        return to_document(fix_number(self._own(request, request.arguments["number"]), request.principal))

    @route("locality", methods=("POST",), shape=NumberList, example=_LOCALITY)
    def locality(self, request: ApiRequest) -> dict[str, Any]:
        """Where in the world numbers are from, as their digits say: country, region or town, time zones."""
        numbers, _document = _several(request)
        return {text: locality_of(text, request.account) for text in numbers}

    @route("classifiers", methods=("GET",), example={"did_us": {"friendly_name": "US DID"}})
    def classifiers(self, request: ApiRequest) -> dict[str, Any]:
        """The classes of numbers that restrictions are set by."""
        return {one.name: one.to_document() for one in classifiers_of(request.account)}

    @route("classifiers/{number}", methods=("GET",), example={"name": "did_us", "e164": "+14155550100"})
    def classify(self, request: ApiRequest) -> dict[str, Any]:
        """The class of one number."""
        text = request.arguments["number"]
        number = as_number(text, home_region(request.account)) or text
        found = classify(number, classifiers_of(request.account))
        return {"number": text, "e164": number, "name": found.name, **found.to_document()}

    @route("carriers_info", methods=("GET",), example={"maximal_prefix_length": 15, "usable_carriers": ["local"]})
    def carriers_info(self, request: ApiRequest) -> dict[str, Any]:
        """What can be asked of the search for numbers, and the states a number may be created in."""
        is_reseller = request.principal.role >= Role.RESELLER_ADMIN
        states = CREATED_BY_RESELLERS if is_reseller else CREATED_BY_ANYBODY
        return {
            "maximal_prefix_length": 15,
            "usable_carriers": ["local"],
            "usable_creation_states": sorted(states),
        }

    def _row(self, row: PhoneNumber) -> dict[str, Any]:
        return {key: value for key, value in self.summarize(row).items() if key != "number"}

    def delete(self, request: ApiRequest, instance: PhoneNumber) -> Answer:
        """Give a number up: it goes on offer at the reseller above. `hard=true` takes it out of the system."""
        row = release_number(instance, request.principal, hard=request.flag("hard"))
        return Answer(to_document(row), revision=self.revision(row))

    def created_number(self, request: ApiRequest, row: PhoneNumber) -> Answer:
        place = f"/v2/accounts/{request.account.id}/phone_numbers/{row.number.replace('+', '%2B')}"
        return Answer(to_document(row), status=201, revision=self.revision(row), location=place)

    def _own(self, request: ApiRequest, text: str) -> PhoneNumber:
        number = normalised(text, request.account)
        row = self.visible(request).select_for_update().filter(number=number).first()
        if row is None:
            raise NumberUnknown(text)
        return row  # type: ignore[no-any-return]


class NumbersOnOffer(SystemResource):
    """Phone numbers that the caller's account could take."""

    path = "phone_numbers"
    access = Access(read=Role.USER, write=Role.OPERATOR)

    def list(self, request: ApiRequest) -> Any:
        """Numbers on offer that begin with `prefix`."""
        return found_by_prefix(request, Account.objects.get(id=request.principal.account_id))


def _body(request: ApiRequest) -> dict[str, Any]:
    from apps.foundation.crossbar.documents import body_of

    return body_of(request)


def _several(request: ApiRequest) -> tuple[list[str], dict[str, Any]]:
    """The numbers of a bulk request, and the document for each of them."""
    given = parse(NumberList, _body(request)).as_document()
    numbers = given.pop("numbers")
    return numbers, given


def _identified(number: str, principal: Principal) -> dict[str, Any]:
    row = PhoneNumber.objects.filter(number=number).first()
    owner = Account.objects.present().filter(id=row.account_id).first() if row else None
    if row is None or owner is None or not owner.is_within(principal.account_id):
        raise NotFound(_("The number could not be found"))
    if row.state not in PhoneNumber.ROUTABLE:
        raise NotInService({"account_id": owner.id, "cause": "not_in_service"})
    return {"account_id": owner.id, "number": row.number}
