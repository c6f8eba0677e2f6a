"""The form of a phone."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interfaces.pages import choices
from apps.interfaces.pages.document_form import DocumentForm, Group
from apps.interfaces.pages.phones import DEVICE_TYPES
from apps.pbx.devices.documents import DeviceDocument

CODECS = ("OPUS", "G722", "PCMU", "PCMA", "G729", "GSM")


class DeviceForm(DocumentForm):
    shape = DeviceDocument
    paths = {
        "sip_username": "sip.username",
        "sip_password": "sip.password",
        "codecs": "media.audio.codecs",
        "caller_id_name": "caller_id.external.name",
        "caller_id_number": "caller_id.external.number",
        "forward": "call_forward.enabled",
        "forward_number": "call_forward.number",
    }
    groups = (
        Group(_("Phone"), ("name", "device_type", "owner_id", "mac_address", "enabled")),
        Group(
            _("SIP account"),
            ("sip_username", "sip_password"),
            help=_("Left empty, a name and a strong password are made."),
        ),
        Group(_("Sound"), ("codecs",)),
        Group(_("Outside calls show"), ("caller_id_name", "caller_id_number")),
        Group(_("Forwarding"), ("forward", "forward_number")),
    )

    name = forms.CharField(label=_("Name"), max_length=128)
    device_type = forms.ChoiceField(label=_("Kind"), choices=list(DEVICE_TYPES.items()))
    owner_id = forms.ChoiceField(label=_("Person"), required=False)
    mac_address = forms.CharField(
        label=_("MAC address"), max_length=17, required=False, help_text=_("On the back of a desk phone.")
    )
    enabled = choices.switch(_("May register and call"), initial=True)
    sip_username = forms.CharField(label=_("SIP user"), max_length=32, required=False)
    sip_password = forms.CharField(
        label=_("SIP password"),
        min_length=5,
        max_length=32,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    codecs = forms.MultipleChoiceField(
        label=_("Codecs"),
        choices=[(codec, codec) for codec in CODECS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a choice the phone decides."),
    )
    caller_id_name = forms.CharField(label=_("Caller ID name"), max_length=35, required=False)
    caller_id_number = forms.CharField(label=_("Caller ID number"), max_length=35, required=False)
    forward = choices.switch(_("Forward calls"))
    forward_number = forms.CharField(label=_("Forward to"), max_length=35, required=False)

    def __init__(self, *arguments: Any, document: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*arguments, document=document, **options)
        choices.offer(self, "owner_id", choices.people(_("Nobody")))
        choices.offer(self, "device_type", list(DEVICE_TYPES.items()))
        choices.offer(self, "codecs", [(codec, codec) for codec in CODECS])
        if document:
            self.initial.pop("sip_password", None)
            self.fields["sip_password"].help_text = _("Leave it empty to keep the present one.")

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("forward") and not self.cleaned_data.get("forward_number"):
            self.add_error("forward_number", _("Say where to forward to."))
        return super().clean()
