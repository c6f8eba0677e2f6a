"""Every write of a user."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import Forbidden, ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.models import CredentialsRefused
from apps.foundation.identity.principal import Principal, Role
from apps.pbx.devices.actions import release_devices_of, rewrite_directory
from apps.pbx.devices.models import Device
from apps.pbx.lamps.actions import show_nothing, show_user
from apps.pbx.users.documents import OWN_FIELDS, UserDocument
from apps.pbx.users.models import User

#: What of a user is in the directory rows of his devices.
IN_DIRECTORY = ("enabled", "caller_id", "first_name", "last_name", "presence_id", "language")


@transaction.atomic
def create_user(document: dict[str, Any], principal: Principal) -> User:
    """Raises ValidationFailed: a username that is taken, a password without a username."""
    document = validated(UserDocument, document)
    document.pop("current_password", None)
    _refuse_hotdesk_id(document)
    _refuse_taken(document.get("username"))
    try:
        with transaction.atomic():
            user = create_document(User, document, principal)
            show_user(user)
            return user
    except CredentialsRefused as refused:
        raise _violation(refused) from None
    except IntegrityError:
        raise _taken(document.get("username")) from None


@transaction.atomic
def replace_user(user: User, document: dict[str, Any], principal: Principal) -> User:
    """Without `password` in the document the old one stays. Raises as `create_user`.

    A person without administrator's rights changes his own OWN_FIELDS only (else Forbidden), and gives his
    `current_password` to set another.
    """
    document = validated(UserDocument, document)
    current = document.pop("current_password", None)
    before = user.to_document()
    if principal.role is Role.USER:
        _refuse_overreach(user, document, current, principal)
    _refuse_hotdesk_id(document, user)
    _refuse_taken(document.get("username"), user)
    try:
        with transaction.atomic():
            replace_document(user, document, principal)
    except CredentialsRefused as refused:
        raise _violation(refused) from None
    except IntegrityError:
        raise _taken(document.get("username")) from None
    after = user.to_document()
    if any(before.get(field) != after.get(field) for field in IN_DIRECTORY):
        mine = Q(owner_id=user.id) | Q(logged_in__contains=[user.id])
        rewrite_directory(Device.objects.select_for_update().filter(mine))
    show_user(user)
    return user


@transaction.atomic
def delete_user(user: User, principal: Principal, *, hard: bool = False) -> User:
    """His devices stay and belong to nobody; his tokens stop at once."""
    release_devices_of(user.id, principal)
    show_nothing(user.account_id, user.id)
    return delete_document(user, principal, hard=hard)


def _refuse_overreach(user: User, document: dict[str, Any], current: str | None, principal: Principal) -> None:
    if principal.user_id != user.id:
        raise Forbidden(_("only an administrator changes other people"))
    stored = validated(UserDocument, user.to_document())
    fixed = UserDocument.model_fields.keys() - OWN_FIELDS
    changed = sorted(field for field in fixed if document.get(field) != stored.get(field))
    if changed:
        raise Forbidden(_("only an administrator changes %(fields)s") % {"fields": ", ".join(changed)})
    if "password" not in document:
        return
    if not current:
        raise ValidationFailed.of("current_password", "required", "Field is required but missing")
    if not user.check_plain(current):
        raise ValidationFailed.of("current_password", "invalid", _("This is not your password"))


def _refuse_taken(username: str | None, user: User | None = None) -> None:
    if username and User.objects.filter(username=username.strip().lower()).exclude(id=user.id if user else "").exists():
        raise _taken(username)


def _refuse_hotdesk_id(document: dict[str, Any], user: User | None = None) -> None:
    """Two people with one number could log in as one another."""
    number = (document.get("hotdesk") or {}).get("id")
    if number and User.objects.filter(document__hotdesk__id=number).exclude(id=user.id if user else "").exists():
        raise ValidationFailed.of("hotdesk.id", "unique", _("Another user has this hotdesk number"), cause=number)


def _taken(username: str | None) -> ValidationFailed:
    return ValidationFailed.of("username", "unique", _("Username must be unique"), cause=username)


def _violation(refused: CredentialsRefused) -> ValidationFailed:
    return ValidationFailed.of(refused.field, refused.rule, refused.message)
