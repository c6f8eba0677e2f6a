from django.apps import AppConfig


class RegistrarConfig(AppConfig):
    name = "apps.switching.registrar"
    label = "registrar"
    schema = "shared"
