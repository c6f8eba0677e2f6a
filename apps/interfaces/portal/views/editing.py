"""What creating, editing and deleting have in common, whatever the noun."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.foundation.documents.models import Document
from apps.foundation.identity.web import WebRequest
from apps.interfaces.pages.document_form import DocumentForm
from apps.interfaces.pages.refusals import refusals_of
from apps.interfaces.portal.navigation import portal_page

T = TypeVar("T")
D = TypeVar("D", bound=Document)

#: A form that was refused: the page says why.
REFUSED = 400


def find(model: type[D], identifier: str) -> D:
    """A document of the scope's account. Raises Http404."""
    found: D | None = model.objects.filter(pk=identifier).first()
    if found is None:
        raise Http404
    return found


def edit_page(
    request: WebRequest,
    template: str,
    form: DocumentForm,
    *,
    save: Callable[[dict[str, Any]], T],
    done: Callable[[T], str],
    cancel_url: str,
    context: Mapping[str, Any] | None = None,
    told: str = "",
) -> HttpResponse:
    """Show a form; save a good one and go to where `done` says; show a refused one again."""
    if form.is_bound and form.is_valid():
        with form.refusing():
            result = save(form.merged())
            messages.success(request, told or _("Saved. It counts from the next call."))
            return redirect(done(result))
    shown = {"form": form, "field_groups": form.field_groups(), "cancel_url": cancel_url, **(context or {})}
    return portal_page(request, template, shown, status=REFUSED if form.errors else 200)


def delete_page(
    request: WebRequest,
    name: str,
    *,
    delete: Callable[[], object],
    done_url: str,
    cancel_url: str,
    consequences: Sequence[str] = (),
) -> HttpResponse:
    """Ask first; POST deletes."""
    if request.method == "POST":
        try:
            delete()
            messages.success(request, _("“%(name)s” was deleted.") % {"name": name})
            return redirect(done_url)
        except Exception as error:
            refusals = refusals_of(error)
            if refusals is None:
                raise
            for _path, text in refusals:
                messages.error(request, text)
            return redirect(cancel_url)
    shown = {
        "object_name": name,
        "delete_url": request.path,
        "cancel_url": cancel_url,
        "consequences": list(consequences),
    }
    return portal_page(request, "delete", shown)
