"""Which phone is whose: a desk phone asks for its configuration with nothing in hand but its MAC address, so an
address belongs to one device in the whole cluster."""

from django.db import models

from apps.foundation.kit.clock import now


class PhoneHardware(models.Model):
    """`mac_address` in lower case with colons. Written with the device, by `claim` and `release`."""

    mac_address = models.CharField(primary_key=True, max_length=17)
    account_id = models.CharField(max_length=32, db_index=True)
    device_id = models.CharField(max_length=32, unique=True)
    created = models.DateTimeField(default=now)

    class Meta:
        verbose_name_plural = "phone hardware"

    def __str__(self) -> str:
        return self.mac_address
