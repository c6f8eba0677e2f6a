"""What the keys of a phone do to messages. Inside `account_scope`; a box or a message that is gone is no error."""

from __future__ import annotations

from django.db import transaction

from apps.foundation.identity.principal import Principal
from apps.foundation.storage.models import FileKind, StoredFile
from apps.pbx.voicemail.message_actions import copy, put_into
from apps.pbx.voicemail.models import Box, in_month_of
from apps.switching.calls.files import keep_recorded


@transaction.atomic
def put(box_id: str, message_id: str, folder: str, principal: Principal) -> bool:
    """Into a folder."""
    box = Box.objects.filter(id=box_id).first()
    return box is not None and bool(put_into(box, [message_id], folder, principal))


@transaction.atomic
def forward(
    box_id: str, message_id: str, target_id: str, principal: Principal, *, introduction: str = "", switch: str = ""
) -> bool:
    """Copy a message to another mailbox; `introduction` is the path of what was recorded first on a switch."""
    message = in_month_of(message_id).filter(box_id=box_id).first()
    target = Box.objects.filter(id=target_id).first()
    if message is None or target is None:
        return False
    file: StoredFile | None = None
    if introduction:
        file = keep_recorded(FileKind.VOICEMAIL, introduction, switch=switch, name=f"for {target.mailbox}")
    copy(message, target, principal, introduction=file)
    return True
