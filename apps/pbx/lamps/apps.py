from django.apps import AppConfig


class LampsConfig(AppConfig):
    name = "apps.pbx.lamps"
    label = "lamps"
