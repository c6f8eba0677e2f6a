"""The form of a carrier: one gateway of a resource. Further gateways stay as they are."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.commerce.carriers.documents import CarrierDocument
from apps.interfaces.pages import choices
from apps.interfaces.pages.document_form import DocumentForm, Group
from apps.interfaces.portal.forms.lists import LinesField, WordsField

#: Fields of the first gateway, with the document's name for each.
GATEWAY = {
    "server": "server",
    "port": "port",
    "username": "username",
    "password": "password",
    "number_prefix": "prefix",
}


class CarrierForm(DocumentForm):
    shape = CarrierDocument
    aside = tuple(GATEWAY)
    groups = (
        Group(_("Carrier"), ("name", "enabled", "weight_cost", "emergency")),
        Group(_("Gateway"), tuple(GATEWAY), help=_("Where calls are sent. Without a username the address is enough.")),
        Group(_("Which calls"), ("rules", "inbound_networks", "flags")),
    )

    name = forms.CharField(label=_("Name"), max_length=128)
    enabled = choices.switch(_("Enabled"), initial=True)
    weight_cost = forms.IntegerField(
        label=_("Weight"), min_value=0, max_value=100, initial=50, help_text=_("The lowest that fits is tried first.")
    )
    emergency = choices.switch(_("Only for emergency calls"))
    server = forms.CharField(label=_("Server"), max_length=253, help_text=_("A host name or an address."))
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, required=False, initial=5060)
    username = forms.CharField(label=_("Username"), max_length=128, required=False)
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Leave it empty to keep the present one."),
    )
    number_prefix = forms.CharField(
        label=_("Prefix"), max_length=32, required=False, help_text=_("Put in front of every number sent out.")
    )
    rules = LinesField(
        label=_("Rules"),
        initial=[r"^\+?1?(\d{10})$"],
        help_text=_("Regular expressions over the number in E.164, one a line; the first group is what is sent."),
    )
    inbound_networks = LinesField(
        label=_("Networks its calls come from"),
        required=False,
        help_text=_("Besides the gateway itself, one a line, for example 192.0.2.0/24."),
    )
    flags = WordsField(label=_("Flags"), required=False)

    def __init__(self, *arguments: Any, document: Mapping[str, Any] | None = None, **options: Any) -> None:
        first = ((document or {}).get("gateways") or [{}])[0]
        initial = {name: first[key] for name, key in GATEWAY.items() if first.get(key) and name != "password"}
        super().__init__(*arguments, document=document, initial=initial | options.pop("initial", {}), **options)

    def merged(self) -> dict[str, Any]:
        document = super().merged()
        gateways = [dict(gateway) for gateway in self.document.get("gateways") or [{}]]
        for name, key in GATEWAY.items():
            value = self.cleaned_data.get(name)
            if value in (None, ""):
                if name != "password":
                    gateways[0].pop(key, None)
            else:
                gateways[0][key] = value
        gateways[0].setdefault("enabled", True)
        return document | {"gateways": gateways}

    def _field_at(self, path: str) -> str | None:
        key = path.removeprefix("gateways.0.")
        named = next((name for name, known in GATEWAY.items() if known == key), None)
        return named if key != path and named else super()._field_at(path)
