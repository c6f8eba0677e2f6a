"""Mail a reset link; forget what is too old to matter."""

from datetime import timedelta

from celery import shared_task
from django.core.mail import EmailMessage
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from apps.foundation.accounts.models import Account
from apps.foundation.identity.models import Login, LoginAttempt, Recovery, RevokedToken
from apps.foundation.identity.recovery import LINK_LIFETIME, start_reset
from apps.foundation.kit.clock import now

#: How long an attempt to sign in is kept.
ATTEMPTS_KEPT = timedelta(days=31)


@shared_task(name="identity.mail_reset_link", autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_reset_link(named: dict[str, str], username: str, ui_url: str) -> int:
    """Mail everybody who fits; a retry mails a fresh link. Answers how many mails went out."""
    messages = [reset_mail(account, user, link) for account, user, link in start_reset(named, username, ui_url)]
    for message in messages:
        message.send()
    return len(messages)


@shared_task(name="identity.forget_old_entries")
def forget_old_entries() -> None:
    """Remove expired revocations and resets, and attempts older than a month."""
    RevokedToken.objects.filter(expires__lt=now()).delete()
    Recovery.objects.filter(expires__lt=now()).delete()
    LoginAttempt.objects.filter(created__lt=now() - ATTEMPTS_KEPT).delete()


def reset_mail(account: Account, user: Login, link: str) -> EmailMessage:
    """In the account's language, else in English. The template's first line is the subject."""
    context = {
        "account_name": account.name,
        "username": user.username,
        "link": link,
        "hours": int(LINK_LIFETIME.total_seconds()) // 3600,
    }
    try:
        template = get_template(f"identity/recovery/{account.language[:2].lower()}.txt")
    except TemplateDoesNotExist:
        template = get_template("identity/recovery/en.txt")
    subject, _line, body = template.render(context).partition("\n")
    return EmailMessage(subject=subject.strip(), body=body.lstrip("\n"), to=[user.email or ""])
