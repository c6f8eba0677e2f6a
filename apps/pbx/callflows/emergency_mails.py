"""Telling people by mail that somebody called the emergency services: `e911.notification_contact_emails` of the number
that was shown to them. Where the caller is found is the address of the same number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.outbox import enqueue
from apps.foundation.kit.clock import now
from apps.foundation.kit.phone_numbers import for_display
from apps.pbx.callflows.emergency import EmergencyCall
from apps.pbx.numbers.answering import home_region
from apps.pbx.schedules.queries import zone_of


def tell_contacts(call: EmergencyCall) -> None:
    """Mail everybody the number names, in tasks, once this is committed."""
    from apps.pbx.callflows.tasks import mail_emergency_call

    told = {
        "name": call.caller_id_name,
        "number": call.caller_id_number,
        "dialled": call.dialled,
        "place": call.address,
        "denied": call.denied,
        "at": now().timestamp(),
    }
    for address in call.contacts:
        enqueue(mail_emergency_call, call.account_id, address, told)


def send_mail(address: str, call: Mapping[str, Any]) -> None:
    """Mail one person, in the account's scope. Raises OSError where no mail server is reached."""
    account = Account.objects.get(id=current_account_id())
    with translation.override(_known_language(account.language)):
        about = {
            **call,
            "account": account.name,
            "number": for_display(str(call["number"]), home_region(account)) or str(call["number"]),
            "at": datetime.fromtimestamp(float(call["at"]), UTC).astimezone(zone_of("")).replace(tzinfo=None),
        }
        mail = EmailMultiAlternatives(
            subject=_("Emergency call to %(number)s") % {"number": call["dialled"]},
            body=render_to_string("callflows/emergency_call.txt", about),
            to=[address],
            headers={"X-Priority": "1", "Importance": "high"},
        )
        mail.attach_alternative(render_to_string("callflows/emergency_call.html", about), "text/html")
        mail.send()


def _known_language(language: str) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    wanted = language.lower()
    return next((one for one in (wanted, wanted.partition("-")[0]) if one in known), settings.LANGUAGE_CODE)
