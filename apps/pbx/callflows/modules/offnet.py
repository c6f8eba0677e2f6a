from __future__ import annotations

from apps.pbx.callflows.modules.resources import DialOut


class Offnet(DialOut):
    """Send the call out through the carriers: the old name of `resources`."""
