from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.foundation.audit"
    label = "audit"
    schema = "tenant"
