"""Whether the ids a document names are there: users, devices and groups of the scope's account."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.foundation.crossbar.errors import ValidationFailed
from apps.pbx.devices.models import Device
from apps.pbx.groups.models import Group
from apps.pbx.users.models import User

_MODELS = {"device": Device, "user": User, "group": Group}
_KINDS = {"device": gettext_lazy("device"), "user": gettext_lazy("user"), "group": gettext_lazy("group")}


def refuse_unknown(members: Mapping[str, tuple[str, str]], known: Iterable[tuple[str, str]] = ()) -> None:
    """`members` maps the dotted path of an id to (type, id). One query for each type.

    Those in `known` (what the document named before) pass unseen: somebody may have been deleted meanwhile, and that is
    no reason to refuse another change. Raises ValidationFailed.
    """
    asked = {path: member for path, member in members.items() if member not in set(known)}
    found: set[tuple[str, str]] = set()
    for kind, model in _MODELS.items():
        wanted = [identifier for type_, identifier in asked.values() if type_ == kind]
        if wanted:
            rows = model.objects.filter(id__in=wanted).values_list("id", flat=True)
            found |= {(kind, identifier) for identifier in rows}
    violations = {path: _not_found(*member) for path, member in asked.items() if member not in found}
    if violations:
        raise ValidationFailed(violations)


def _not_found(kind: str, identifier: str) -> dict[str, dict[str, str]]:
    message = _("The account has no such %(kind)s") % {"kind": _KINDS[kind]}
    return {"not_found": {"message": message, "cause": identifier}}
