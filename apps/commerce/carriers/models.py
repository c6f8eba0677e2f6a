"""Carriers: the gateways calls leave through, and the addresses carriers' calls come from. KAZOO: a resource."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.foundation.documents.models import Document
from apps.foundation.kit.secrets import decrypt, encrypt


def secret_key(gateway: dict[str, Any]) -> str:
    return f"{gateway.get('username', '')}@{gateway.get('server', '')}"


class CarrierResource(Document):
    """`rules` are regular expressions over the dialled E.164 number: the first group is what the carrier is sent.

    A resource of the master account is *global*: every account of the cluster may use it. Lower `weight_cost` is tried
    first. Gateways are in `document["gateways"]`; their passwords are only in `gateway_secrets`, encrypted, keyed by
    `username@server`.
    """

    name = models.CharField(max_length=128)
    enabled = models.BooleanField(default=True)
    weight_cost = models.PositiveSmallIntegerField(default=50)
    emergency = models.BooleanField(default=False)
    rules: "ArrayField[list[str], list[str]]" = ArrayField(models.CharField(max_length=256), default=list, blank=True)
    flags: "ArrayField[list[str], list[str]]" = ArrayField(models.CharField(max_length=128), default=list, blank=True)
    gateway_secrets: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict, blank=True)

    document_columns: ClassVar[tuple[str, ...]] = ("name", "enabled", "weight_cost", "emergency", "rules", "flags")
    document_type = "resource"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "weight_cost"], name="carriers_weight")]

    def __str__(self) -> str:
        return self.name

    def apply_document(self, document: dict[str, Any]) -> Self:
        """Gateways' passwords are encrypted and kept nowhere else; without one a gateway keeps its old one."""
        kept: dict[str, str] = {}
        gateways = []
        for gateway in document.get("gateways", []):
            key, password = secret_key(gateway), gateway.get("password")
            if password:
                kept[key] = encrypt(password)
            elif key in self.gateway_secrets:
                kept[key] = self.gateway_secrets[key]
            gateways.append({name: value for name, value in gateway.items() if name != "password"})
        super().apply_document(document | {"gateways": gateways})
        self.gateway_secrets = kept
        return self

    def password_of(self, gateway: dict[str, Any]) -> str:
        """In plain text; empty where there is none. Raises SecretUnreadable."""
        stored = self.gateway_secrets.get(secret_key(gateway))
        return decrypt(stored) if stored else ""

    @property
    def gateways(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document.get("gateways") or []
        return found
