from __future__ import annotations

from pydantic import Field

from apps.foundation.storage_plans.backend import Backend, BackendSettings


class LinkSettings(BackendSettings):
    """A handler that somebody else set up."""

    handler_id: str = Field(min_length=1, max_length=64, description="Its name in the other account's `attachments`.")
    account_id: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="Whose it is: an account above, which shares it. Empty: this one's."
    )
    plan_id: str | None = Field(None, pattern="^[0-9a-f]{32}$", description="The storage plan it is in.")


class Link(Backend):
    """Another handler: of this account, of a storage plan, or one that an account above shares (`shared`). Files are
    kept there, with that one's credentials and path. It is looked up when a file is written
    (`apps.foundation.storage_plans.queries`); nothing is ever kept in the link itself."""

    settings_shape = LinkSettings
