"""Adding a phone number, and saying where it rings."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.foundation.kit.phone_numbers import NotANumber, for_display, to_e164
from apps.interfaces.pages import choices
from apps.interfaces.pages.document_form import DocumentForm


class NumberForm(DocumentForm):
    """`number` only while it is being added: it never changes. `offered` are the only ones the reader may take, None
    where he may bring new ones."""

    aside = ("number", "flow")

    number = forms.CharField(
        label=_("Number"), max_length=32, help_text=_("With its country code, for example +1 312 555 0100.")
    )
    flow = forms.ChoiceField(label=_("Call flow that answers it"), required=False)

    def __init__(
        self, *arguments: Any, new: bool, region: str, offered: Sequence[str] | None = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.region = region
        choices.offer(self, "flow", choices.flows(_("None: callers hear that it is out of service")))
        if not new:
            del self.fields["number"]
        elif offered is not None:
            self.fields["number"] = forms.ChoiceField(
                label=_("Number"),
                choices=[(number, for_display(number, region)) for number in offered],
                help_text="" if offered else _("Your provider has no numbers on offer at the moment."),
            )

    def clean_number(self) -> str:
        try:
            return str(to_e164(self.cleaned_data["number"], self.region))
        except NotANumber:
            raise forms.ValidationError(_("This is not a phone number.")) from None
