"""What the limits of an account look like."""

from typing import Annotated

from pydantic import Field

from apps.foundation.documents.shape import Shape

Count = Annotated[int, Field(ge=0, le=100_000)]


class LimitsDocument(Shape):
    """How many calls an account may have at once. An absent limit is no limit."""

    calls: Count | None = Field(None, description="Calls of every kind, internal ones too.")
    resource_consuming_calls: Count | None = Field(None, description="Calls from and to carriers.")
    inbound_trunks: Count | None = Field(None, description="Calls from carriers.")
    outbound_trunks: Count | None = Field(None, description="Calls to carriers.")
    twoway_trunks: Count | None = Field(None, description="Further calls in either direction.")
    burst_trunks: Count | None = Field(None, description="Further calls for short peaks, in either direction.")
