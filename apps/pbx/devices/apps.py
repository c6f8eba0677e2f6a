from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "apps.pbx.devices"
    label = "devices"
    schema = "tenant"
