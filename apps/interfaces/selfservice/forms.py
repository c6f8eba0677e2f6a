"""What a person may change about himself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interfaces.pages import choices
from apps.interfaces.pages.document_form import DocumentForm, Group
from apps.pbx.users.documents import UserDocument


class ForwardingForm(DocumentForm):
    shape = UserDocument
    paths = {
        "do_not_disturb": "do_not_disturb.enabled",
        "forward": "call_forward.enabled",
        "number": "call_forward.number",
        "failover": "call_forward.failover",
        "keep_caller_id": "call_forward.keep_caller_id",
        "require_keypress": "call_forward.require_keypress",
    }
    groups = (
        Group(_("Do not disturb"), ("do_not_disturb",)),
        Group(_("Forwarding"), ("forward", "number", "failover", "keep_caller_id", "require_keypress")),
    )

    do_not_disturb = choices.switch(_("Do not disturb"), help_text=_("None of your phones rings."))
    forward = choices.switch(_("Forward my calls"))
    number = forms.CharField(
        label=_("Forward to"), max_length=35, required=False, help_text=_("A phone number or an extension.")
    )
    failover = choices.switch(_("Only when no phone of mine is registered"))
    keep_caller_id = choices.switch(_("Show the caller's own number"))
    require_keypress = choices.switch(
        _("Ask for a key"), help_text=_("Press a key to take the call, so that no voicemail takes it.")
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("forward") and not self.cleaned_data.get("number"):
            self.add_error("number", _("Say where to forward to."))
        return super().clean()


class ProfileForm(DocumentForm):
    shape = UserDocument
    aside = ("again",)
    groups = (
        Group(_("Language and time"), ("language", "timezone")),
        Group(
            _("Password"),
            ("current_password", "password", "again"),
            help=_("Leave these empty to keep your password. A new one signs you out everywhere else."),
        ),
    )

    language = forms.ChoiceField(label=_("Language"), choices=choices.LANGUAGES, required=False)
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)
    current_password = forms.CharField(
        label=_("Present password"),
        max_length=256,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        min_length=choices.SHORTEST_PASSWORD,
        max_length=256,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=256,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        choices.offer(self, "timezone", choices.time_zones(_("As the account")))
        choices.offer(self, "language", choices.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if entered.get("password", "") != entered.get("again", "") and not self.errors:
            self.add_error("again", _("The two passwords are not the same."))
        if entered.get("password") and not entered.get("current_password"):
            self.add_error("current_password", _("Say your present password."))
        return super().clean()
