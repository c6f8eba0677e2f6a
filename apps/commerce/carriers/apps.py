from django.apps import AppConfig


class CarriersConfig(AppConfig):
    name = "apps.commerce.carriers"
    label = "carriers"
    schema = "tenant"

    def ready(self) -> None:
        from apps.commerce.carriers.actions import resume_account, suspend_account
        from apps.foundation.accounts import lifecycle

        lifecycle.suspended.register(suspend_account)
        lifecycle.resumed.register(resume_account)
