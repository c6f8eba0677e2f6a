"""The form of a customer: an account below the viewed one."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.foundation.accounts.documents import AccountDocument
from apps.interfaces.pages import choices
from apps.interfaces.pages.choices import SHORTEST_PASSWORD
from apps.interfaces.pages.document_form import DocumentForm, Group

#: Fields of the customer's first administrator, made with it.
ADMINISTRATOR = ("first_name", "last_name", "admin_email", "username", "password")


class CustomerForm(DocumentForm):
    shape = AccountDocument
    paths = {"caller_id_name": "caller_id.external.name", "caller_id_number": "caller_id.external.number"}
    aside = (*ADMINISTRATOR, "is_reseller")
    groups = (
        Group(_("Account"), ("name", "realm", "is_reseller", "enabled")),
        Group(
            _("First administrator"), ADMINISTRATOR, help=_("May sign in at once. Leave it empty to add people later.")
        ),
        Group(_("Outside calls show"), ("caller_id_name", "caller_id_number")),
        Group(_("Language and time"), ("language", "timezone")),
    )

    name = forms.CharField(label=_("Name"), max_length=128)
    realm = forms.CharField(
        label=_("Realm"),
        max_length=253,
        required=False,
        help_text=_("The domain its phones register with. Left empty, one is made."),
    )
    is_reseller = choices.switch(
        _("Is a reseller"), help_text=_("Has customers of its own, its own brand and its own database schema.")
    )
    enabled = choices.switch(
        _("Enabled"), initial=True, help_text=_("Switched off, logins and calls of this account stop at once.")
    )
    first_name = forms.CharField(label=_("First name"), max_length=128, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=128, required=False)
    admin_email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    username = forms.CharField(label=_("Username"), max_length=254, required=False)
    password = forms.CharField(
        label=_("Password"),
        min_length=SHORTEST_PASSWORD,
        max_length=256,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    caller_id_name = forms.CharField(label=_("Caller ID name"), max_length=35, required=False)
    caller_id_number = forms.CharField(label=_("Caller ID number"), max_length=35, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=choices.LANGUAGES[1:], required=False)
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(
        self,
        *arguments: Any,
        new: bool,
        may_promote: bool,
        document: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, document=document, **options)
        choices.offer(self, "timezone", choices.time_zones("UTC")[1:])
        choices.offer(self, "language", choices.LANGUAGES[1:])
        for name in () if new else ADMINISTRATOR:
            del self.fields[name]
        if not may_promote:
            del self.fields["is_reseller"]
        if new:
            del self.fields["enabled"]

    def clean(self) -> dict[str, Any]:
        if self.administrator() is not None:
            for name in ("first_name", "last_name", "username", "password"):
                if name in self.fields and not self.cleaned_data.get(name) and name not in self.errors:
                    self.add_error(name, _("This field is required."))
        return super().clean()

    def administrator(self) -> dict[str, Any] | None:
        """The document of the first administrator, None where none was entered."""
        entered = {name: self.cleaned_data.get(name) for name in ADMINISTRATOR if name in self.fields}
        if not any(entered.values()):
            return None
        given = {key: value for key, value in entered.items() if value}
        if "admin_email" in given:
            given["email"] = given.pop("admin_email")
        return given | {"priv_level": "admin"}
