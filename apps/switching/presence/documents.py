"""What a client says and reads about lamps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from apps.foundation.documents.shape import Shape
from apps.foundation.kit.clock import now, to_gregorian
from apps.switching.presence.models import Subscription


class PresenceAction(Shape):
    action: Literal["reset", "set"] = Field(
        description="`reset` forgets what was set and tells every phone anew; `set` lights the lamp."
    )
    state: Literal["early", "confirmed", "terminated"] | None = Field(
        None, description="How the lamp shows it: flashing, lit or dark. Needed to `set`."
    )

    @model_validator(mode="after")
    def _named(self) -> PresenceAction:
        if self.action == "set" and self.state is None:
            raise PydanticCustomError("required", str(_("Say which state to set")))
        return self


def subscriptions_document(rows: Iterable[Subscription]) -> dict[str, Any]:
    """crossbar's form: by extension, by kind of event, by Call-ID."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    moment = now()
    for row in rows:
        found[row.presence_id][row.event][row.call_id] = {
            "from": row.subscriber,
            "expires": max(0, int((row.expires - moment).total_seconds())),
            "stalker": row.switch,
            "timestamp": to_gregorian(row.began),
        }
    return {extension: dict(kinds) for extension, kinds in found.items()}
