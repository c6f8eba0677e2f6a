"""Signing in and choosing a new password."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interfaces.pages.choices import SHORTEST_PASSWORD


class LoginForm(forms.Form):
    account = forms.CharField(
        label=_("Account"),
        max_length=253,
        help_text=_("The name of your company, or its realm."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autocapitalize": "none", "autofocus": True}),
    )
    username = forms.CharField(
        label=_("Username"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class RecoveryForm(forms.Form):
    account = forms.CharField(
        label=_("Account"),
        max_length=253,
        help_text=_("The name of your company, or its realm."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autocapitalize": "none"}),
    )
    username = forms.CharField(
        label=_("Username"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        min_length=SHORTEST_PASSWORD,
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if "password" in entered and "again" in entered and entered["password"] != entered["again"]:
            self.add_error("again", _("The two passwords are not the same."))
        return entered
