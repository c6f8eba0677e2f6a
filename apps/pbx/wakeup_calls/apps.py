from django.apps import AppConfig


class WakeupCallsConfig(AppConfig):
    name = "apps.pbx.wakeup_calls"
    label = "wakeup_calls"
    schema = "tenant"
