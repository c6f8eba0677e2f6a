from django.apps import AppConfig


class NumbersConfig(AppConfig):
    name = "apps.pbx.numbers"
    label = "numbers"
    schema = "shared"
