from django.apps import AppConfig


class CrossbarConfig(AppConfig):
    name = "apps.foundation.crossbar"
    label = "crossbar"
