from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.interfaces.portal"
    label = "portal"
