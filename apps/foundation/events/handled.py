"""What has been dealt with, so that it is not dealt with again when it comes again. Shared tables: needs no scope."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from apps.foundation.events.models import Handled
from apps.foundation.kit.clock import now

#: Nothing comes again later than this.
REMEMBERED = timedelta(days=7)
BATCH = 10_000


def first_time(reader: str, uid: str) -> bool:
    """Whether `uid` comes to this reader for the first time; noted by this very question, so ask it in the transaction
    that deals with it. One statement; two who ask at once wait for one another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.events_handled (reader, uid, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [reader, uid, now()],
        )
        return bool(cursor.rowcount == 1)


def was_handled(reader: str, uid: str) -> bool:
    """Whether this reader is done with it, for what is sent to the world outside and noted afterwards."""
    return Handled.objects.filter(reader=reader, uid=uid).exists()


def forget_handled() -> int:
    """Delete what nobody can bring again, by batches. O(rows deleted), by the index on `at`."""
    forgotten = 0
    while True:
        batch = Handled.objects.filter(at__lt=now() - REMEMBERED).order_by("at").values("id")[:BATCH]
        deleted, _by_model = Handled.objects.filter(id__in=batch).delete()
        forgotten += deleted
        if deleted < BATCH:
            return forgotten
