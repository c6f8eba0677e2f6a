from typing import ClassVar

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "apps.foundation.identity"
    label = "identity"
    schema: ClassVar[str] = "shared"
