"""Call records that could not be taken in. Nothing a switch hands in is thrown away."""

from django.db import models

from apps.foundation.kit.clock import now


class RefusedRecord(models.Model):
    """`body` is what the switch posted, `problem` why it is no call record. Handing it in again after a repair removes
    it; the same leg refused twice is one row."""

    id = models.BigAutoField(primary_key=True)
    switch = models.CharField(max_length=64)
    call_id = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=255)
    body = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    received = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-received",)

    def __str__(self) -> str:
        return f"{self.switch} {self.call_id}: {self.problem}"
