"""Music on hold: what the device says, else its user, else the account, else the music of the installation.

`music_on_hold.media_id` is a medium of the account (a sound, a text, a playlist), an http(s) URL, a tone or a silence.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import AccountUnknown, current_account_id
from apps.foundation.kit.ids import is_id
from apps.foundation.storage.queries import SERVED_BELOW, served_from
from apps.pbx.devices.models import Device
from apps.pbx.media.outside import NoSuchSound, outside_sound
from apps.pbx.media.queries import playable
from apps.pbx.users.models import User
from apps.switching.calls.goes import in_goes
from apps.switching.calls.port import Call

logger = logging.getLogger(__name__)
#: The file name of the installation's own music, below the switches' files.
MELODY = "melody.wav"
#: What the other end hears while this channel has put it on hold (FreeSWITCH's variable), and what the legs that are
#: rung for it play unless their own device or user chose something.
HOLD_MUSIC, ACCOUNT_HOLD_MUSIC = "hold_music", "account_hold_music"
Document = Mapping[str, Any]


async def music(call: Call, media_id: str = "") -> str:
    """What `Call.play(…, loops=0)` and `Call.wait` play for as long as somebody waits; `media_id` outdoes the
    settings (a queue's or a parking slot's own music). Never empty: music of the installation in the end."""
    try:
        return await in_account(call.account_id, music_for, call.authorizing_id, call.owner_id, media_id)
    except AccountUnknown:
        return default_music_url()


def music_for(authorizing_id: str, owner_id: str, media_id: str = "") -> str:
    """The same as `music`, inside the account's scope, for a device and its user."""
    if media_id and (found := music_reference(media_id)):
        return found
    account = Account.objects.only("document").get(id=current_account_id())
    return own_music(*_documents(authorizing_id, owner_id), account.document) or default_music_url()


def own_music(*documents: Document) -> str:
    """The reference of the first of these documents that names its music, nearest first. Empty where none does, or
    where what it names is not there. Runs in the account's scope."""
    for document in documents:
        if (named := named_music(document)) and (found := music_reference(named)):
            return found
    return ""


def hold_music(account: Account, authorizing_id: str, owner_id: str) -> dict[str, str]:
    """Channel variables of a caller: what those hear whom he puts on hold, and what the account's others play. Left out
    where nobody chose anything, for then the node's own music plays. Runs in the account's scope."""
    of_account = own_music(account.document)
    own = own_music(*_documents(authorizing_id, owner_id)) or of_account
    chosen = {HOLD_MUSIC: own, ACCOUNT_HOLD_MUSIC: of_account}
    return {name: reference for name, reference in chosen.items() if reference}


def references_of(documents: Iterable[Document]) -> dict[str, str]:
    """The reference of everything these documents name, by what they name. Runs in the account's scope."""
    named = {named_music(document) for document in documents} - {""}
    return {name: found for name in named if (found := music_reference(name))}


def named_music(document: Document) -> str:
    """`music_on_hold.media_id` of a device, user, group or account."""
    group = document.get("music_on_hold")
    named = group.get("media_id") if isinstance(group, Mapping) else None
    return named if isinstance(named, str) else ""


def music_reference(named: str) -> str:
    """The reference for a media id, URL, tone or silence; empty for anything else. Runs in the account's scope."""
    if is_id(named):
        # The switch plays it by itself, from a variable: what it can take at once.
        return in_goes(playable(named))[0]
    try:
        return outside_sound(named)
    except NoSuchSound:
        logger.warning("account %s: %r is no music", current_account_id(), named[:80])
        return ""


def default_music_url() -> str:
    """The music of the installation."""
    return f"{served_from()}{SERVED_BELOW}{MELODY}"


def _documents(authorizing_id: str, owner_id: str) -> list[Document]:
    """The caller's device and its user, as far as there are any."""
    device = Device.objects.filter(id=authorizing_id).only("document", "owner_id").first() if authorizing_id else None
    owner = owner_id or (device.owner_id if device is not None else "") or ""
    user = User.objects.filter(id=owner).only("document").first() if owner else None
    return [one.document for one in (device, user) if one is not None]
