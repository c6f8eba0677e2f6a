from django.apps import AppConfig


class ClickToCallConfig(AppConfig):
    name = "apps.pbx.click_to_call"
    label = "click_to_call"
    schema = "tenant"
