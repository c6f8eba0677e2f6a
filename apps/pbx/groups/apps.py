from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "apps.pbx.groups"
    label = "groups"
    schema = "tenant"
