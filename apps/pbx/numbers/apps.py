from django.apps import AppConfig


class NumbersConfig(AppConfig):
    name = "apps.pbx.numbers"
    label = "numbers"
    schema = "shared"

    def ready(self) -> None:
        from apps.foundation.identity.queries import register_number_directory
        from apps.pbx.numbers.queries import owner_of

        register_number_directory(owner_of)
