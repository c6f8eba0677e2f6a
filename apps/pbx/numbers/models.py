"""Phone numbers: every E.164 number the installation has, whose it is, and what answers it.

The *inventory* of an account is the numbers that belong to it and are `available`: its customers may take them.
"""

from typing import Any, ClassVar

from django.db import models

from apps.foundation.kit.clock import now


class NumberState(models.TextChoices):
    """KAZOO's states. Only a number `in_service` or being ported in takes calls."""

    DISCOVERY = "discovery"
    AVAILABLE = "available"
    RESERVED = "reserved"
    IN_SERVICE = "in_service"
    PORT_IN = "port_in"
    PORT_OUT = "port_out"
    RELEASED = "released"
    AGING = "aging"
    DELETED = "deleted"


class PhoneNumber(models.Model):
    """`account_id` is the one account the number belongs to; `used_by` ("callflow" or empty) and `callflow_id` say what
    answers it. `reserve_history` are the accounts that reserved it, latest last."""

    #: States in which calls to the number are connected.
    ROUTABLE: ClassVar[tuple[str, ...]] = (NumberState.IN_SERVICE, NumberState.PORT_IN)
    #: States of numbers that an account holds, as opposed to having them on offer.
    HELD: ClassVar[tuple[str, ...]] = (
        NumberState.IN_SERVICE,
        NumberState.RESERVED,
        NumberState.PORT_IN,
        NumberState.PORT_OUT,
    )

    number = models.CharField(primary_key=True, max_length=16)
    account_id = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=NumberState)
    used_by = models.CharField(max_length=32, blank=True)
    callflow_id = models.CharField(max_length=32, blank=True, db_index=True)
    #: ISO 3166 alpha-2, empty for a number of no country (+800 …).
    country = models.CharField(max_length=2, blank=True)
    carrier_name = models.CharField(max_length=30, default="local")
    reserve_history: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list, blank=True)
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=now)
    modified = models.DateTimeField(default=now)

    class Meta:
        ordering = ("number",)
        constraints = [
            models.CheckConstraint(condition=models.Q(number__startswith="+"), name="numbers_e164"),
            models.CheckConstraint(condition=~models.Q(account_id=""), name="numbers_owned"),
        ]
        indexes = [models.Index(fields=["account_id", "state", "number"], name="numbers_account")]

    def __str__(self) -> str:
        return self.number
