from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "apps.switching.calls"
    label = "calls"
    schema = "shared"
