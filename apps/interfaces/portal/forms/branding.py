"""The form of a reseller's brand."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.foundation.white_label.documents import WhiteLabelDocument
from apps.interfaces.pages.document_form import DocumentForm

#: The product's own colour, shown where none is chosen.
DEFAULT_COLOR = "#2563eb"


class BrandingForm(DocumentForm):
    shape = WhiteLabelDocument
    aside = ("logo",)

    company_name = forms.CharField(label=_("Name"), max_length=128, required=False)
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG, GIF or WebP, at most 1 MB. It is shown 28 pixels high."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )
    color = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        label=_("Colour"),
        required=False,
        widget=forms.TextInput(attrs={"type": "color"}),
        initial=DEFAULT_COLOR,
    )
    domain = forms.CharField(
        label=_("Domain"), max_length=253, required=False, help_text=_("The host name your customers open.")
    )
