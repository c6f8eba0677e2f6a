"""Every test begins without mailboxes: rows of a tenant's schema are not flushed."""

import pytest

from apps.pbx.voicemail.models import Box, Message
from tests.pbx_office import Office, office

__all__ = ["office"]


@pytest.fixture(autouse=True)
def empty(office: Office) -> None:
    office.within(lambda: (Message.objects.all().delete(), Box.objects.all().delete()))
