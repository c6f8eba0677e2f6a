from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.pbx.users"
    label = "users"
    schema = "tenant"
