"""A shape is the typed description of a document: one class from which come validation, defaults, the OpenAPI schema,
the `/v2/schemas` document and the form in the portal.

Typing is lax as in crossbar: `"1"` is an integer and `"true"` a boolean where the field says so. Fields a shape does
not know are kept.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    # Built with its first use, for no process uses them all. Pydantic does that under a lock from 2.14 on.
    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, str_strip_whitespace=False, defer_build=True)

    def as_document(self) -> dict[str, Any]:
        """JSON values, defaults filled in, keys without a value left out."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)
