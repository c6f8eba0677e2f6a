"""Lamps: what a phone's busy-lamp key shows about an extension, and whether messages wait.

A *lamp* is an extension (`presence_id`) of an account; its state is terminated, early or confirmed (RFC 4235 §3.7). No
row holds it: it follows from the live channels of the endpoints that light the lamp, from what was set by hand, and
from do-not-disturb. So it is right again whenever it is asked for, whatever was missed before.

An *endpoint* is the id of a device or user, as live channels carry it.
"""

from __future__ import annotations

from django.db import models

from apps.foundation.kit.clock import now


class LampState(models.TextChoices):
    """In the order in which one outdoes the other."""

    TERMINATED = "terminated"
    EARLY = "early"
    CONFIRMED = "confirmed"


class LampLine(models.Model):
    """Calls of the endpoint light the lamp. `source_id` is the document that says so: it replaces its own rows only."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.CharField(max_length=32, db_index=True)
    presence_id = models.CharField(max_length=128)
    endpoint_id = models.CharField(max_length=32, db_index=True)
    source_id = models.CharField(max_length=32, db_index=True)

    class Meta:
        ordering = ("presence_id", "id")
        constraints = [
            models.UniqueConstraint(fields=["source_id", "endpoint_id", "presence_id"], name="presence_line"),
        ]
        indexes = [models.Index(fields=["account_id", "presence_id"], name="presence_line_lamp")]

    def __str__(self) -> str:
        return f"{self.presence_id} of {self.endpoint_id}"


class LampMark(models.Model):
    """What was set without a call: by hand (`source` "set") or because a call is parked there ("slot"). A lamp that was
    set to terminated has no row."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.CharField(max_length=32, db_index=True)
    presence_id = models.CharField(max_length=128)
    source = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=LampState)
    since = models.DateTimeField(default=now)

    class Meta:
        ordering = ("presence_id", "source")
        constraints = [
            models.UniqueConstraint(fields=["account_id", "presence_id", "source"], name="presence_mark"),
        ]

    def __str__(self) -> str:
        return f"{self.presence_id} {self.state} ({self.source})"


class LampTold(models.Model):
    """What was last announced about a lamp that is lit: `presence.dialog` is told where the lamps differ from this, by
    whichever process sees it first. A lamp without a row was told to be dark, or never told of."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.CharField(max_length=32)
    presence_id = models.CharField(max_length=128)
    state = models.CharField(max_length=10, choices=LampState)
    call_id = models.CharField(max_length=64, blank=True)

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("presence_id",)
        constraints = [models.UniqueConstraint(fields=["account_id", "presence_id"], name="presence_told")]

    def __str__(self) -> str:
        return f"{self.presence_id} {self.state}"


class QuietEndpoint(models.Model):
    """There while do-not-disturb is on for the user or device."""

    endpoint_id = models.CharField(primary_key=True, max_length=32)
    account_id = models.CharField(max_length=32, db_index=True)

    def __str__(self) -> str:
        return self.endpoint_id


class MailboxCount(models.Model):
    """How many messages a mailbox holds. `number` is what is dialled for it; `owner_id` whose phones show it."""

    mailbox_id = models.CharField(primary_key=True, max_length=32)
    account_id = models.CharField(max_length=32, db_index=True)
    number = models.CharField(max_length=64, blank=True)
    owner_id = models.CharField(max_length=32, blank=True, db_index=True)
    new = models.PositiveIntegerField(default=0)
    saved = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.number}: {self.new} new, {self.saved} saved"


class Subscription(models.Model):
    """A phone watches a lamp (`event` dialog or presence) or its messages (message-summary), RFC 6665. `subscriber` is
    the phone's `user@realm`; `call_id` its SIP dialog."""

    id = models.BigAutoField(primary_key=True)
    switch = models.CharField(max_length=64)
    call_id = models.CharField(max_length=255)
    account_id = models.CharField(max_length=32, db_index=True)
    presence_id = models.CharField(max_length=128)
    event = models.CharField(max_length=32)
    subscriber = models.CharField(max_length=320)
    began = models.DateTimeField(default=now)
    expires = models.DateTimeField()

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("presence_id", "id")
        constraints = [models.UniqueConstraint(fields=["switch", "call_id"], name="presence_subscription_dialog")]

    def __str__(self) -> str:
        return f"{self.subscriber} watches {self.presence_id}"
