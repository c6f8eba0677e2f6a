from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "apps.foundation.documents"
    label = "documents"
