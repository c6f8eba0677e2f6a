"""A resource is a noun of the API. It says only what is its own; the conventions live in this app.

    class MenuResource(AccountResource):
        \"""Menus a caller walks through by pressing digits.\"""

        path, model, shape = "menus", Menu, MenuDocument
        summary = ("id", "name", "flags")
        actions = Actions(create=create_menu, replace=replace_menu, delete=delete_menu)

Defining the class registers it. Its docstring is the description in OpenAPI and in the reference.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet

from apps.foundation.crossbar import conditional, documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Listing
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.shape import Shape
from apps.foundation.kit.ids import ID_PATTERN, MONTHLY_ID_PATTERN

Create = Callable[..., Any]
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Actions:
    """The writes of a resource; one that is None is not offered.

    `create(document, principal) -> instance`, `replace(instance, document, principal)`,
    `delete(instance, principal, *, hard=False)`. Documents come validated, defaults filled in.
    """

    create: Create | None = None
    replace: Create | None = None
    delete: Create | None = None


@dataclass(frozen=True, slots=True)
class SubPath:
    """A path below the collection or below an item, and the method of the resource that serves it."""

    path: str
    methods: tuple[str, ...]
    handler: str
    item: bool
    access: Access | None = None
    shape: type[Shape] | None = None
    raw: bool = False
    #: Whether all of a write is one transaction; without, the handler decides what stays where it refuses.
    atomic: bool = True
    produces: str = "application/json"
    summary: str = ""
    description: str = ""
    price: int = 1
    example: Any = None


def _sub_path(
    item: bool, path: str, methods: tuple[str, ...], options: Mapping[str, Any]
) -> Callable[[Handler], Handler]:
    def mark(handler: Handler) -> Handler:
        text = inspect.getdoc(handler) or ""
        first, _, rest = text.partition("\n")
        marks = getattr(handler, "crossbar_routes", [])
        marks.append(
            SubPath(
                path=path,
                methods=methods,
                handler=handler.__name__,
                item=item,
                summary=first or f"{path} of the resource",
                description=rest.strip() or first,
                **options,
            )
        )
        handler.crossbar_routes = marks  # type: ignore[attr-defined]
        return handler

    return mark


def route(path: str, methods: tuple[str, ...] = ("GET",), **options: Any) -> Callable[[Handler], Handler]:
    """Serve `<collection>/<path>` with this method: `def status(self, request) -> data | Answer | Listing | Binary`.

    `path` may hold placeholders (`{message_id}`, found in `request.arguments`). Options: `access` instead of the
    resource's, `shape` the body is validated with, `raw` for bodies that are a file, `atomic` False for writes that an
    error is not to undo, `produces` a media type, `price` in tokens of the rate bucket, `example` of the answer's data.
    The docstring's first line is the summary.
    """
    return _sub_path(False, path, methods, options)


def item_route(path: str, methods: tuple[str, ...] = ("GET",), **options: Any) -> Callable[[Handler], Handler]:
    """Serve `<item>/<path>` with this method, which gets the item too: `def sync(self, request, instance)`."""
    return _sub_path(True, path, methods, options)


class Resource:
    """What every resource has. Subclass `AccountResource`, `SystemResource` or `SingletonResource` instead."""

    #: The noun in the URL. A class without one is abstract.
    path: ClassVar[str] = ""
    model: ClassVar[type[Model] | None] = None
    shape: ClassVar[type[Shape] | None] = None
    #: Name under /v2/schemas; the path where empty.
    schema_name: ClassVar[str] = ""
    summary: ClassVar[tuple[str, ...]] = ("id", "name")
    actions: ClassVar[Actions] = Actions()
    access: ClassVar[Access] = Access()
    #: Nouns this is also served below, with the column that holds their id: `{"users": "owner_id"}`.
    parents: ClassVar[Mapping[str, str]] = {}
    #: Column list rows are ordered by; "-created" is newest first.
    order: ClassVar[str] = ""
    #: Time-ordered lists: the column that is bounded to 31 days.
    time_column: ClassVar[str | None] = None
    #: `{key}_from` and `{key}_to` of the query, Gregorian seconds, and their column.
    ranges: ClassVar[Mapping[str, str]] = {}
    #: Column the id in the URL is looked up by.
    key: ClassVar[str] = "id"
    #: Whether ids are 32 hex digits (or monthly); others are 404 without a query.
    hex_ids: ClassVar[bool] = True
    #: Tokens of the rate bucket by verb; 1 where not named.
    prices: ClassVar[Mapping[str, int]] = {}
    #: A document that can be PUT: shown in OpenAPI and in the reference, used by the contract tests.
    example: ClassVar[Any] = None
    #: Verbs that are not served although there is an action: "list", "get", "create", "replace", "patch", "delete".
    omits: ClassVar[tuple[str, ...]] = ()
    #: Media types an item is also given as, where the client asks for one (`request.accept` says which).
    also_produces: ClassVar[tuple[str, ...]] = ()
    singleton: ClassVar[bool] = False
    sub_paths: ClassVar[tuple[SubPath, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        found = [
            mark
            for name in dir(cls)
            if callable(handler := inspect.getattr_static(cls, name, None))
            for mark in getattr(handler, "crossbar_routes", ())
        ]
        cls.sub_paths = tuple(found)
        if cls.path:
            from apps.foundation.crossbar.registry import register

            register(cls)

    # Rows and documents: what a resource overrides where it differs.

    def rows(self, request: ApiRequest) -> "QuerySet[Any]":
        """Every row of the account in the URL. Documents are bounded by the scope, others by their `account_id`."""
        assert self.model is not None, f"{type(self).__name__} has no model: override rows()"
        return documents.rows_of(self.model, request)

    def visible(self, request: ApiRequest) -> "QuerySet[Any]":
        """The rows this caller may see below the nouns of the URL."""
        return documents.visible(self, request)

    def document(self, instance: Any) -> dict[str, Any]:
        """The whole public document."""
        found: dict[str, Any] = instance.to_document()
        return found

    def summarize(self, instance: Any) -> Mapping[str, Any]:
        """A row of a list: `summary`'s keys of the document."""
        document = self.document(instance)
        return {key: document[key] for key in self.summary if key in document}

    def prepare(self, instances: list[Any]) -> None:
        """Read what the summaries of a page need in one query, before they are made."""

    def revision(self, instance: Any) -> str | None:
        """What changes with every write of the row: the ETag."""
        return conditional.revision_of(instance)

    def find(self, request: ApiRequest) -> Any:
        """The item of the URL. Raises NotFound. A write locks its row until it is done."""
        return documents.find(self, request)

    def listing(self, request: ApiRequest) -> Listing:
        """The collection. `self.listing(request)` with other rows is what a sub-path's list returns."""
        return self.listing_of(self.visible(request))

    def listing_of(self, rows: "QuerySet[Any]", order: str = "") -> Listing:
        return Listing(
            rows,
            self.summarize,
            self.document,
            order=order or self.order or documents.default_order(rows.model),
            ranges=documents.ranges_of(self, rows.model),
            time_column=self.time_column,
            prepare=self.prepare,
        )

    def validate(self, request: ApiRequest, document: dict[str, Any], instance: Any = None) -> dict[str, Any]:
        """The document with its defaults. `instance` is what it replaces. Raises ValidationFailed."""
        return validated(self.shape, document) if self.shape else document

    # Verbs. A resource overrides one only where an action has another signature.

    def list(self, request: ApiRequest) -> Any:
        """The collection as summaries."""
        return self.listing(request)

    def get(self, request: ApiRequest, instance: Any) -> Any:
        """The whole document."""
        return Answer(self.document(instance), revision=self.revision(instance))

    def create(self, request: ApiRequest) -> Any:
        """Create from `data`."""
        assert self.actions.create is not None
        given = documents.with_parents(self, request, documents.body_of(request))
        instance = self.actions.create(self.validate(request, given), request.principal)
        return self.created(request, instance)

    def created(self, request: ApiRequest, instance: Any) -> Answer:
        """The 201 for a new row."""
        place = f"{request.http.path.rstrip('/')}/{getattr(instance, self.key)}"
        return Answer(self.document(instance), status=201, revision=self.revision(instance), location=place)

    def replace(self, request: ApiRequest, instance: Any) -> Any:
        """Replace every public field with `data`."""
        return self.store(request, instance, documents.body_of(request))

    def patch(self, request: ApiRequest, instance: Any) -> Any:
        """Merge `data` into the document; a null removes a key, a list is replaced whole."""
        merged = documents.merge(self.document(instance), documents.body_of(request))
        return self.store(request, instance, merged)

    def store(self, request: ApiRequest, instance: Any, document: dict[str, Any]) -> Any:
        """Validate a whole document and put it in the place of the instance's."""
        assert self.actions.replace is not None
        document = documents.without_read_only(document)
        documents.keep_fixed(self, request, self.document(instance), document)
        replaced = self.actions.replace(instance, self.validate(request, document, instance), request.principal)
        instance = replaced if isinstance(replaced, Model) else instance
        return Answer(self.document(instance), revision=self.revision(instance))

    def delete(self, request: ApiRequest, instance: Any) -> Any:
        """Delete: it stays for a while and can be restored, unless `should_soft_delete` is false."""
        assert self.actions.delete is not None
        document, revision = self.document(instance), self.revision(instance)
        self.actions.delete(instance, request.principal, hard=not request.flag("should_soft_delete", True))
        document["_read_only"] = {**document.get("_read_only", {}), "deleted": True}
        return Answer(document, revision=revision)

    def check_id(self, request: ApiRequest) -> None:
        """Raises NotFound for text that cannot be an id."""
        identifier = request.id
        shaped = ID_PATTERN.fullmatch(identifier) or MONTHLY_ID_PATTERN.fullmatch(identifier)
        if self.hex_ids and not shaped:
            raise NotFound(identifier)


class AccountResource(Resource):
    """Served below /v2/accounts/{account_id}/."""


class SystemResource(Resource):
    """Served as /v2/{path}, outside any account. `access` is asked of the caller's own role."""

    #: Also served below an account (`/v2/accounts/{account_id}/about`).
    in_accounts: ClassVar[bool] = False
    #: Whether its rows are the master account's: requests run in that account's scope.
    of_operator: ClassVar[bool] = False


class SingletonResource(AccountResource):
    """One document per account, without an id: GET, POST, PATCH (and PUT, DELETE where there are actions)."""

    singleton = True
