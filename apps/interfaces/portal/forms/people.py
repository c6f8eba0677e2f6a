"""The form of a person."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interfaces.pages import choices
from apps.interfaces.pages.choices import SHORTEST_PASSWORD
from apps.interfaces.pages.document_form import DocumentForm, Group
from apps.pbx.users.documents import UserDocument


class PersonForm(DocumentForm):
    shape = UserDocument
    paths = {
        "caller_id_name": "caller_id.external.name",
        "caller_id_number": "caller_id.external.number",
        "do_not_disturb": "do_not_disturb.enabled",
        "forward": "call_forward.enabled",
        "forward_number": "call_forward.number",
        "forward_failover": "call_forward.failover",
        "forward_keep_caller_id": "call_forward.keep_caller_id",
        "forward_require_keypress": "call_forward.require_keypress",
    }
    groups = (
        Group(_("Person"), ("first_name", "last_name", "email", "extension")),
        Group(_("Signing in"), ("username", "password", "priv_level", "enabled")),
        Group(_("Outside calls show"), ("caller_id_name", "caller_id_number")),
        Group(
            _("Where calls go"),
            (
                "do_not_disturb",
                "forward",
                "forward_number",
                "forward_failover",
                "forward_keep_caller_id",
                "forward_require_keypress",
            ),
        ),
        Group(_("Language and time"), ("language", "timezone")),
    )
    aside = ("extension",)

    first_name = forms.CharField(label=_("First name"), max_length=128)
    last_name = forms.CharField(label=_("Last name"), max_length=128)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    extension = forms.RegexField(
        r"^[0-9*#]{2,15}$",
        label=_("Extension"),
        required=False,
        help_text=_("What colleagues dial, for example 1001. A call flow that rings this person is made."),
        error_messages={"invalid": _("Two to fifteen digits.")},
    )
    username = forms.CharField(
        label=_("Username"), max_length=254, required=False, help_text=_("Without one the person cannot sign in.")
    )
    password = forms.CharField(
        label=_("Password"),
        min_length=SHORTEST_PASSWORD,
        max_length=256,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    priv_level = forms.ChoiceField(label=_("Role"), choices=[("user", _("User")), ("admin", _("Administrator"))])
    enabled = choices.switch(_("May sign in and be rung"), initial=True)
    caller_id_name = forms.CharField(label=_("Caller ID name"), max_length=35, required=False)
    caller_id_number = forms.CharField(label=_("Caller ID number"), max_length=35, required=False)
    do_not_disturb = choices.switch(_("Do not disturb"), help_text=_("No phone of this person rings."))
    forward = choices.switch(_("Forward calls"))
    forward_number = forms.CharField(label=_("Forward to"), max_length=35, required=False)
    forward_failover = choices.switch(_("Only when no phone is registered"))
    forward_keep_caller_id = choices.switch(_("Show the caller's own number"))
    forward_require_keypress = choices.switch(
        _("Ask for a key"),
        help_text=_("Whoever answers presses a key to take the call, so that no voicemail takes it."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=choices.LANGUAGES, required=False)
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *arguments: Any, new: bool, document: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*arguments, document=document, **options)
        choices.offer(self, "timezone", choices.time_zones(_("As the account")))
        choices.offer(self, "language", choices.LANGUAGES)
        if not new:
            del self.fields["extension"]
            self.fields["password"].help_text = _("Leave it empty to keep the present one.")

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if entered.get("forward") and not entered.get("forward_number"):
            self.add_error("forward_number", _("Say where to forward to."))
        return super().clean()
