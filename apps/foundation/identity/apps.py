from typing import ClassVar

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "apps.foundation.identity"
    label = "identity"
    schema: ClassVar[str] = "shared"

    def ready(self) -> None:
        from apps.foundation.accounts import lifecycle
        from apps.foundation.identity.actions import renew_account_salt

        lifecycle.suspended.register(renew_account_salt)
