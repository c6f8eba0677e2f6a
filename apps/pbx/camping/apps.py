from django.apps import AppConfig


class CampingConfig(AppConfig):
    name = "apps.pbx.camping"
    label = "camping"
    schema = "shared"
