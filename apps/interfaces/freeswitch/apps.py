from django.apps import AppConfig


class FreeswitchConfig(AppConfig):
    name = "apps.interfaces.freeswitch"
    label = "freeswitch"
    schema = "shared"
