from django.apps import AppConfig


class ParkingConfig(AppConfig):
    name = "apps.pbx.parking"
    label = "parking"
    schema = "tenant"
