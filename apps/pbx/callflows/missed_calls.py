"""Telling people by mail about calls nobody answered, as the verb `missed_call_alert` noted while they came by."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.events.outbox import enqueue
from apps.foundation.kit.clock import now
from apps.foundation.kit.phone_numbers import for_display
from apps.pbx.callflows.ending import EndedCall, at_call_end
from apps.pbx.callflows.run import STARTED
from apps.pbx.numbers.answering import home_region
from apps.pbx.schedules.queries import zone_of
from apps.pbx.users.models import User

logger = logging.getLogger(__name__)
DUTY = "missed_call_alert"
MOST_RECIPIENTS = 50
#: Set on the call by whoever took a message.
MESSAGE_LEFT = "voicemail_message_left"


@at_call_end(DUTY)
def alert(ended: EndedCall, data: Mapping[str, Any]) -> None:
    """Mail a missed call's recipients, in a task."""
    if ended.was_bridged or ended.variables.get(MESSAGE_LEFT) == "true":
        return
    from apps.pbx.callflows.tasks import mail_missed_call

    started = ended.variables.get(STARTED, "")
    call = {
        "call_id": ended.call_id,
        "number": ended.caller_id.number,
        "name": ended.caller_id.name,
        "called": ended.destination,
        "at": int(started) / 1000 if started.isdigit() else now().timestamp(),
    }
    for address, language, zone in _people(data.get("recipients") or []):
        enqueue(mail_missed_call, ended.account_id, address, language, zone, call)


def send_mail(address: str, language: str, zone: str, call: Mapping[str, Any]) -> None:
    """Mail one person about one call, in the account's scope. Raises OSError where no mail server is reached."""
    account = Account.objects.get(id=current_account_id())
    region = home_region(account)
    with translation.override(_known_language(language or account.language)):
        about = {
            "account": account.name,
            "caller": call["name"],
            "number": for_display(str(call["number"]), region) or _("withheld"),
            "called": for_display(str(call["called"]), region),
            "at": datetime.fromtimestamp(float(call["at"]), UTC).astimezone(zone_of(zone)).replace(tzinfo=None),
        }
        who = " ".join(f"{about['caller'] or about['number']}".split())
        mail = EmailMultiAlternatives(
            subject=_("Missed call from %(caller)s") % {"caller": who},
            body=render_to_string("callflows/missed_call.txt", about),
            to=[address],
        )
        mail.attach_alternative(render_to_string("callflows/missed_call.html", about), "text/html")
        mail.send()


def _people(recipients: Iterable[Any]) -> list[tuple[str, str, str]]:
    """`(address, language, zone)` of each, once; language and zone empty for the account's."""
    named = [(str(kind), str(identifier)) for kind, identifier in recipients]
    users = User.objects.in_bulk([identifier for kind, identifier in named if kind == "user"])
    found: dict[str, tuple[str, str, str]] = {}
    for kind, identifier in named:
        user = users.get(identifier) if kind == "user" else None
        address = (user.email if user is not None else "") if kind == "user" else identifier
        if not address or not _is_address(str(address)):
            logger.info("a missed call is told to nobody by %s %s", kind, identifier)
            continue
        language = str(user.document.get("language") or "") if user is not None else ""
        found.setdefault(str(address), (str(address), language, str(user.timezone or "") if user else ""))
    return list(found.values())[:MOST_RECIPIENTS]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _known_language(language: str) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    wanted = language.lower()
    return next((one for one in (wanted, wanted.partition("-")[0]) if one in known), settings.LANGUAGE_CODE)
