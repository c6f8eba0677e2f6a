"""How many calls an account may have at once."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.commerce.limits.documents import LimitsDocument
from apps.interfaces.pages.document_form import DocumentForm


class LimitsForm(DocumentForm):
    shape = LimitsDocument

    calls = forms.IntegerField(
        label=_("Calls at once"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=_("Of every kind. Empty: no limit."),
    )
    resource_consuming_calls = forms.IntegerField(
        label=_("Outside calls at once"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=_("Calls that use a carrier. Empty: no limit."),
    )
    inbound_trunks = forms.IntegerField(label=_("Inbound trunks"), min_value=0, max_value=100_000, required=False)
    outbound_trunks = forms.IntegerField(label=_("Outbound trunks"), min_value=0, max_value=100_000, required=False)
    burst_trunks = forms.IntegerField(
        label=_("Burst trunks"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=_("Further calls for short peaks."),
    )
    twoway_trunks = forms.IntegerField(label=_("Two-way trunks"), min_value=0, max_value=100_000, required=False)
