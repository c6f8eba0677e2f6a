from django.apps import AppConfig


class CallflowsConfig(AppConfig):
    name = "apps.pbx.callflows"
    label = "callflows"
    schema = "tenant"
