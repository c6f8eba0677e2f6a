from django.apps import AppConfig


class DirectoriesConfig(AppConfig):
    name = "apps.pbx.directories"
    label = "directories"
    schema = "tenant"

    def ready(self) -> None:
        from apps.pbx.callflows.references import register_names

        register_names("directory", "directories.Directory")
