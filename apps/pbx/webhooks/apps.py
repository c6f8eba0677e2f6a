from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.pbx.webhooks"
    label = "webhooks"
    schema = "shared"
