from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "apps.switching.calls"
    label = "calls"
    schema = "shared"

    def ready(self) -> None:
        from apps.foundation.accounts import lifecycle
        from apps.switching.calls.suspension import suspend_account

        lifecycle.suspended.register(suspend_account)
