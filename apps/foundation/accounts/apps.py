from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.foundation.accounts"
    label = "accounts"
    schema = "shared"
