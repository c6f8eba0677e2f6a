"""Live channels: one row per leg that exists on a switch now, written from the switches' events. Recorded files: one
row per file that lies on a switch and is to be fetched."""

from django.db import models

from apps.foundation.kit.clock import now


class ChannelState(models.TextChoices):
    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    HELD = "held"


class LiveChannel(models.Model):
    """`direction` is the leg's as the switch sees it: `inbound` came to the switch, `outbound` was made by it.
    `interaction_id` is shared by all legs of one conversation; `destination` is what was dialled."""

    uuid = models.CharField(primary_key=True, max_length=64)
    account_id = models.CharField(max_length=32, blank=True, db_index=True)
    switch = models.CharField(max_length=64, db_index=True)
    direction = models.CharField(max_length=8)
    call_kind = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=8, choices=ChannelState, default=ChannelState.RINGING)
    caller_id_name = models.CharField(max_length=128, blank=True)
    caller_id_number = models.CharField(max_length=64, blank=True)
    callee_id_name = models.CharField(max_length=128, blank=True)
    callee_id_number = models.CharField(max_length=64, blank=True)
    destination = models.CharField(max_length=128, blank=True)
    other_leg = models.CharField(max_length=64, blank=True)
    interaction_id = models.CharField(max_length=64, blank=True, db_index=True)
    authorizing_id = models.CharField(max_length=32, blank=True, db_index=True)
    authorizing_type = models.CharField(max_length=32, blank=True)
    owner_id = models.CharField(max_length=32, blank=True, db_index=True)
    callflow_id = models.CharField(max_length=32, blank=True)
    presence_id = models.CharField(max_length=255, blank=True)
    channel_name = models.CharField(max_length=255, blank=True)
    from_uri = models.CharField(max_length=255, blank=True)
    to_uri = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField()
    answered = models.DateTimeField(null=True, blank=True)
    bridged = models.DateTimeField(null=True, blank=True)

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("-created", "uuid")

    def __str__(self) -> str:
        return f"{self.caller_id_number} to {self.destination} ({self.uuid})"


class RecordedFile(models.Model):
    """What a switch recorded and we have not fetched yet: `path` on the node `switch`, for the account's stored file of
    the same id. The row goes when the file is here and is removed there.

    Shared, so that one query finds all that is awaited. `next_try` is when somebody may try (again); whoever does
    moves it first. Empty: it was given up, and stays to be seen.
    """

    id = models.CharField(primary_key=True, max_length=39)
    account_id = models.CharField(max_length=32, db_index=True)
    switch = models.CharField(max_length=64)
    path = models.CharField(max_length=1024)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(default=now)
    next_try = models.DateTimeField(default=now, null=True, blank=True, db_index=True)

    #: Rows go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("created", "id")

    def __str__(self) -> str:
        return f"{self.switch}:{self.path}"
