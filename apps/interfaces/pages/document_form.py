"""A form over a part of a document. What the form does not show stays in the document as it is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from pydantic import ValidationError

from apps.foundation.documents.shape import Shape
from apps.interfaces.pages.dotted import read_path, with_paths
from apps.interfaces.pages.refusals import Refusals, refusals_of, shape_refusals

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    title: Words
    names: tuple[str, ...]
    help: Words = ""


class DocumentForm(forms.Form):
    """`paths` says for a field which dotted path of the document it edits; without it the field's own name.

    Fields in `aside` are no part of the document. After `is_valid()`, `merged()` is the whole new document, checked
    against `shape`.
    """

    required_css_class = "required"
    shape: ClassVar[type[Shape] | None] = None
    paths: ClassVar[Mapping[str, str]] = {}
    aside: ClassVar[tuple[str, ...]] = ()
    groups: ClassVar[tuple[Group, ...]] = ()

    def __init__(
        self, data: Any = None, files: Any = None, *, document: Mapping[str, Any] | None = None, **options: Any
    ):
        self.document: Mapping[str, Any] = document or {}
        super().__init__(data, files, **options)
        for name in self.fields:
            if name in self.aside or name in self.initial:
                continue
            value = read_path(self.document, self.path_of(name))
            if value is not None:
                self.initial[name] = self.shown(name, value)

    def path_of(self, name: str) -> str:
        return self.paths.get(name, name)

    def shown(self, name: str, value: Any) -> Any:
        """A document's value as the field shows it; `stored` is the way back."""
        return value

    def stored(self, name: str, value: Any) -> Any:
        return value

    def merged(self) -> dict[str, Any]:
        """The document with what was entered."""
        values = {
            self.path_of(name): self.stored(name, value)
            for name, value in self.cleaned_data.items()
            if name not in self.aside
        }
        return with_paths(self.document, values)

    def clean(self) -> dict[str, Any]:
        if self.shape is not None and not self.errors:
            try:
                self.shape.model_validate(self.merged())
            except ValidationError as error:
                self.refuse(shape_refusals(error))
        return self.cleaned_data

    def refuse(self, refusals: Refusals) -> None:
        """Show what is wrong with the document at the fields that edit it, the rest above the form."""
        for path, text in refusals:
            name = self._field_at(path)
            self.add_error(name, text if name or not path else f"{path}: {text}")

    def _field_at(self, path: str) -> str | None:
        """The field that edits a path, or the option group or list around it."""
        by_path = {self.path_of(name): name for name in self.fields if name not in self.aside}
        found = by_path.get(path) or next((by_path[known] for known in by_path if path.startswith(f"{known}.")), None)
        return found or (path if path in self.fields else None)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """What an action refuses inside becomes this form's errors."""
        try:
            yield
        except Exception as error:
            refusals = refusals_of(error)
            if refusals is None:
                raise
            self.refuse(refusals)

    def field_groups(self) -> list[dict[str, Any]]:
        """The context `field_groups` of `base/form_fields.html`; fields without a group come last."""
        grouped = [
            {"title": group.title, "help": group.help, "fields": self._bound(group.names)} for group in self.groups
        ]
        rest = [name for name in self.fields if not any(name in group.names for group in self.groups)]
        shown = [group for group in grouped if group["fields"]]
        return shown + ([{"title": "", "help": "", "fields": self._bound(rest)}] if self._bound(rest) else [])

    def _bound(self, names: Any) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields and not self[name].is_hidden]
