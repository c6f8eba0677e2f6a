"""White labels in the API: an account's own for its administrators, any by its domain for visitors."""

from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.foundation.crossbar import documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Binary
from apps.foundation.crossbar.errors import Conflict, NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import Actions, SingletonResource, SystemResource, item_route, route
from apps.foundation.crossbar.translation import translate
from apps.foundation.crossbar.validation import parse
from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.foundation.white_label.actions import (
    Image,
    delete_white_label,
    read_welcome,
    replace_white_label,
    store_image,
    store_welcome,
)
from apps.foundation.white_label.documents import Domain, WhiteLabelDocument
from apps.foundation.white_label.domains import checked_records, wanted_records
from apps.foundation.white_label.errors import WhiteLabelError
from apps.foundation.white_label.images import content_type
from apps.foundation.white_label.models import WhiteLabel
from apps.foundation.white_label.queries import white_label_for_host

translate(WhiteLabelError, lambda error: ValidationFailed.of(error.field, error.rule, error.message))

_EXAMPLE = {"company_name": "Northwind Telecom", "domain": "phone.northwind.example", "color": "#0f766e"}


class WhiteLabelResource(SingletonResource):
    """The brand an account shows its customers: name, domain, colour, logo and icon."""

    path, model, shape = "whitelabel", WhiteLabel, WhiteLabelDocument
    actions = Actions(create=replace_white_label, replace=replace_white_label, delete=delete_white_label)
    access = Access(read=Role.USER, write=Role.ACCOUNT_ADMIN)
    example = _EXAMPLE

    def find(self, request: ApiRequest) -> WhiteLabel:
        rows = WhiteLabel.objects.filter(account_id=request.account.id)
        found = (rows if request.verb == "GET" else rows.select_for_update()).first()
        if found is None:
            raise NotFound(request.account.id)
        return found

    def create(self, request: ApiRequest) -> Answer:
        """Create the account's white label from `data`."""
        if WhiteLabel.objects.filter(account_id=request.account.id).exists():
            raise Conflict("the account has a white label: replace it with POST")
        document = self.validate(request, documents.body_of(request))
        made = replace_white_label(request.account, document, request.principal)
        return Answer(self.document(made), status=201, revision=self.revision(made), location=request.http.path)

    def store(self, request: ApiRequest, instance: WhiteLabel, document: dict[str, Any]) -> Answer:
        document = self.validate(request, documents.without_read_only(document), instance)
        stored = replace_white_label(request.account, document, request.principal)
        return Answer(self.document(stored), revision=self.revision(stored))

    def delete(self, request: ApiRequest, instance: WhiteLabel) -> Answer:
        """Back to the brand of the account above."""
        document = self.document(instance)
        delete_white_label(request.account, request.principal)
        return Answer(document | {"_read_only": {"deleted": True}})

    @item_route("logo", produces="image/png")
    def logo(self, request: ApiRequest, instance: WhiteLabel) -> Binary:
        """Download the logo."""
        return _image(instance, "logo")

    @item_route("icon", produces="image/png")
    def icon(self, request: ApiRequest, instance: WhiteLabel) -> Binary:
        """Download the icon."""
        return _image(instance, "icon")

    @route("logo", methods=("POST",), raw=True, example=_EXAMPLE)
    def upload_logo(self, request: ApiRequest) -> dict[str, Any]:
        """Upload the logo: PNG, JPEG, GIF or WebP of at most 1 MB, as it is or as a data URI."""
        return _store(request, "logo")

    @route("icon", methods=("POST",), raw=True, example=_EXAMPLE)
    def upload_icon(self, request: ApiRequest) -> dict[str, Any]:
        """Upload the icon shown by browsers: PNG, JPEG, GIF, WebP or ICO of at most 1 MB."""
        return _store(request, "icon")

    @route("welcome", produces="text/plain")
    def welcome(self, request: ApiRequest) -> Binary:
        """Download the text shown where people sign in."""
        return _welcome(self.find(request))

    @route("welcome", methods=("POST",), raw=True, example=_EXAMPLE)
    def upload_welcome(self, request: ApiRequest) -> dict[str, Any]:
        """Upload the text shown where people sign in: HTML of at most 64 kB. It is given out as plain text."""
        if not request.body:
            raise ValidationFailed.of("welcome", "required", "The body must be a text")
        return store_welcome(request.account, request.body, request.principal).to_document()

    @route("domains", methods=("GET",), example={"CNAME": {"phone.example.com": {"mapping": ["ours.example.net"]}}})
    def domains(self, request: ApiRequest) -> dict[str, Any]:
        """The DNS records that lead `domain` (the white label's where absent) here; one of them will do."""
        return wanted_records(self._domain(request))

    @route("domains", methods=("POST",), example={"CNAME": {"phone.example.com": {"expected": [], "actual": []}}})
    def check_domains(self, request: ApiRequest) -> dict[str, Any]:
        """Look in the DNS whether `domain` (the white label's where absent) leads here.

        Each record has what is `expected`, what is there (`actual`), and whether visitors reach us (`matches`).
        """
        return checked_records(self._domain(request))

    def _domain(self, request: ApiRequest) -> str:
        given = str(request.value("domain", "") or "").strip().lower()
        if not given:
            found = WhiteLabel.objects.filter(account_id=request.account.id).values_list("domain", flat=True).first()
            given = found or ""
        if not given:
            raise ValidationFailed.of("domain", "required", _("Field is required but missing"))
        return str(parse(_Domain, {"domain": given}).domain)


class _Domain(Shape):
    domain: Domain


class DomainWhiteLabelResource(SystemResource):
    """The white label of a domain, for visitors who have not signed in."""

    path, model, shape = "whitelabel", WhiteLabel, WhiteLabelDocument
    access = Access(public=("GET",))
    hex_ids = False
    omits = ("list",)
    example = _EXAMPLE

    def find(self, request: ApiRequest) -> WhiteLabel:
        found = white_label_for_host(request.id)
        if found is None:
            raise NotFound(request.id)
        return found

    @item_route("logo", produces="image/png")
    def logo(self, request: ApiRequest, instance: WhiteLabel) -> Binary:
        """Download the logo of a domain."""
        return _image(instance, "logo")

    @item_route("icon", produces="image/png")
    def icon(self, request: ApiRequest, instance: WhiteLabel) -> Binary:
        """Download the icon of a domain."""
        return _image(instance, "icon")

    @item_route("welcome", produces="text/plain")
    def welcome(self, request: ApiRequest, instance: WhiteLabel) -> Binary:
        """Download the text shown where people sign in at a domain."""
        return _welcome(instance)


def _image(white_label: WhiteLabel, image: Image) -> Binary:
    name: str = getattr(white_label, image)
    if not name or not default_storage.exists(name):
        raise NotFound(image)
    with default_storage.open(name) as stored:
        return Binary(stored.read(), content_type(name), revision=name.rpartition("/")[2])


def _welcome(white_label: WhiteLabel) -> Binary:
    text = read_welcome(white_label)
    if text is None:
        raise NotFound("welcome")
    # As HTML it would run in the address of whoever shows it to a visitor.
    return Binary(text, "text/plain; charset=utf-8")


def _store(request: ApiRequest, image: Image) -> dict[str, Any]:
    if not request.body:
        raise ValidationFailed.of(image, "required", "The body must be an image")
    return store_image(request.account, image, request.body, request.principal).to_document()
