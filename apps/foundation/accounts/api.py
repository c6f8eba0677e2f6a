"""The account tree in the API."""

from collections.abc import Mapping
from typing import Any

from apps.foundation.accounts import queries
from apps.foundation.accounts.actions import (
    create_account,
    delete_account,
    demote_reseller,
    move_account,
    promote_to_reseller,
    replace_account,
)
from apps.foundation.accounts.documents import AccountDocument, to_document
from apps.foundation.accounts.models import Account
from apps.foundation.crossbar import documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Listing
from apps.foundation.crossbar.errors import Forbidden, NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import Actions, SystemResource, item_route
from apps.foundation.documents.shape import Shape
from apps.foundation.identity.api_keys import ensure_api_key, rotate_api_key
from apps.foundation.identity.principal import Role

_OPERATOR = Access(read=Role.OPERATOR, write=Role.OPERATOR)
_ADMINISTRATOR = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
_RESELLER = Access(read=Role.RESELLER_ADMIN, write=Role.RESELLER_ADMIN)
_ROW = {"id": "0f8ef4b2c1d64b6f9e3a5c7d9b1e2f30", "name": "Bakery"}


class MoveTarget(Shape):
    """Where an account goes."""

    to: str


class AccountResource(SystemResource):
    """Accounts: the operator's, resellers', their customers' and those customers' branches, in one tree."""

    path, model, shape = "accounts", Account, AccountDocument
    actions = Actions(create=create_account, replace=replace_account, delete=delete_account)
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN)
    omits = ("list",)
    example = {"name": "Bakery", "realm": "bakery.sip.example.com", "timezone": "Europe/Berlin", "language": "en-us"}

    def find(self, request: ApiRequest) -> Account:
        if request.verb == "GET":
            return request.account
        rows = Account.objects.select_related("tenant", "parent").present().select_for_update(of=("self",))
        found = rows.filter(id=request.account.id).first()
        if found is None:
            raise NotFound(request.id)
        return found

    def document(self, instance: Account) -> dict[str, Any]:
        return to_document(instance)

    def get(self, request: ApiRequest, instance: Account) -> Answer:
        """The account with the facts about it; `include_api_key=true` adds its key for an administrator."""
        document = self.document(instance)
        if request.flag("include_api_key") and request.principal.role >= Role.ACCOUNT_ADMIN:
            document["api_key"] = ensure_api_key(instance)
        return Answer(document, revision=self.revision(instance))

    def create(self, request: ApiRequest) -> Answer:
        """Create an account below the caller's own. `realm` is made up where it is absent."""
        parent = Account.objects.select_related("tenant").present().get(id=request.principal.account_id)
        return self._create_below(parent, request)

    @item_route("", methods=("PUT",), shape=AccountDocument, example={"id": _ROW["id"], "name": "Branch"})
    def create_child(self, request: ApiRequest, instance: Account) -> Answer:
        """Create an account below this one."""
        return self._create_below(instance, request)

    def _create_below(self, parent: Account, request: ApiRequest) -> Answer:
        document = self.validate(request, documents.body_of(request))
        account = create_account(parent, document, request.principal)
        place = f"/v2/accounts/{account.id}"
        return Answer(self.document(account), status=201, revision=self.revision(account), location=place)

    def store(self, request: ApiRequest, instance: Account, document: dict[str, Any]) -> Answer:
        validated = self.validate(request, documents.without_read_only(document), instance)
        if validated["enabled"] != instance.enabled and request.principal.account_id not in instance.ancestors:
            raise Forbidden("only an account above can enable or disable an account")
        account = replace_account(instance, validated, request.principal)
        return Answer(self.document(account), revision=self.revision(account))

    def delete(self, request: ApiRequest, instance: Account) -> Any:
        """Delete an account that has none below it. Only an account above can."""
        if request.principal.account_id not in instance.ancestors and not instance.is_master:
            raise Forbidden("only an account above can delete an account")
        return super().delete(request, instance)

    @item_route("children", access=_ADMINISTRATOR, example=[{**_ROW, "realm": "bakery.test", "descendants_count": 0}])
    def list_children(self, request: ApiRequest, instance: Account) -> Listing:
        """List the accounts directly below."""
        return _listing(queries.with_descendants_count(queries.children(instance)), _child)

    @item_route("descendants", access=_ADMINISTRATOR, example=[{**_ROW, "realm": "bakery.test", "tree": []}])
    def list_descendants(self, request: ApiRequest, instance: Account) -> Listing:
        """List the accounts below, at any depth. `tree` is the path from the master account."""
        return _listing(queries.descendants(instance), _descendant)

    @item_route("siblings", access=_ADMINISTRATOR, example=[_ROW])
    def list_siblings(self, request: ApiRequest, instance: Account) -> Listing:
        """List the accounts with the same parent.

        An account's own administrators do not see who else their reseller serves: only accounts above it do.
        """
        if request.principal.account_id not in instance.ancestors:
            raise Forbidden
        return _listing(queries.with_descendants_count(queries.siblings(instance)), _child)

    @item_route("parents", example=[_ROW])
    def list_parents(self, request: ApiRequest, instance: Account) -> list[dict[str, Any]]:
        """List the accounts above that the caller may see."""
        return _above(request, instance)

    @item_route("tree", example=[_ROW])
    def read_tree(self, request: ApiRequest, instance: Account) -> list[dict[str, Any]]:
        """The path from the caller's own account down to the parent."""
        return _above(request, instance)

    @item_route("api_key", access=_ADMINISTRATOR, example={"api_key": "3f0a…64 hex digits"})
    def read_key(self, request: ApiRequest, instance: Account) -> dict[str, str]:
        """Read the account's API key."""
        return {"api_key": ensure_api_key(instance)}

    @item_route("api_key", methods=("PUT",), access=_ADMINISTRATOR, example={"api_key": "3f0a…64 hex digits"})
    def rotate_key(self, request: ApiRequest, instance: Account) -> Answer:
        """Make a new API key; the old one stops at once."""
        return Answer({"api_key": rotate_api_key(instance, request.principal)}, status=201)

    @item_route("reseller", methods=("PUT",), access=_OPERATOR, example={"id": _ROW["id"], "is_reseller": True})
    def promote(self, request: ApiRequest, instance: Account) -> dict[str, Any]:
        """Make the account a reseller, with a schema of its own for itself and everything below it."""
        promote_to_reseller(instance, request.principal)
        return self._read_again(instance)

    @item_route("reseller", methods=("DELETE",), access=_OPERATOR, example={"id": _ROW["id"], "is_reseller": False})
    def demote(self, request: ApiRequest, instance: Account) -> dict[str, Any]:
        """Make the reseller a customer again. Refused while it has resellers below it."""
        demote_reseller(instance, request.principal)
        return self._read_again(instance)

    @item_route("move", methods=("POST",), access=_RESELLER, shape=MoveTarget, example={"id": _ROW["id"]})
    def move(self, request: ApiRequest, instance: Account) -> dict[str, Any]:
        """Put the account and everything below it under another account, `to`.

        Both must be below the caller's own account.
        """
        identifier = request.value("to")
        if not isinstance(identifier, str) or not identifier:
            raise ValidationFailed.of("to", "required", "Field is required but missing")
        target = Account.objects.select_related("tenant").present().filter(id=identifier).first()
        if target is None or not target.is_within(request.principal.account_id):
            raise ValidationFailed.of("to", "not_found", "No such account", cause=identifier)
        if request.principal.account_id not in instance.ancestors:
            raise Forbidden("only an account above can move an account")
        move_account(instance, target, request.principal)
        return self._read_again(instance)

    def _read_again(self, account: Account) -> dict[str, Any]:
        return self.document(Account.objects.select_related("tenant", "parent").get(id=account.id))


def _listing(rows: Any, summarize: Any) -> Listing:
    return Listing(rows, summarize, to_document, order="name", ranges={"created": "created", "modified": "modified"})


def _child(account: Account) -> Mapping[str, Any]:
    row = {"id": account.id, "name": account.name, "realm": account.realm}
    return row | {"descendants_count": getattr(account, "descendants_count", 0), "flags": _flags(account)}


def _descendant(account: Account) -> Mapping[str, Any]:
    row = {"id": account.id, "name": account.name, "realm": account.realm}
    return row | {"tree": account.ancestors, "flags": _flags(account)}


def _flags(account: Account) -> list[str]:
    flags: list[str] = account.document.get("flags") or []
    return flags


def _above(request: ApiRequest, account: Account) -> list[dict[str, Any]]:
    own = request.principal.account_id
    return [{"id": above.id, "name": above.name} for above in queries.parents(account) if above.is_within(own)]
