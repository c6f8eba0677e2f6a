"""Rooms: conferences that are going on now, and who is in them. Written from the switches' events."""

from __future__ import annotations

from django.db import models

from apps.foundation.kit.clock import now


class LiveRoom(models.Model):
    """A conference on a switch. `name` is the switch's: `<account id>-<conference id>`."""

    id = models.CharField(primary_key=True, max_length=200)
    name = models.CharField(max_length=128)
    account_id = models.CharField(max_length=32, db_index=True)
    conference_id = models.CharField(max_length=96, db_index=True)
    switch = models.CharField(max_length=64, db_index=True)
    uuid = models.CharField(max_length=64, blank=True)
    is_locked = models.BooleanField(default=False)
    #: The file being recorded, absolute on the node; empty for none.
    recording = models.CharField(max_length=1024, blank=True)
    began = models.DateTimeField(default=now)

    #: Rows come and go by themselves: not compared when an account is moved.
    volatile = True

    class Meta:
        ordering = ("began", "id")

    def __str__(self) -> str:
        return f"{self.name} on {self.switch}"


class LiveMember(models.Model):
    """A channel in a conference. `member_id` is its number there; `energy` what is taken for speech above."""

    uuid = models.CharField(primary_key=True, max_length=64)
    room_id = models.CharField(max_length=200, db_index=True)
    account_id = models.CharField(max_length=32, db_index=True)
    conference_id = models.CharField(max_length=96)
    switch = models.CharField(max_length=64)
    member_id = models.PositiveIntegerField()
    is_moderator = models.BooleanField(default=False)
    hears = models.BooleanField(default=True)
    speaks = models.BooleanField(default=True)
    talking = models.BooleanField(default=False)
    has_floor = models.BooleanField(default=False)
    energy = models.IntegerField(default=0)
    caller_id_name = models.CharField(max_length=128, blank=True)
    caller_id_number = models.CharField(max_length=64, blank=True)
    authorizing_id = models.CharField(max_length=32, blank=True)
    authorizing_type = models.CharField(max_length=32, blank=True)
    owner_id = models.CharField(max_length=32, blank=True)
    joined = models.DateTimeField(default=now)

    volatile = True

    class Meta:
        ordering = ("joined", "member_id")

    def __str__(self) -> str:
        return f"{self.member_id} ({self.caller_id_number}) in {self.conference_id}"
