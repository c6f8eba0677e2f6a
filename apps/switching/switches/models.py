"""A node is one FreeSWITCH process. Which nodes exist is configuration; how they are is written by their listener."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NodeState(models.TextChoices):
    UP = "up", _("connected")
    DOWN = "down", _("not connected")


class SwitchNode(models.Model):
    """`sessions_per_second` and `sessions_max` are the node's limits, `sessions` and `cpu_idle` (percent) its last
    heartbeat's figures; `problem` is why it is not connected."""

    name = models.CharField(primary_key=True, max_length=64)
    zone = models.CharField(max_length=64, blank=True)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=NodeState, default=NodeState.DOWN)
    problem = models.CharField(max_length=255, blank=True)
    is_lab = models.BooleanField(default=False)
    version = models.CharField(max_length=128, blank=True)
    core_uuid = models.CharField(max_length=36, blank=True)
    sessions = models.PositiveIntegerField(default=0)
    sessions_max = models.PositiveIntegerField(default=0)
    sessions_per_second = models.PositiveIntegerField(default=0)
    cpu_idle = models.FloatField(default=0.0)
    up_since = models.DateTimeField(null=True, blank=True)
    connected = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
