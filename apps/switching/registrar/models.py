"""Who may use SIP, where it can be reached now, and which addresses may send calls without a password.

A *credential* is a name and a secret inside a realm. A *registration* is one contact address a phone has announced
(RFC 3261 §10). A *trunk address* is a network a carrier or a customer's own PBX sends calls from. A *gateway* is a
carrier the switches register with.
"""

from typing import Any

from django.contrib.postgres.indexes import GistIndex
from django.db import models

from apps.foundation.kit.clock import now


class CidrField(models.CharField):  # type: ignore[type-arg]
    """A network (`192.0.2.0/24`) or one address, as PostgreSQL's cidr type."""

    def db_type(self, connection: Any) -> str:
        return "cidr"


class SipCredential(models.Model):
    """`a1_hash` is MD5(username:realm:password), RFC 2617 §3.2.2.2: the password itself is not here. `variables` are
    set on every call the phone makes (`account_id`, `authorizing_id`, `owner_id`, `effective_caller_id_number` …)."""

    id = models.BigAutoField(primary_key=True)
    realm = models.CharField(max_length=253)
    username = models.CharField(max_length=64)
    account_id = models.CharField(max_length=32, db_index=True)
    device_id = models.CharField(max_length=32, unique=True)
    owner_id = models.CharField(max_length=32, blank=True)
    a1_hash = models.CharField(max_length=32)
    enabled = models.BooleanField(default=True)
    variables: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict, blank=True)
    modified = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "username"], name="registrar_credential")]

    def __str__(self) -> str:
        return f"{self.username}@{self.realm}"


class Registration(models.Model):
    """`contact` is the URI to dial (`sip:1001@192.0.2.7:5060;transport=udp`), with the address the phone was seen at
    where it is behind NAT. `call_id` is the Call-ID of the REGISTERs that announced it."""

    id = models.BigAutoField(primary_key=True)
    realm = models.CharField(max_length=253)
    username = models.CharField(max_length=64)
    account_id = models.CharField(max_length=32, db_index=True)
    device_id = models.CharField(max_length=32, db_index=True)
    owner_id = models.CharField(max_length=32, blank=True)
    contact = models.CharField(max_length=1024)
    network_ip = models.CharField(max_length=45, blank=True)
    network_port = models.PositiveIntegerField(default=0)
    user_agent = models.CharField(max_length=255, blank=True)
    profile = models.CharField(max_length=64, blank=True)
    switch = models.CharField(max_length=64)
    call_id = models.CharField(max_length=255)
    registered = models.DateTimeField(default=now)
    expires = models.DateTimeField()

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "username", "contact"], name="registrar_contact")]
        indexes = [models.Index(fields=["switch", "expires"], name="registrar_switch_expires")]

    def __str__(self) -> str:
        return f"{self.username}@{self.realm} at {self.contact}"


class TrunkAddress(models.Model):
    """Calls from `network` are accepted on the external profile. `source_type` says what `source_id` is: a carrier's
    `resource` (calls to any number of the installation) or a customer's `trunk` (calls of that account)."""

    id = models.BigAutoField(primary_key=True)
    network = CidrField(max_length=43)
    account_id = models.CharField(max_length=32, db_index=True)
    source_type = models.CharField(max_length=16, default="resource")
    source_id = models.CharField(max_length=32, db_index=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "source_id"], name="registrar_trunk_address")]
        indexes = [GistIndex(fields=["network"], name="registrar_trunk_network", opclasses=["inet_ops"])]

    def __str__(self) -> str:
        return f"{self.network} of {self.source_type} {self.source_id}"


class Gateway(models.Model):
    """A carrier the switches register with. `proxy` is `host[:port]`; `name` is what a dial string calls it
    (`sofia/gateway/<name>/<number>`)."""

    name = models.CharField(primary_key=True, max_length=64)
    account_id = models.CharField(max_length=32, db_index=True)
    source_id = models.CharField(max_length=32, db_index=True)
    proxy = models.CharField(max_length=255)
    realm = models.CharField(max_length=253, blank=True)
    username = models.CharField(max_length=128, blank=True)
    password_encrypted = models.TextField(blank=True)
    register = models.BooleanField(default=True)
    expire_seconds = models.PositiveIntegerField(default=600)
    enabled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name
