from django.apps import AppConfig


class ConferencesConfig(AppConfig):
    name = "apps.pbx.conferences"
    label = "conferences"
    schema = "tenant"

    def ready(self) -> None:
        from apps.pbx.callflows.references import register_names
        from apps.pbx.conferences import names  # noqa: F401 - registers what is done when a call is over

        register_names("conference", "conferences.Conference")
