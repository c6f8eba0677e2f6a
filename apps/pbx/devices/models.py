"""Phones and everything else that can be rung: SIP phones, softphones, gateways, and numbers calls are forwarded to."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.foundation.documents.models import Document
from apps.foundation.kit.secrets import decrypt, encrypt, random_password

#: Device types that are a number or an address and never register.
NEVER_REGISTER = ("cellphone", "landline", "sip_uri")


class Device(Document):
    """`owner_id` is the user whose device it is. The SIP name is in `document["sip"]["username"]`, and the directory
    (`apps.switching.registrar`) has one credential per device. The SIP password is only here, encrypted."""

    name = models.CharField(max_length=128)
    owner_id = models.CharField(max_length=32, null=True, blank=True, db_index=True)  # noqa: DJ001 - absent is not ""
    enabled = models.BooleanField(default=True)
    device_type = models.CharField(max_length=32, default="sip_device")
    #: Lower case with colons, as `hardware.PhoneHardware` has it for the whole cluster.
    mac_address = models.CharField(max_length=17, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    sip_password_encrypted = models.TextField(blank=True, default="")
    #: The ids of the users in `document["hotdesk"]["users"]`: those who made this phone theirs for a while.
    logged_in: "ArrayField[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=32), default=list, blank=True, editable=False
    )

    document_columns: ClassVar[tuple[str, ...]] = ("name", "owner_id", "enabled", "device_type", "mac_address")
    document_type = "device"

    class Meta(Document.Meta):
        indexes = [
            models.Index(fields=["account_id", "name"], name="devices_name"),
            models.Index(fields=["account_id"], condition=~models.Q(logged_in=[]), name="devices_hotdesked"),
        ]

    def __str__(self) -> str:
        return self.name

    def apply_document(self, document: dict[str, Any]) -> Self:
        """`sip.password` is encrypted and kept nowhere else; without one the old password stays, or one is made up."""
        sip = dict(document.get("sip") or {})
        password = sip.pop("password", None)
        super().apply_document(document | {"sip": sip})
        self.logged_in = list((self.document.get("hotdesk") or {}).get("users") or {})
        if password:
            self.sip_password_encrypted = encrypt(password)
        elif self.registers and not self.sip_password_encrypted:
            self.sip_password_encrypted = encrypt(random_password())
        return self

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Whose it is: everybody logged in to it, else its owner. The first of them stands on its calls."""
        return tuple(self.logged_in) or ((self.owner_id,) if self.owner_id else ())

    @property
    def registers(self) -> bool:
        """Whether it signs in with a name and a password."""
        return self.device_type not in NEVER_REGISTER and self.sip.get("method", "password") == "password"

    @property
    def sip(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.document.get("sip") or {}
        return settings

    @property
    def sip_username(self) -> str:
        return str(self.sip.get("username") or "")

    @property
    def sip_password(self) -> str:
        """In plain text; empty where the device has none. Raises SecretUnreadable."""
        return decrypt(self.sip_password_encrypted) if self.sip_password_encrypted else ""
