from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    name = "apps.pbx.schedules"
    label = "schedules"
    schema = "tenant"
