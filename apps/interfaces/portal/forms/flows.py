"""The form of a callflow's name and numbers; its steps have a form each."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interfaces.pages.document_form import DocumentForm
from apps.interfaces.portal.forms.lists import LinesField, WordsField
from apps.pbx.callflows.documents import CallflowDocument


class FlowForm(DocumentForm):
    shape = CallflowDocument

    name = forms.CharField(label=_("Name"), max_length=128)
    numbers = WordsField(
        label=_("Numbers"),
        required=False,
        help_text=_("Phone numbers and extensions, with commas between; “no_match” for all nothing else answers."),
    )
    patterns = LinesField(
        label=_("Patterns"),
        required=False,
        help_text=_("Regular expressions over what was dialled, one a line; tried where no number fits."),
    )
