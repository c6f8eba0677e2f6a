from django.apps import AppConfig


class DirectoriesConfig(AppConfig):
    name = "apps.pbx.directories"
    label = "directories"
    schema = "tenant"
