from django.apps import AppConfig


class EndpointsConfig(AppConfig):
    name = "apps.pbx.endpoints"
    label = "endpoints"
