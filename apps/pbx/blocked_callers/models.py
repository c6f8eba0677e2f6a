"""Who may not call an account: read with one query while a call is routed, before anything of the account is known."""

from __future__ import annotations

from django.db import models

#: Stands for every caller who hides his number. No number is written so.
ANONYMOUS = "anonymous"


class BlockedCaller(models.Model):
    """`number` in E.164, as typed where it is no phone number, or `ANONYMOUS`. Written with the blacklists."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.CharField(max_length=32)
    number = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "number"], name="blocked_callers_number")]

    def __str__(self) -> str:
        return self.number
