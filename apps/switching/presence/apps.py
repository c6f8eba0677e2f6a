from django.apps import AppConfig


class PresenceConfig(AppConfig):
    name = "apps.switching.presence"
    label = "presence"
    schema = "shared"
