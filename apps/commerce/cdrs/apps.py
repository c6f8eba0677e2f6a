from django.apps import AppConfig


class CdrsConfig(AppConfig):
    name = "apps.commerce.cdrs"
    label = "cdrs"
    schema = "tenant"
