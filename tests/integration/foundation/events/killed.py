"""A process that is killed at one point between what it writes and what it tells. Run by `test_outbox`.

python -m tests.integration.foundation.events.killed <account id> <where>
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from apps.foundation.documents.events import DocumentChanged  # noqa: E402
from apps.foundation.events import outbox  # noqa: E402
from apps.foundation.events.outbox import enqueue  # noqa: E402
from apps.foundation.events.publishing import publish  # noqa: E402
from apps.foundation.events.tasks import forget  # noqa: E402


def killed(*_arguments: Any, **_named: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(account_id: str, where: str) -> None:
    if where == "before it tells":
        outbox.announce = killed  # type: ignore[assignment]
        outbox.begin = killed  # type: ignore[assignment]
    elif where == "before it deletes":
        outbox._delete = killed
    with transaction.atomic():
        publish(DocumentChanged(account_id, "doc_edited", "device", "d1"))
        enqueue(forget)
        if where == "before it commits":
            killed()
    raise SystemExit("nobody killed it")


if __name__ == "__main__":
    main(*sys.argv[1:])
