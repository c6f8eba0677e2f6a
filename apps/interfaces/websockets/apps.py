from django.apps import AppConfig


class WebsocketsConfig(AppConfig):
    name = "apps.interfaces.websockets"
    label = "websockets"
    schema = "shared"
