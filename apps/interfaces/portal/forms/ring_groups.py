"""The form of a ring group, with its members as a formset."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.interfaces.pages import choices
from apps.interfaces.pages.document_form import DocumentForm, Group
from apps.interfaces.portal.forms.lists import WordsField
from apps.pbx.ring_groups.documents import RingGroupDocument

STRATEGIES = {
    "simultaneous": _("All at once"),
    "single": _("One after another"),
    "weighted_random": _("In a random order"),
}
PREFIX = "members"


class MemberForm(forms.Form):
    member = forms.ChoiceField(label=_("Who"))
    delay = forms.IntegerField(label=_("Delay (s)"), min_value=0, max_value=300, initial=0)
    timeout = forms.IntegerField(label=_("Rings for (s)"), min_value=1, max_value=300, initial=20)
    weight = forms.IntegerField(required=False, min_value=1, max_value=100, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, ringable: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        offered: list[Any] = [("", "…"), *ringable]
        known = {key for _title, inner in ringable for key, _name in inner}
        present = str(self.initial.get("member") or "")
        if present and present not in known:
            offered.append((present, _("Somebody who was deleted")))
        choices.offer(self, "member", offered, keep=False)


class BaseMembers(forms.BaseFormSet):  # type: ignore[type-arg]
    ordering_widget = forms.HiddenInput
    deletion_widget = forms.HiddenInput

    def members(self) -> list[dict[str, Any]]:
        """The document's `members`, in order."""
        kept = [form.cleaned_data for form in self.ordered_forms if form.cleaned_data.get("member")]
        found = []
        for entered in kept:
            kind, _colon, identifier = entered["member"].partition(":")
            row = {"id": identifier, "type": kind, "delay": entered["delay"], "timeout": entered["timeout"]}
            found.append(row | ({"weight": entered["weight"]} if entered.get("weight") else {}))
        return found

    def clean(self) -> None:
        if not any(self.errors) and not self.members():
            raise forms.ValidationError(_("Add at least one member."))


def members_formset(data: Any, document: Mapping[str, Any] | None) -> BaseMembers:
    """The members of a document, or those entered; one empty row for a new ring group."""
    present: Sequence[Mapping[str, Any]] = (document or {}).get("members") or []
    initial = [
        {
            "member": f"{member.get('type')}:{member.get('id')}",
            "delay": member.get("delay", 0),
            "timeout": member.get("timeout", 20),
            "weight": member.get("weight"),
        }
        for member in present
    ]
    factory = forms.formset_factory(
        MemberForm,
        formset=BaseMembers,
        can_order=True,
        can_delete=True,
        extra=0 if initial else 1,
        max_num=1000,
        absolute_max=1100,
    )
    made: BaseMembers = factory(data, prefix=PREFIX, initial=initial, form_kwargs={"ringable": choices.ringable()})  # type: ignore[assignment]
    return made


class RingGroupForm(DocumentForm):
    """`members` are the formset's, put into the document by `with_members`."""

    paths = {}
    groups = (
        Group(_("Ring group"), ("name", "numbers")),
        Group(_("How it rings"), ("strategy", "timeout", "repeats", "ignore_forward", "fail_on_single_reject")),
    )

    name = forms.CharField(label=_("Name"), max_length=128)
    numbers = WordsField(
        label=_("Numbers"), help_text=_("Extensions and phone numbers that ring it, separated by commas.")
    )
    strategy = forms.ChoiceField(label=_("Rings"), choices=list(STRATEGIES.items()))
    timeout = forms.IntegerField(
        label=_("Time-out"), min_value=1, max_value=3600, initial=20, help_text=_("Seconds one round rings.")
    )
    repeats = forms.IntegerField(label=_("Rounds"), min_value=1, max_value=100, initial=1)
    ignore_forward = choices.switch(_("Do not follow members' call forwarding"), initial=True)
    fail_on_single_reject = choices.switch(_("End the round as soon as one member rejects"))

    def with_members(self, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return self.merged() | {"members": list(members)}

    def checked_with(self, members: BaseMembers) -> bool:
        """Whether form and members make a ring group; both show what is wrong."""
        from pydantic import ValidationError

        from apps.interfaces.pages.refusals import shape_refusals

        if not (self.is_valid() & members.is_valid()):
            return False
        try:
            RingGroupDocument.model_validate(self.with_members(members.members()))
        except ValidationError as error:
            self.refuse(shape_refusals(error))
        return not self.errors
