from django.apps import AppConfig


class LimitsConfig(AppConfig):
    name = "apps.commerce.limits"
    label = "limits"
    schema = "tenant"
