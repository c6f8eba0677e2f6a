"""Telling an account's administrators that a webhook was switched off."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.foundation.accounts.scope import current_account
from apps.foundation.identity.models import PrivilegeLevel
from apps.pbx.users.models import User
from apps.pbx.webhooks.models import Webhook

MOST_RECIPIENTS = 50


def administrators() -> list[tuple[str, str]]:
    """`(address, language)` of each of the account's, once; the language is empty for the account's."""
    people = User.objects.filter(priv_level=PrivilegeLevel.ADMIN, enabled=True).exclude(email=None).exclude(email="")
    found: dict[str, str] = {}
    for person in people.order_by("created")[:MOST_RECIPIENTS]:
        found.setdefault(str(person.email), str(person.document.get("language") or ""))
    return list(found.items())


def send_mail(hook_id: str, address: str, language: str) -> None:
    """Tell one person, in the account's scope. Raises OSError where no mail server is reached."""
    hook = Webhook.objects.filter(id=hook_id, enabled=False).first()
    if hook is None:
        return  # on again, or gone
    account = current_account()
    with translation.override(_known_language(language or account.language)):
        about = {"account": account.name, "name": hook.name, "uri": hook.uri, "reason": hook.disable_reason}
        mail = EmailMultiAlternatives(
            subject=_("Webhook switched off: %(name)s") % {"name": " ".join(hook.name.split())},
            body=render_to_string("webhooks/paused.txt", about),
            to=[address],
        )
        mail.attach_alternative(render_to_string("webhooks/paused.html", about), "text/html")
        mail.send()


def _known_language(language: str) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    wanted = language.lower()
    return next((one for one in (wanted, wanted.partition("-")[0]) if one in known), settings.LANGUAGE_CODE)
