from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "apps.pbx.devices"
    label = "devices"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.accounts import lifecycle
        from apps.pbx.devices.actions import rewrite_account, suspend_account

        lifecycle.suspended.register(suspend_account)
        lifecycle.resumed.register(rewrite_account)
        lifecycle.changed.register(rewrite_account)
