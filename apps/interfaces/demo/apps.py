from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "apps.interfaces.demo"
    label = "demo"
