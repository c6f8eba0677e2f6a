from django.apps import AppConfig


class CarriersConfig(AppConfig):
    name = "apps.commerce.carriers"
    label = "carriers"
    schema = "tenant"
