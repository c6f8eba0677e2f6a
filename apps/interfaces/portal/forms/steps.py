"""The form of a callflow's step, made from its verb's `Data`."""

from collections.abc import Callable, Mapping
from typing import Any

from annotated_types import Ge, Le, MaxLen
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from apps.interfaces.pages import choices
from apps.interfaces.pages.dotted import read_path, with_paths
from apps.interfaces.pages.refusals import shape_refusals
from apps.interfaces.portal.forms.lists import LinesField, WordsField
from apps.interfaces.portal.verbs import HIDDEN, humanised, key_help, label_of, literals, nested, unwrapped
from apps.pbx.callflows.registry import DEFAULT_CHILD, AnyVerb, read_data, verbs

#: Verbs whose `id` names one of the account's documents.
_OBJECTS: dict[str, Callable[..., choices.Choices]] = {
    "callflow": choices.flows,
    "device": choices.devices,
    "group": choices.groups,
    "user": choices.people,
}
_LONG_TEXT = 500


class EndpointsField(forms.MultipleChoiceField):
    """Members of a ring group, as `<type>:<id>`; delays of those that stay are kept by the form."""

    widget = forms.SelectMultiple(attrs={"size": 8})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [
                f"{item.get('endpoint_type')}:{item.get('id')}" if isinstance(item, Mapping) else item for item in value
            ]
        return value


class PairsField(LinesField):
    """`name: value`, one a line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{key}: {item}" for key, item in value.items()) if isinstance(value, Mapping) else value

    def to_python(self, value: Any) -> Any:
        pairs = {}
        for line in super().to_python(value):
            key, colon, text = line.partition(":")
            if not colon or not key.strip():
                raise forms.ValidationError(_("Write each as “name: value”."))
            pairs[key.strip()] = text.strip()
        return pairs


class StepForm(forms.Form):
    """`data()` is the step's new data. Keys the form does not show are kept."""

    def __init__(
        self,
        bound: Any,
        *,
        verb: AnyVerb,
        data: Mapping[str, Any] | None = None,
        adding_below: Mapping[str, Any] | None = None,
        choose: bool = False,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.verb, self.before = verb, dict(data or {})
        super().__init__(bound, initial=dict(initial or {}))
        if choose:
            self._choose_verb(adding_below)
        self.data_fields = list(_fields_of(verb, verb.Data))
        for path, field in self.data_fields:
            self.fields[_name(path)] = field
            value = read_path(self.before, path)
            if value is not None:
                self.initial.setdefault(_name(path), value)

    def _choose_verb(self, above: Mapping[str, Any] | None) -> None:
        self.fields["module"] = forms.ChoiceField(
            label=_("What happens"),
            choices=sorted([(name, label_of(name)) for name in verbs()], key=str),
        )
        known = verbs().get(str((above or {}).get("module", "")))
        taken = (above or {}).get("children") or {}
        if above is None or (known is not None and tuple(known.children) == (DEFAULT_CHILD,)):
            self.fields["key"] = forms.CharField(widget=forms.HiddenInput, initial=DEFAULT_CHILD, required=False)
            return
        self.fields["key"] = forms.CharField(
            label=_("When"),
            max_length=64,
            initial="" if DEFAULT_CHILD in taken else DEFAULT_CHILD,
            help_text=key_help(known) if known else "",
        )
        self.taken = set(taken)

    def clean_key(self) -> str:
        key = str(self.cleaned_data.get("key") or DEFAULT_CHILD).strip()
        if key in getattr(self, "taken", ()):
            raise forms.ValidationError(_("There is a step for this already."))
        return key

    def step_data(self) -> dict[str, Any]:
        entered = {path: self._stored(path, self.cleaned_data.get(_name(path))) for path, _field in self.data_fields}
        return with_paths(self.before, entered)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                read_data(self.verb, self.step_data())
            except ValidationError as error:
                for path, text in shape_refusals(error):
                    name = next((known for known in self.fields if path.replace(".", "__").startswith(known)), None)
                    self.add_error(name, text)
        return self.cleaned_data

    def _stored(self, path: str, value: Any) -> Any:
        if not isinstance(self.fields[_name(path)], EndpointsField):
            return value
        kept = {_member_key(item): item for item in self.before.get(path) or []}
        new = {key: {"endpoint_type": key.partition(":")[0], "id": key.partition(":")[2]} for key in value or []}
        return [item for key, item in kept.items() if key in new] + [new[key] for key in new if key not in kept]


def _member_key(member: Mapping[str, Any]) -> str:
    return f"{member.get('endpoint_type')}:{member.get('id')}"


def _name(path: str) -> str:
    return path.replace(".", "__")


def _fields_of(verb: AnyVerb, model: type[BaseModel], prefix: str = "") -> Any:
    for name, info in model.model_fields.items():
        if name in HIDDEN:
            continue
        inner = nested(info.annotation)
        if inner is not None:
            yield from _fields_of(verb, inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _field(verb, name, prefix, info)


def _field(verb: AnyVerb, name: str, prefix: str, info: FieldInfo) -> forms.Field:
    label = gettext(humanised(f"{prefix}{name}".replace(".", "_")))
    options: dict[str, Any] = {"label": label, "help_text": gettext(info.description or "") if info.description else ""}
    options["required"] = info.is_required()
    default = info.get_default(call_default_factory=True) if not info.is_required() else None
    if default not in (None, "", {}, []):
        options["initial"] = default
    plain, bounds = unwrapped(info.annotation), _bounds(info)
    if name == "id" and not prefix and verb.name in _OBJECTS:
        return forms.ChoiceField(**{**options, "required": True}, choices=_OBJECTS[verb.name]("…"))
    if literals(info.annotation):
        offered = [(word, gettext(humanised(word))) for word in literals(info.annotation)]
        return forms.ChoiceField(**options, choices=offered if default is not None else [("", "…"), *offered])
    if plain is bool:
        return forms.BooleanField(**{**options, "required": False})
    if plain is int:
        return forms.IntegerField(**options, min_value=bounds.get("ge"), max_value=bounds.get("le"))
    if name == "endpoints":
        return EndpointsField(**options, choices=choices.ringable())
    if getattr(plain, "__origin__", None) is list:
        return WordsField(**options)
    if getattr(plain, "__origin__", None) is dict:
        return PairsField(**options)
    longest = bounds.get("longest")
    text = forms.Textarea(attrs={"rows": 4}) if longest and _LONG_TEXT <= longest < 2000 else forms.TextInput()
    return forms.CharField(**options, max_length=longest, widget=text)


def _bounds(info: FieldInfo) -> dict[str, int]:
    found: dict[str, int] = {}
    for rule in info.metadata:
        if isinstance(rule, Ge):
            found["ge"] = int(str(rule.ge))
        elif isinstance(rule, Le):
            found["le"] = int(str(rule.le))
        elif isinstance(rule, MaxLen):
            found["longest"] = rule.max_length
    return found
