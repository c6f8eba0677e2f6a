"""Registrations nobody renewed and no switch told the end of."""

from datetime import timedelta

from celery import shared_task

from apps.foundation.kit.clock import now
from apps.switching.registrar.models import Registration

#: FreeSWITCH tells of an expiry up to two minutes late; until then its own word is awaited.
GRACE = timedelta(minutes=10)


@shared_task(name="registrar.forget_expired")
def forget_expired() -> int:
    """Remove registrations that ran out a while ago, such as those of a node that is gone. Answers how many."""
    removed, _by_model = Registration.objects.filter(expires__lt=now() - GRACE).delete()
    return removed
