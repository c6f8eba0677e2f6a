"""What the verbs that reach into somebody else's call have in common: whose call, and who may."""

from __future__ import annotations

from pydantic import Field

from apps.pbx.callflows.registry import VerbData


class ApprovedData(VerbData):
    """The first of these that is set decides alone."""

    approved_device_id: str = Field(
        "", max_length=128, description="Only this device may.", json_schema_extra={"names": "device"}
    )
    approved_user_id: str = Field(
        "", max_length=128, description="Only this user may.", json_schema_extra={"names": "user"}
    )
    approved_group_id: str = Field(
        "", max_length=128, description="Only members of this group may.", json_schema_extra={"names": "group"}
    )


class ReachData(ApprovedData):
    """Whose call it is about; the first of these that is set counts."""

    device_id: str = Field(
        "", max_length=128, description="Calls of this device.", json_schema_extra={"names": "device"}
    )
    user_id: str = Field("", max_length=128, description="Calls of this user.", json_schema_extra={"names": "user"})
    group_id: str = Field(
        "", max_length=128, description="Calls of this group's members.", json_schema_extra={"names": "group"}
    )
