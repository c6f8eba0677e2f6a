from django.apps import AppConfig


class SwitchesConfig(AppConfig):
    name = "apps.switching.switches"
    label = "switches"
    schema = "shared"
