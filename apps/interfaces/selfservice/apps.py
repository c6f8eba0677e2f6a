from django.apps import AppConfig


class SelfserviceConfig(AppConfig):
    name = "apps.interfaces.selfservice"
    label = "selfservice"
