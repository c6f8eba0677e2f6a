from django.apps import AppConfig


class HardwareConfig(AppConfig):
    name = "apps.pbx.hardware"
    label = "hardware"
    schema = "shared"
