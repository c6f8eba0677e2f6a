from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.foundation.tenants"
    label = "tenants"
    schema = "shared"
