"""Choices several forms offer."""

from collections.abc import Iterable
from zoneinfo import available_timezones

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.models import Device
from apps.pbx.groups.models import Group
from apps.pbx.users.models import User

#: Shorter passwords are guessed in minutes (NIST SP 800-63B: at least 8).
SHORTEST_PASSWORD = 8

Choices = list[tuple[str, str | Promise]]

LANGUAGES: Choices = [
    ("", _("As the account")),
    ("en-us", _("English")),
    ("es-es", _("Spanish")),
    ("de-de", _("German")),
    ("fr-fr", _("French")),
]


def time_zones(empty: str | Promise) -> Choices:
    """IANA names of places, without the old aliases."""
    places = (
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
    )
    return [("", empty), ("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted(places))]


def people(empty: str | Promise | None = None) -> Choices:
    users = User.objects.order_by("first_name", "last_name")[:2000]
    return _with_empty(empty, ((user.id, user.full_name or user.username or user.id) for user in users))


def devices(empty: str | Promise | None = None) -> Choices:
    found = Device.objects.order_by("name").values_list("id", "name")[:2000]
    return _with_empty(empty, found)


def groups(empty: str | Promise | None = None) -> Choices:
    return _with_empty(empty, Group.objects.order_by("name").values_list("id", "name")[:2000])


def flows(empty: str | Promise | None = None) -> Choices:
    found = Callflow.objects.order_by("name", "id")[:2000]
    return _with_empty(empty, ((flow.id, str(flow)) for flow in found))


def ringable() -> list[tuple[str | Promise, Choices]]:
    """Everybody and everything a ring group may ring, as `<type>:<id>`, under headings."""
    kinds = ((_("People"), "user", people()), (_("Phones"), "device", devices()), (_("Groups"), "group", groups()))
    return [(title, [(f"{kind}:{key}", name) for key, name in found]) for title, kind, found in kinds if found]


def _with_empty(empty: str | Promise | None, found: Iterable[tuple[str, str]]) -> Choices:
    return ([] if empty is None else [("", empty)]) + list(found)


def switch(label: str | Promise, **options: object) -> forms.BooleanField:
    """A checkbox drawn as a switch."""
    return forms.BooleanField(label=label, required=False, **options)  # type: ignore[arg-type]


def with_present(offered: Choices, value: object) -> Choices:
    """The choices and, where a document holds something else, that too: saving must not change it."""
    if not value or str(value) in {key for key, _name in offered}:
        return offered
    return [*offered, (str(value), str(value))]


def offer(form: forms.Form, name: str, offered: object, *, keep: bool = True) -> None:
    """Give a form's select its choices. With `keep` what the document holds now is among them, whatever it is."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} offers no choices")
    present = form.initial.get(name)
    for value in present if isinstance(present, list) else [present]:
        offered = with_present(list(offered), value) if keep else offered  # type: ignore[call-overload]
    field.choices = offered  # type: ignore[assignment]
