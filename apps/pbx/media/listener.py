"""Who listens, and so in which language, time zone and voice is spoken to them: the device, then its user, then the
account says so (KAZOO's order); the verb `language` outdoes them all for its call."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.devices.models import Device
from apps.pbx.media.languages import DEFAULT_LANGUAGE, is_spoken, normal, spoken_language
from apps.pbx.users.models import User

logger = logging.getLogger(__name__)
#: The channel variable the verb `language` sets.
SPOKEN_LANGUAGE = "spoken_language"


@dataclass(frozen=True, slots=True)
class Asking:
    """What the call knows: the device that was let in, its user, and a language chosen for the call. Each may be ""."""

    device_id: str = ""
    user_id: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """`tag` is the language as it was set (`es-mx`); `timezone` an IANA name; `voice` and `engine` empty for the
    installation's. `account_id` is whose own sounds are looked for, empty for nobody's."""

    tag: str = DEFAULT_LANGUAGE
    timezone: str = "UTC"
    voice: str = ""
    engine: str = ""
    account_id: str = ""

    @property
    def language(self) -> str:
        """One of `LANGUAGES`."""
        return spoken_language(self.tag)

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.timezone)


DEFAULT_LISTENER = Listener()


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name, UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        logger.warning("there is no time zone %r: UTC is used", name)
        return ZoneInfo("UTC")


def listener_of(asking: Asking) -> Listener:
    """Of a call of the scope's account. At most three queries."""
    account = Account.objects.only("language", "timezone", "document").get(id=current_account_id())
    speech = account.document.get("tts")
    speech = speech if isinstance(speech, dict) else {}
    return Listener(
        tag=asking.language or _own_language(asking) or account.language or DEFAULT_LANGUAGE,
        timezone=account.timezone or "UTC",
        voice=str(speech.get("voice") or ""),
        engine=str(speech.get("engine") or ""),
        account_id=account.id,
    )


def _own_language(asking: Asking) -> str:
    owner = asking.user_id
    if asking.device_id:
        device = Device.objects.filter(id=asking.device_id).only("document", "owner_id").first()
        if device is not None:
            if language := _language(device.document):
                return language
            owner = owner or device.owner_id or ""
    user = User.objects.filter(id=owner).only("document").first() if owner else None
    return _language(user.document) if user is not None else ""


def _language(document: dict[str, Any]) -> str:
    tag = document.get("language")
    return normal(tag) if isinstance(tag, str) and is_spoken(tag) else ""
