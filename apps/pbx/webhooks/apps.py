from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.pbx.webhooks"
    label = "webhooks"
    schema = "shared"

    def ready(self) -> None:
        from apps.pbx.webhooks import matching  # noqa: F401 - registers who is told of events
