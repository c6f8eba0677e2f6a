from django.apps import AppConfig


class StoragePlansConfig(AppConfig):
    name = "apps.foundation.storage_plans"
    label = "storage_plans"
    schema = "shared"
