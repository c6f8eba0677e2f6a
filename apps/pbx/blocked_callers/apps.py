from django.apps import AppConfig


class BlockedCallersConfig(AppConfig):
    name = "apps.pbx.blocked_callers"
    label = "blocked_callers"
    schema = "shared"
