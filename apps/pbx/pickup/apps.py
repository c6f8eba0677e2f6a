from django.apps import AppConfig


class PickupConfig(AppConfig):
    name = "apps.pbx.pickup"
    label = "pickup"
