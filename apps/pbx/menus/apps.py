from django.apps import AppConfig


class MenusConfig(AppConfig):
    name = "apps.pbx.menus"
    label = "menus"
    schema = "tenant"
