"""Ring groups: numbers that ring several members. Each is backed by a callflow that is written with it."""

from django.db import models

from apps.foundation.documents.models import Document


class RingGroup(Document):
    """`callflow_id` is the callflow that answers the group's numbers; it lives and dies with the group."""

    name = models.CharField(max_length=128)
    callflow_id = models.CharField(max_length=32, db_index=True, editable=False)

    document_type = "ring_group"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="ring_groups_name")]

    def __str__(self) -> str:
        return self.name
