"""The spool: records the switch could not hand in lie on its disk, and are handed in again from there."""

from __future__ import annotations

import logging
from pathlib import Path

from celery import shared_task

from apps.interfaces.freeswitch.refusals import take_in_now
from apps.switching.switches.configuration import LOCAL_NODE, cdr_spool
from kazoo.environment import environment

log = logging.getLogger(__name__)
BATCH = 500


@shared_task(name="freeswitch.repost_spool")
def repost_spool() -> int:
    """Hand in what lies in the spool of the node beside this installation."""
    return repost(cdr_spool(environment), LOCAL_NODE)


def repost(folder: Path, node: str) -> int:
    """Take in up to 500 spooled records, oldest first, and remove their files. Answers how many were removed.

    A record that cannot be read is kept in the table of refused ones; its file goes too. Raises OperationalError where
    the database is away: the rest stays for the next time.
    """
    if not folder.is_dir():
        return 0
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)[:BATCH]
    for file in files:
        take_in_now(file.read_bytes(), node, file.name.partition(".")[0].removeprefix("a_"))
        file.unlink(missing_ok=True)
    if files:
        log.info("%d call records of %s were taken in from its spool", len(files), node)
    return len(files)
