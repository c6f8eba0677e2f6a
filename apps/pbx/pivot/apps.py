from django.apps import AppConfig


class PivotConfig(AppConfig):
    name = "apps.pbx.pivot"
    label = "pivot"
    schema = "tenant"

    def ready(self) -> None:
        from apps.pbx.pivot import ended  # noqa: F401 - registers what is done when a call is over
